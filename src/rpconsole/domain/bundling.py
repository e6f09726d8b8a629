"""Cut work into pieces: commands into job bundles, files into transfer bundles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: srun refuses a multi-prog file over 60,000 bytes
SRUN_LIMIT_BYTES = 60_000

MIN_BUNDLE_BYTES = 4_000_000
MAX_BUNDLE_BYTES = 100_000_000
#: so many bundles a stream, so that all streams end together
BUNDLES_PER_STREAM = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class JobBundle:
    """Consecutive lines of a run's ``.config`` that one srun step takes."""

    #: number of the first line, from 1
    first: int
    lines: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of the lines as a file."""
        return sum(_line_bytes(line) for line in self.lines)

    def multi_prog(self, wrapper: str) -> str:
        """The multi-prog file: one tiny line, in which rank N makes the wrapper run the bundle's line N.

        srun cuts lines over 254 bytes before release 17.11 and understands no ``&&``, so the commands themselves cannot stand there.
        """
        last = len(self.lines) - 1
        return f"{f'0-{last}' if last else '0'} {wrapper} %t\n"


def job_bundles(lines: Sequence[str], *, limit_bytes: int = SRUN_LIMIT_BYTES) -> tuple[JobBundle, ...]:
    """Cut lines, in order, into files of at most ``limit_bytes``; a longer line stands alone."""
    bundles: list[JobBundle] = []
    start = size = 0
    for number, line in enumerate(lines):
        line_bytes = _line_bytes(line)
        if number > start and size + line_bytes > limit_bytes:
            bundles.append(JobBundle(first=start + 1, lines=tuple(lines[start:number])))
            start, size = number, 0
        size += line_bytes
    if lines:
        bundles.append(JobBundle(first=start + 1, lines=tuple(lines[start:])))
    return tuple(bundles)


def _line_bytes(line: str) -> int:
    return len(line.encode()) + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferBundle:
    """Files that travel in one stream, by their position in the list that was cut."""

    indexes: tuple[int, ...]
    size_bytes: int


def bundle_bytes_for(total_bytes: int, streams: int) -> int:
    """How big a bundle should be: ``clamp(total / (streams × 4), 4 MB, 100 MB)``."""
    return max(MIN_BUNDLE_BYTES, min(MAX_BUNDLE_BYTES, total_bytes // (max(streams, 1) * BUNDLES_PER_STREAM)))


def transfer_bundles(sizes_bytes: Iterable[int], streams: int) -> tuple[TransferBundle, ...]:
    """Pack files into bundles, largest first, to be handed to the streams as these fall free; a bigger file travels alone."""
    sizes = list(sizes_bytes)
    limit = bundle_bytes_for(sum(sizes), streams)
    bundles: list[TransferBundle] = []
    members: list[int] = []
    filled = 0
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index], index)):
        if members and filled + sizes[index] > limit:
            bundles.append(TransferBundle(indexes=tuple(members), size_bytes=filled))
            members, filled = [], 0
        members.append(index)
        filled += sizes[index]
    if members:
        bundles.append(TransferBundle(indexes=tuple(members), size_bytes=filled))
    return tuple(bundles)
