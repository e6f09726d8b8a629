"""The difference of two snapshots: only what changed crosses the socket."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rpconsole.domain.snapshot import Alert, Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotDelta:
    """How to get from the snapshot with sequence ``base`` to ``snapshot.sequence``."""

    base: int
    #: the later snapshot, in which ``runs`` are only the new and changed ones and ``alerts`` only the new ones
    snapshot: Snapshot
    #: runs that are no longer shown
    runs_gone: tuple[int, ...]
    #: how many of the oldest alerts are no longer shown
    alerts_gone: int


def delta_of(before: Snapshot, after: Snapshot) -> SnapshotDelta:
    """What changed between two snapshots."""
    known = {run.remote_id: run for run in before.runs}
    changed = tuple(run for run in after.runs if known.get(run.remote_id) != run)
    still = {run.remote_id for run in after.runs}
    alerts_gone = _alerts_gone(before.alerts, after.alerts)
    return SnapshotDelta(
        base=before.sequence,
        snapshot=replace(after, runs=changed, alerts=after.alerts[len(before.alerts) - alerts_gone :]),
        runs_gone=tuple(remote_id for remote_id in known if remote_id not in still),
        alerts_gone=alerts_gone,
    )


def apply_delta(before: Snapshot, delta: SnapshotDelta) -> Snapshot:
    """The later snapshot; ValueError when the delta builds on another one (then a fresh snapshot is needed)."""
    if delta.base != before.sequence:
        raise ValueError(f"the change builds on snapshot {delta.base}, not on {before.sequence}")
    if not delta.runs_gone and not delta.snapshot.runs:
        return replace(
            delta.snapshot, runs=before.runs, alerts=before.alerts[delta.alerts_gone :] + delta.snapshot.alerts
        )
    runs = {run.remote_id: run for run in before.runs}
    for gone in delta.runs_gone:
        runs.pop(gone, None)
    runs.update((run.remote_id, run) for run in delta.snapshot.runs)
    return replace(
        delta.snapshot,
        runs=tuple(runs[remote_id] for remote_id in sorted(runs)),
        alerts=before.alerts[delta.alerts_gone :] + delta.snapshot.alerts,
    )


def _alerts_gone(before: tuple[Alert, ...], after: tuple[Alert, ...]) -> int:
    """The fewest old alerts to drop so that the rest is how the new list begins."""
    return next(gone for gone in range(len(before) + 1) if before[gone:] == after[: len(before) - gone])
