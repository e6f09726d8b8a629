"""Why a front end, a queue, a component or a command stands where it stands, and what would move it, as sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rpconsole.console.format import clock, span
from rpconsole.console.text import foreign
from rpconsole.domain.snapshot import RunView, Snapshot
from rpconsole.domain.standstill import session_reasons

Row = Mapping[str, Any]
Lines = list[tuple[str, str]]

#: component state -> what it means, what moves it
_STATES = {
    "new": ("its run has not prepared it yet", "it goes on with its run"),
    "prep_done": ("it is prepared and waits for its run's job and products", "it goes on with its run"),
    "prep_fail": (
        "it could not be prepared",
        "mend what is missing, then R (revert: the next definition takes it) or B (re-bundle at once)",
    ),
    "fail": (
        "at least one of its products did not come home whole",
        "mend the cause, then R (revert: the next definition takes it) or B (re-bundle at once)",
    ),
    "pass": ("every product is at home and its results are in the database", "nothing: it is done"),
    "retry": (
        "it was reverted: it belongs to no run any more",
        "the next definition with its label takes it; an open define gate is all that it needs",
    ),
}
_COMMANDS = {
    "waiting": "it has not ended yet; it runs when a node is free for it",
    "pass": "it ended well and its products are whole",
    "retry": "its last attempt failed; the runner tries it again",
    "fail": "it failed and is not tried again in this job",
}


def sessions_why(snapshot: Snapshot, now: float) -> Lines:
    """Each front end, and why no session to it is open."""
    lines: Lines = []
    for view in snapshot.sessions:
        lines += _told(f"{foreign(view.host)}: {view.state}", session_reasons(view, now) or ("it is open",))
    return lines or [("no front end is configured: 'rpconsole doctor' says what is missing", "text")]


def queues_why(queues: Mapping[str, Sequence[str]]) -> Lines:
    """Each stage, and what the engine says holds its runs."""
    lines: Lines = []
    for stage, sentences in queues.items():
        lines += _told(foreign(stage), sentences or ("nothing holds its runs",))
    return lines


def _told(head: str, sentences: Iterable[str]) -> Lines:
    return [(head, "title"), *((f"  {foreign(one)}", "text") for one in sentences), ("", "text")]


def component_why(row: Row, failures: Sequence[Row], run: RunView | None) -> Lines:
    """Its state, its failures, what holds its run, what would move it."""
    state = str(row["state"])
    means, moves = _STATES.get(state, (f"its state is '{foreign(state)}', which this program does not know", ""))
    lines: Lines = [(f"component {row['stage_id']} is '{foreign(state)}': {means}", "text")]
    lines += [(f"{foreign(one['item'])}: {foreign(one['sentence'])}", "state-fault") for one in failures]
    if state in ("new", "prep_done") and run is not None:
        lines += [(f"its run: {foreign(sentence)}", "text") for sentence in run.why]
    return [*lines, ("", "text"), (f"what moves it: {moves}", "key")] if moves else lines


def command_why(row: Row) -> Lines:
    """How it ended, where, at what cost; the whole command line."""
    state = str(row["state"])
    lines: Lines = [(f"{foreign(state)}: {_COMMANDS.get(state, 'unknown')}", "text")]
    if row["sentence"]:
        lines.append((foreign(row["sentence"]), "state-fault"))
    if row["attempts"]:
        lines.append((_ending(row), "text"))
    if row["max_rss_kb"]:
        lines.append((f"memory at most {row['max_rss_kb'] / 1e6:.2f} GB", "text"))
    lines.append((f"log at the site: {foreign(row['log'] or 'none, it printed nothing')}", "text"))
    return [*lines, ("", "text"), ("the command", "title"), (foreign(row["command"]), "text")]


def _ending(row: Row) -> str:
    how = f"signal {row['signal']}" if row["signal"] else f"exit code {row['code']}"
    where = f" on {foreign(row['node'])}" if row["node"] else ""
    when = f" at {clock(row['start'], seconds=True)}" if row["start"] else ""
    took = f", took {span(row['wall_s'])}" if row["wall_s"] is not None else ""
    return f"attempt {row['attempts']}: {how}{where}{when}{took}"
