"""All runs in a few numbers, for who is shown only some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rpconsole.domain.haul import Way
from rpconsole.domain.ranges import Ranges
from rpconsole.domain.run import NETWORK_STEPS, Step
from rpconsole.domain.run_facts import component_counts, state_word
from rpconsole.domain.snapshot import RunView
from rpconsole.domain.stage import Stage

#: steps at which bytes flow
MOVING = (Step.SHIP, Step.RETRIEVE)
#: so many of the runs whose bytes flow are named
MOVING_NAMED = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueView:
    """One stage: its runs by the word of their state, its components that passed and failed."""

    stage: Stage
    runs: Mapping[str, int]
    passed: int
    failed: int
    #: runs whose components are not counted yet, and not in these numbers
    uncounted: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What is shown of all runs together."""

    #: stages that have a run
    queues: tuple[QueueView, ...]
    #: runs whose step needs a session
    held: int
    #: bytes that went to the site and came back, over all runs
    bytes_sent: int
    bytes_returned: int
    #: the first of those whose bytes flow
    moving: tuple[int, ...]
    #: bytes of what is on its way now that have not crossed yet
    left_out: int = 0
    left_in: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RunIndex:
    """What a client knows of the runs that are not in its window."""

    overview: Overview
    #: every run there is, ascending; None in a change: as before
    ids: Ranges | None
    #: the filter that this client named last, and the runs that pass it now; None in a change: as before
    filter: str = ""
    passing: Ranges | None = ()


def overview_of(runs: Sequence[RunView]) -> Overview:
    """Count everything once."""
    words: dict[Stage, Counter[str]] = {}
    components: dict[Stage, tuple[int, int]] = {}
    uncounted: Counter[Stage] = Counter()
    for run in runs:
        uncounted[run.stage] += run.components is None
        words.setdefault(run.stage, Counter())[state_word(run)] += 1
        passed, failed, _ = component_counts(run)
        before = components.get(run.stage, (0, 0))
        components[run.stage] = (before[0] + passed, before[1] + failed)
    return Overview(
        queues=tuple(
            QueueView(
                stage=stage,
                runs=dict(words[stage]),
                passed=components[stage][0],
                failed=components[stage][1],
                uncounted=uncounted[stage],
            )
            for stage in Stage
            if stage in words
        ),
        held=sum(run.step in NETWORK_STEPS for run in runs),
        bytes_sent=sum(run.bytes_sent for run in runs),
        bytes_returned=sum(run.bytes_returned for run in runs),
        left_out=_left(runs, Way.SEND),
        left_in=_left(runs, Way.FETCH),
        moving=_first(run.remote_id for run in runs if run.step in MOVING),
    )


def _left(runs: Iterable[RunView], way: Way) -> int:
    moves = (run.moving for run in runs if run.moving is not None and run.moving.way is way)
    return sum(max(0, move.bytes - move.bytes_done) for move in moves)


def _first(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(number for number, _ in zip(numbers, range(MOVING_NAMED), strict=False))
