"""Generated tables: what the code lists, with the words that it has for it."""

from __future__ import annotations

from rpconsole.domain.event import EVENTS
from rpconsole.practice.disturbing import ACTS
from rpconsole.practice.faults import KNOBS
from rpconsole.remote.serving import VERBS


def event_table() -> str:
    """Every event with its fields."""
    rows = [f"| `{event.__name__}` | {_sentence(event)} |" for event in EVENTS]
    return "\n".join(["| event | meaning |", "| --- | --- |", *rows])


def _sentence(described: type) -> str:
    return " ".join((described.__doc__ or "").split())


def helper_verb_table() -> str:
    """Every verb of the helper at the site, with its fields and its lane."""
    rows = [f"| `{name}` | {_names(verb.fields)} | {verb.lane} |" for name, verb in VERBS.items()]
    return "\n".join(["| verb | fields | lane |", "| --- | --- | --- |", *rows])


def _names(fields: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in fields) or "–"


def practice_fault_table() -> str:
    """Everything that can be done to the practice site, acts before knobs."""
    acts = [f"| `{name}` | – | {sentence} |" for name, (_, sentence) in ACTS.items()]
    knobs = [f"| `{name}` | {_names(values)} | {sentence} |" for name, (values, sentence) in KNOBS.items()]
    return "\n".join(["| fault | values | |", "| --- | --- | --- |", *acts, *knobs])
