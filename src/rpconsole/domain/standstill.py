"""Why a front end has no session and why a stage's queue does not move, with what would move it: sentences. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from rpconsole.domain.run import Step
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import RunView, Snapshot
from rpconsole.domain.stage import Stage

#: how many reasons of a queue are told before the rest is only counted
TOLD = 8
_NUMBER = re.compile(r"\d+")


def session_reasons(view: SessionView, now: float) -> tuple[str, ...]:
    """Why nothing goes over this front end, or may soon not; empty when all is well."""
    if view.state is SessionState.OPENING:
        return ("a login is under way: an answer to the site's prompt moves it",)
    if view.state in (SessionState.CLOSED, SessionState.LOST):
        return (view.sentence or "no session to it was opened yet", "'rpconsole login' (L) opens it")
    if view.state is SessionState.DRAINING:
        left = view.left_s(now)
        ends = "it ends soon" if left is None else f"it ends in {left / 60:.0f} min"
        return (f"{ends} and takes no work that would not fit: 'rpconsole login --renew' (K) opens a new one",)
    return (view.sentence,) if view.sentence else ()


def queue_reasons(stage: Stage, runs: Iterable[RunView], snapshot: Snapshot) -> tuple[str, ...]:
    """What holds the runs of a stage, each reason with how many it holds; empty when all of them move."""
    live = [run for run in runs if run.stage is stage and run.step is not Step.DONE]
    away = (snapshot.waits_for,) if snapshot.waits_for else ()
    return (*away, *(_held(live) if live else _unfed(stage, snapshot)))


def _held(live: list[RunView]) -> list[str]:
    """Sentences that differ in numbers alone are one reason."""
    counts: Counter[str] = Counter()
    first: dict[str, tuple[RunView, str]] = {}
    for run in live:
        sentence = "; ".join(run.why)
        if sentence:
            kind = _NUMBER.sub("#", sentence)
            counts[kind] += 1
            first.setdefault(kind, (run, sentence))
    told = [_told(count, *first[kind]) for kind, count in counts.most_common(TOLD)]
    rest = sum(counts.values()) - sum(count for _, count in counts.most_common(TOLD))
    return [*told, f"and {rest} more runs for other reasons"] if rest else told


def _told(count: int, run: RunView, sentence: str) -> str:
    if count == 1:
        return f"run {run.remote_id}: {sentence}"
    return f"{count:,} runs, the first is {run.remote_id}: {sentence}"


def _unfed(stage: Stage, snapshot: Snapshot) -> list[str]:
    """What would bring new runs: a definition, or the stage before."""
    feeds = ("define",) if stage is next(iter(Stage)) else ("define", "advance")
    shut = [gate.name for gate in snapshot.gates if gate.name in feeds and not gate.open]
    return [
        "no run of this stage is under way",
        *(f"the {name} gate is closed: 'rpconsole resume {name}' moves it" for name in shut),
        *([] if shut else [f"'rpconsole define --stage {stage} --label LABEL' makes one of what is registered for it"]),
    ]
