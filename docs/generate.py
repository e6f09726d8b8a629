"""Write the generated parts of the documentation anew: what stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from docs.console_pages import console_keys, console_renewal, console_screen, console_stale, console_words
from docs.reference import command_reference, message_table, remotetool_reference, verb_table
from docs.tables import event_table, helper_verb_table, practice_fault_table
from rpconsole.config import config_reference
from rpconsole.domain.machine import TABLE
from rpconsole.domain.run import FINAL_STEPS, STATE_OF_STEP, Step

DOCS = Path(__file__).parent
MARKED = re.compile(r"(<!-- begin ([a-z ]+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def state_diagram() -> str:
    """The run's steps and the events that move it, drawn from the transition table."""
    arrows: dict[tuple[Step, Step], list[str]] = {}
    for (step, event), move in TABLE.items():
        for to in move.to:
            if to is not step:
                arrows.setdefault((step, to), []).append(event.__name__)
    lines = ["```mermaid", "stateDiagram-v2", "  [*] --> prepare"]
    for (step, to), events in sorted(arrows.items(), key=lambda item: _place(item[0])):
        lines.append(f"  {step} --> {to}: {', '.join(sorted(set(events)))}")
    lines += [f"  {step} --> [*]" for step in Step if step is Step.DONE]
    return "\n".join([*lines, "```"])


def _place(pair: tuple[Step, Step]) -> tuple[int, int]:
    steps = list(Step)
    return steps.index(pair[0]), steps.index(pair[1])


def step_table() -> str:
    """Each step with the word that the database shows."""
    rows = [f"| `{step}` | `{STATE_OF_STEP[step]}` | {_kind(step)} |" for step in Step]
    return "\n".join(["| step | `remoteRun.state` | |", "| --- | --- | --- |", *rows])


def _kind(step: Step) -> str:
    if step in FINAL_STEPS:
        return "ended" if step is Step.DONE else "waits for a person"
    return "goes on by itself"


PARTS: dict[str, Callable[[], str]] = {
    "console screen": console_screen,
    "console stale": console_stale,
    "console renewal": console_renewal,
    "console keys": console_keys,
    "console words": console_words,
    "state diagram": state_diagram,
    "steps": step_table,
    "configuration": config_reference,
    "commands": command_reference,
    "remotetool": remotetool_reference,
    "messages": message_table,
    "verbs": verb_table,
    "events": event_table,
    "helper verbs": helper_verb_table,
    "practice faults": practice_fault_table,
}


def renewed(text: str) -> str:
    """The text with every generated part made anew."""
    return MARKED.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}\n{found[3]}", text)


def main() -> None:
    """Renew every page and picture in place."""
    from docs.pictures import write_pictures

    write_pictures()
    for page in sorted(DOCS.rglob("*.md")):
        before = page.read_text()
        after = renewed(before)
        if after != before:
            page.write_text(after)


if __name__ == "__main__":
    main()
