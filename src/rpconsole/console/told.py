"""What changed between two snapshots, one plain line each: for terminals that cannot draw and for screen readers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rpconsole.console.format import span
from rpconsole.console.text import foreign
from rpconsole.domain.run import Step
from rpconsole.domain.run_facts import component_counts, state_word
from rpconsole.domain.session import SessionView
from rpconsole.domain.snapshot import GateView, RunView, Snapshot


def told(before: Snapshot | None, after: Snapshot) -> list[str]:
    """Sessions, gates, runs, then what was said; the first snapshot is told whole."""
    lines = [*_sessions(before, after), *_gates(before, after), *_runs(before, after)]
    known = set(before.alerts) if before is not None else set()
    lines += [f"{alert.level}: {foreign(alert.sentence)}" for alert in after.alerts if alert not in known]
    return lines


def _sessions(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    known = {view.host: (view.state, view.ends_at) for view in before.sessions} if before is not None else {}
    for view in after.sessions:
        if known.get(view.host) != (view.state, view.ends_at):
            yield _session(view, after.at)


def _session(view: SessionView, now: float) -> str:
    left = view.left_s(now)
    why = f": {foreign(view.sentence)}" if view.sentence else ""
    return f"session {foreign(view.host)} {view.state}" + (f", ends in {span(left)}" if left is not None else why)


def _gates(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    known = {gate.name: gate.open for gate in before.gates} if before is not None else {}
    for gate in after.gates:
        # the first time only what is out of the ordinary is told
        if known.get(gate.name, True) != gate.open:
            yield _gate(gate)


def _gate(gate: GateView) -> str:
    by = f" by {foreign(gate.who)}" if gate.who else ""
    return f"gate {gate.name} {'open' if gate.open else 'CLOSED'}{by}"


def _runs(before: Snapshot | None, after: Snapshot) -> Iterator[str]:
    known = {run.remote_id: _facts(run) for run in before.runs} if before is not None else {}
    for run in after.runs:
        if known.get(run.remote_id) != _facts(run):
            yield _run(run)
    for gone in sorted(known.keys() - {run.remote_id for run in after.runs}):
        yield f"run {gone} is no longer shown"


def _facts(run: RunView) -> tuple[object, ...]:
    return run.state, run.step, run.job, run.tries, run.tasks_failed, run.why[:1] if state_word(run) == "fault" else ()


def _run(run: RunView) -> str:
    passed, failed, count = component_counts(run)
    job = f", job {foreign(run.job)}" if run.job else ""
    counts = f", {passed} of {count} components passed" if passed else ""
    bad = f", {failed} failed" if failed else ""
    why = f": {foreign(run.why[0])}" if run.why and run.step is not Step.DONE else ""
    return f"run {run.remote_id} {run.stage} {run.state}, {run.step}{job}{counts}{bad}{why}"
