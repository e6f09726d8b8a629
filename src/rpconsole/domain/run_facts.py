"""What a run is asked for by filters and sorting, the same in the engine's process and at a console."""

from __future__ import annotations

from collections.abc import Iterable

from rpconsole.domain.filters import Facts, Filter, sort_key
from rpconsole.domain.run import ComponentState, RunState, Step
from rpconsole.domain.snapshot import RunView

_WORD_OF_STEP = {
    Step.PREPARE: "new",
    Step.SHIP: "ship",
    Step.SUBMIT: "pend",
    Step.RECONCILE: "pend",
    Step.POLL: "run",
    Step.RETRIEVE: "ret",
    Step.APPLY: "ret",
    Step.ADVANCE: "full",
    Step.DONE: "full",
}
STATE_WORDS = ("new", "ship", "pend", "run", "ret", "auth", "fault", "full")
GOOD = (ComponentState.PASS,)
BAD = (ComponentState.FAIL, ComponentState.PREP_FAIL)
#: keys that a filter of runs can name
FILTER_KEYS = (
    *("run", "stage", "state", "job", "label", "why", "comps", "fail", "pass", "tries", "fault"),
    *("left", "age", "wall", "step"),
)
#: what runs can be sorted by: the columns of the table of runs
SORT_KEYS = ("run", "stage", "state", "job", "done", "age", "walltime", "tries", "label", "why")


def state_word(run: RunView) -> str:
    """The word, the same that the queues count under; ``fault`` = waits for a person."""
    if run.state is RunState.AUTH:
        return "auth"
    return _WORD_OF_STEP.get(run.step, "fault")


def component_counts(run: RunView) -> tuple[int, int, int]:
    """Passed, failed, all; zeros before they are counted."""
    counts = run.components or {}
    passed = sum(count for state, count in counts.items() if state in GOOD)
    failed = sum(count for state, count in counts.items() if state in BAD)
    return passed, failed, sum(counts.values())


def wall_left_s(run: RunView, now: float) -> float | None:
    """Seconds of the wall time that its job still has; None while none runs."""
    if run.step is not Step.POLL or run.started_at is None or not run.wall_s:
        return None
    return max(0.0, run.started_at + run.wall_s - now)


def run_facts(run: RunView, now: float) -> Facts:
    """A run by filter key and column; ``now`` in epoch seconds, ages in seconds."""
    passed, failed, count = component_counts(run)
    why, word, left = "; ".join(run.why), state_word(run), wall_left_s(run, now)
    return {
        **{"run": run.remote_id, "stage": str(run.stage), "state": word, "job": run.job or "", "why": why},
        **{"label": run.label, "pass": passed, "fail": failed, "tries": run.tries, "fault": run.fault},
        **{"done": passed / count if count else 0.0, "left": count - passed, "comps": count},
        "age": now - run.submitted_at if run.submitted_at is not None else None,
        **{"wall": left, "walltime": left, "step": str(run.step)},
        "text": f"{run.remote_id} {run.stage} {word} {run.state} {run.step} {run.job or ''} {run.label} {why}",
    }


def passing(runs: Iterable[RunView], filter: Filter, now: float) -> list[RunView]:
    """The runs that a filter lets through, in the order that they came in."""
    return [run for run in runs if not filter.terms or filter.passes(run_facts(run, now))]


def in_order(
    runs: Iterable[RunView], filter: Filter, by: str | None, now: float, *, backwards: bool = False
) -> list[int]:
    """The numbers of those that pass, sorted by a column; None = by arrival."""
    found = passing(runs, filter, now)
    if by is not None:
        found.sort(key=lambda run: sort_key(run_facts(run, now).get(by)), reverse=backwards)
    return [run.remote_id for run in found]
