"""What is done to runs, in the words of the dialog that asks before it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.console.format import BAD, counted
from rpconsole.console.text import foreign
from rpconsole.domain.snapshot import RunView

Sentence = tuple[str, str]

#: so many runs are named one by one
NAMED = 8

_TITLES = {"retry": "Try again", "resubmit": "Submit anew", "cancel": "Cancel", "revert": "Revert failed components of"}
_MEANS = {
    "retry": "A stopped run takes up the step where it stopped; a waiting one is tried at once. No job is submitted twice.",
    "resubmit": "The doubtful attempt is given up and a new one is submitted. Do this only if you know that no job of the old "
    "one is there: the site's queue and the run's output tell.",
    "cancel": "The scheduler is asked to end the job. What it has finished is still retrieved.",
    "revert": "The next definition of the stage takes these components into a new run.",
}


def order_title(verb: str, runs: Sequence[RunView]) -> str:
    """What is asked."""
    return f"{_TITLES[verb]} {counted(len(runs), 'run')}?"


def order_sentences(verb: str, runs: Sequence[RunView]) -> list[Sentence]:
    """Each run with what exactly is ordered for it, then what that means."""
    lines = [(_order(verb, run), "key") for run in runs[:NAMED]]
    if len(runs) > NAMED:
        lines.append(
            (f"… and {len(runs) - NAMED} more: {', '.join(str(run.remote_id) for run in runs[NAMED:])}", "key")
        )
    return [*lines, ("", "text"), (_MEANS[verb], "text")]


def _order(verb: str, run: RunView) -> str:
    head = f"{verb} run {run.remote_id}, {run.stage}, {foreign(run.label)}"
    match verb:
        case "cancel":
            job = (
                f"job {foreign(run.job)} at the site"
                if run.job
                else "no job is known: the run is ended before it has one"
            )
            return f"{head}: {job}"
        case "revert":
            failed = sum(count for state, count in run.components.items() if state in BAD)
            return f"{head}: remoteComponent.state fail, prep_fail -> retry, {counted(failed, 'row')}"
        case "resubmit":
            return f"{head}: a new attempt {run.attempts + 1}; attempt {run.attempts} had {foreign(run.job or 'no job id')}"
        case _:
            return f"{head}: from step {run.step}"
