"""Cut work into pieces: commands into job bundles, files into transfer bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: srun refuses a multi-prog file over 60,000 bytes
SRUN_LIMIT_BYTES = 60_000

MIN_BUNDLE_BYTES = 256_000
MAX_BUNDLE_BYTES = 100_000_000
#: a stream takes a quarter of its share of what is left, so that all streams end together
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


def bundle_bytes_for(left_bytes: int, streams: int) -> int:
    """How big the next transfer bundle should be, with so much left: ``clamp(left / (streams × 4), 256 kB, 100 MB)``.

    Streams stay open and the next bundle follows on the one before it, so a small one costs nothing; one that is as big as what
    a stream carries in a second would keep the last stream busy while the others are idle.
    """
    return max(MIN_BUNDLE_BYTES, min(MAX_BUNDLE_BYTES, left_bytes // (max(streams, 1) * BUNDLES_PER_STREAM)))
