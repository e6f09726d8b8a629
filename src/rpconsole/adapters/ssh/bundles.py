"""Cutting a transfer into bundles while it runs: large ones first, smaller ones the less is left, so that all streams end together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from rpconsole.domain.bundling import MAX_BUNDLE_BYTES, bundle_bytes_for
from rpconsole.ports.site import Shipment

MOST_BUNDLE_FILES = 1000


@dataclass(kw_only=True, slots=True)
class Bundle:
    """Files that go over one stream, one behind the other."""

    shipments: tuple[Shipment, ...]
    #: bytes of each, as far as they are known
    sizes: tuple[int, ...] = field(default=())
    #: how often it was begun and could not be finished
    failures: int = 0
    #: counts within a transfer, from 1
    number: int = 0

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(self.sizes)


class BundleQueue:
    """What of a transfer no stream has taken yet."""

    def __init__(self, sized: Iterable[tuple[Shipment, int]], *, most_bytes: int = MAX_BUNDLE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._files = deque(sorted(sized, key=lambda item: item[1], reverse=True))
        self._left = sum(size for _, size in self._files)
        #: begun once and not finished
        self._again: deque[Bundle] = deque()
        self._cut = 0

    def __bool__(self) -> bool:
        return bool(self._files or self._again)

    @property
    def left(self) -> int:
        """Bytes that no stream has, those of bundles that were put back too."""
        return self._left + sum(bundle.size for bundle in self._again)

    def put_back(self, bundle: Bundle) -> None:
        """What a stream could not finish; another takes it when the rest is under way."""
        self._again.append(bundle)

    def count(self, streams: int) -> int:
        """How many bundles there are at least, to know how many streams they are worth."""
        if not self._files:
            return len(self._again)
        limit = self._limit(streams)
        by_bytes = -(-self._left // limit)
        return len(self._again) + min(len(self._files), max(1, by_bytes, len(self._files) // MOST_BUNDLE_FILES))

    def _limit(self, streams: int) -> int:
        return min(self._most_bytes, bundle_bytes_for(self._left, streams))

    def take(self, streams: int) -> Bundle:
        """The next: a file that is as large as a bundle is one."""
        if not self._files:
            return self._again.popleft()
        limit = self._limit(streams)
        taken: list[tuple[Shipment, int]] = []
        size = 0
        while self._files and size < limit and len(taken) < MOST_BUNDLE_FILES:
            taken.append(self._files.popleft())
            size += taken[-1][1]
        self._left -= size
        self._cut += 1
        return Bundle(
            shipments=tuple(one for one, _ in taken), sizes=tuple(size for _, size in taken), number=self._cut
        )
