"""Data on the site's scratch: how full it is, when what later stages need will be purged, what waits for room. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rpconsole.domain.cost import COMMANDS_EACH
from rpconsole.domain.run import Run, Step
from rpconsole.domain.stage import Stage

DAY_S = 86400.0
#: what one command adds to scratch before it is measured: its own input and what it leaves there, by the survey's sizes
BYTES_EACH: Mapping[Stage, int] = {
    Stage.CHIP: 85_000_000,
    Stage.CAMERA: 60_000_000,
    Stage.WARP: 85_000_000,
    Stage.STACK: 300_000_000,
}
#: files that one command leaves for later stages, where that is the same for all
FILES_EACH: Mapping[Stage, int] = {Stage.CHIP: 4, Stage.WARP: 5}
#: how much more a command adds than those: chip's raw image is shipped
BESIDE: Mapping[Stage, float] = {Stage.CHIP: 85 / 60, Stage.WARP: 1.0}
#: steps at which a run will still add to scratch
_GROWING = (Step.SHIP, Step.SUBMIT, Step.RECONCILE, Step.POLL)


class PurgeClock(StrEnum):
    """Which of a file's times the site's purge goes by."""

    ACCESS = "access"
    CHANGE = "change"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScratchPolicy:
    """What is known of the site's scratch, and how careful we are."""

    #: None = nothing is said of a purge
    purge_days: float | None = None
    purge_by: PurgeClock = PurgeClock.ACCESS
    #: share of the room that new exposures may fill, what is under way counted in
    throttle: float = 0.85
    #: share beyond which nothing at all is prepared or shipped
    full: float = 0.97
    #: data that are purged within so many days go before labels' priorities
    risk_days: float = 3.0

    def purge_at(self, oldest: float | None) -> float | None:
        """When a file of this age may go."""
        return None if self.purge_days is None or oldest is None else oldest + self.purge_days * DAY_S


@dataclass(frozen=True, kw_only=True, slots=True)
class ScratchSettings:
    """The site's scratch: its rules, who knows its room, and how often it is looked at."""

    rules: ScratchPolicy = field(default_factory=ScratchPolicy)
    #: bytes that one command adds, before any was measured
    bytes_each: Mapping[Stage, int] = field(default_factory=lambda: BYTES_EACH)
    #: words of the site's own program; empty = the file system is asked
    quota_command: tuple[str, ...] = ()
    #: instead of the limit that is found; None = as found
    limit_bytes: int | None = None
    #: between two looks at the room
    look_s: float = 300.0
    #: between two looks at the files of one run
    relook_s: float = 6 * 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """How full scratch is."""

    used: int
    total: int
    #: epoch seconds of the look
    at: float
    #: who says so: quota, file system
    source: str

    @property
    def share(self) -> float:
        """From 0 (empty) to 1 (full); more where a soft quota is exceeded."""
        return self.used / self.total if self.total > 0 else 1.0


class HoldingState(StrEnum):
    """What is to become of a run's files at the site."""

    #: a later stage still reads them
    NEEDED = "needed"
    #: nobody will read them any more
    SPENT = "spent"
    #: removed by us
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """What one run has left on scratch for later stages."""

    remote_id: int
    stage: Stage
    label: str
    #: files, and the bytes that were measured of a part of them and reckoned for all
    files: int
    bytes: int = 0
    #: the oldest purge clock among the files that were looked at; None = not looked at yet
    oldest: float | None = None
    looked_at: float | None = None
    #: of the files that were looked at, so many were there and so many were not
    seen: int = 0
    missing: int = 0
    state: HoldingState = HoldingState.NEEDED

    def purge_at(self, policy: ScratchPolicy) -> float | None:
        """When the first of them may go; None for what nobody needs, or nobody knows."""
        return policy.purge_at(self.oldest) if self.state is HoldingState.NEEDED else None


def urgencies(
    feeding: Mapping[int, Iterable[int]], holdings: Mapping[int, Holding], policy: ScratchPolicy
) -> dict[int, float]:
    """run -> when the first of what it reads is purged; runs that read nothing of ours from scratch are left out."""
    found: dict[int, float] = {}
    for remote_id, sources in feeding.items():
        times = [holdings[source].purge_at(policy) for source in sources if source in holdings]
        known = [at for at in times if at is not None]
        if known:
            found[remote_id] = min(known)
    return found


def expected_bytes(run: Run, components: int, each: Mapping[Stage, float]) -> int:
    """What a run will add to scratch; ``each``: bytes of one command."""
    return int(each.get(run.stage, BYTES_EACH[run.stage]) * COMMANDS_EACH[run.stage] * components)


def bytes_each(holdings: Iterable[Holding]) -> dict[Stage, float]:
    """Bytes that one command of chip and warp adds, by what was measured of earlier runs, raw images counted in."""
    sums: dict[Stage, tuple[int, int]] = {}
    for holding in holdings:
        if holding.bytes > 0 and holding.stage in FILES_EACH:
            size, files = sums.get(holding.stage, (0, 0))
            sums[holding.stage] = (size + holding.bytes, files + holding.files)
    return {stage: size / files * FILES_EACH[stage] * BESIDE[stage] for stage, (size, files) in sums.items()}


def throttled(
    runs: Sequence[Run], room: Room | None, policy: ScratchPolicy, expected: Mapping[int, int]
) -> dict[int, str]:
    """run -> why it must wait for room. ``runs`` in the order in which they would start.

    New exposures wait while what is there, what is under way and they themselves would fill more than the throttle. Later stages
    read what is there and free it by ending, so only a full scratch stops them.
    """
    if room is None or room.total <= 0:
        return {}
    promised = sum(expected.get(run.remote_id, 0) for run in runs if run.step in _GROWING)
    waits: dict[int, str] = {}
    for run in runs:
        if run.step not in (Step.PREPARE, Step.SHIP):
            continue
        if room.share >= policy.full:
            waits[run.remote_id] = f"scratch is full: {_shown(room)}"
        elif run.step is Step.PREPARE and run.stage is Stage.CHIP:
            own = expected.get(run.remote_id)
            if own is None:
                waits[run.remote_id] = "how much room it takes on scratch is being reckoned"
            elif room.used + promised + own > policy.throttle * room.total:
                waits[run.remote_id] = _no_room(room, promised, own, policy)
            else:
                promised += own
    return waits


def _no_room(room: Room, promised: int, own: int, policy: ScratchPolicy) -> str:
    under_way = f", {size(promised)} are under way" if promised else ""
    limit = policy.throttle * room.total
    advice = "; it will never fit: define smaller runs" if own > limit else ""
    return f"scratch would overflow: {_shown(room)}{under_way}, and this run adds about {size(own)}{advice}"


def _shown(room: Room) -> str:
    return f"{size(room.used)} of {size(room.total)} are used ({room.share:.0%})"


def size(count: float) -> str:
    """Bytes as people say them, in powers of a thousand, as storage is sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def settled(holding: Holding, *, unspent: bool) -> Holding:
    """The holding with what its readers' states say."""
    if holding.state is HoldingState.REMOVED:
        return holding
    return replace(holding, state=HoldingState.NEEDED if unspent else HoldingState.SPENT)
