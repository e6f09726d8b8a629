"""What is done to runs, in the words of the dialog that asks before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rpconsole.console.format import counted
from rpconsole.console.text import foreign
from rpconsole.domain.snapshot import RunView

Sentence = tuple[str, str]
Preview = Mapping[str, Any]

#: so many runs are shown one by one
NAMED = 40

_TITLES = {
    "retry": "Try again",
    "resubmit": "Submit anew",
    "cancel": "Cancel",
    "revert": "Revert failed components of",
    "rebundle": "Re-bundle failed components of",
}
_MEANS = {
    "retry": "A stopped run takes up the step where it stopped; a waiting one is tried at once. No job is submitted twice.",
    "resubmit": "The doubtful attempt is given up and a new one is submitted. Do this only if you know that no job of the old "
    "one is there: D lays out the evidence.",
    "cancel": "The scheduler is asked to end the job. What it has finished is still retrieved.",
    "revert": "The next definition of the stage takes these components into a new run.",
    "rebundle": "The failed components go into a new run at once, with the same label and place.",
}


def order_title(verb: str, count: int) -> str:
    """What is asked."""
    return f"{_TITLES[verb]} {counted(count, 'run')}?"


def order_sentences(verb: str, previews: Sequence[Preview], runs: Mapping[int, RunView]) -> list[Sentence]:
    """Each run with the command lines and database rows that it comes to, then what that means."""
    fit = [one for one in previews if not one["refused"]]
    lines: list[Sentence] = [(_MEANS[verb], "text"), ("", "text")]
    for one in fit[:NAMED]:
        lines += _of_run(one, runs.get(one["remote_id"]))
    if len(fit) > NAMED:
        numbers = ", ".join(str(one["remote_id"]) for one in fit[NAMED:])
        lines.append((f"… and {len(fit) - NAMED} more: {numbers}", "key"))
    refused = [one for one in previews if one["refused"]]
    lines += [(f"left out: run {one['remote_id']}: {foreign(one['refused'])}", "alert") for one in refused[:NAMED]]
    return lines


def _of_run(preview: Preview, run: RunView | None) -> list[Sentence]:
    facts = f", {run.stage}, {foreign(run.label)}, {run.step}" if run is not None else ""
    lines: list[Sentence] = [(f"run {preview['remote_id']}{facts}", "title")]
    lines += [(f"  at the site: {foreign(command)}", "key") for command in preview["site"]]
    lines += [(f"  {foreign(row)}", "key") for row in preview["rows"]]
    return [*lines, (f"  then: {foreign(preview['then'])}", "text")]
