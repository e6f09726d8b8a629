"""What front ends allow one session, kept over restarts: found by trying, tried again at each login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rpconsole.domain.session import SessionView, front_end_of
from rpconsole.engine.world import Haulage

_TOPIC = "file streams to "


class KnownLimits:
    """One small object a front end in the books of the site; nothing is kept where there are no such books."""

    def __init__(self, haulage: Haulage | None) -> None:
        self._haulage = haulage
        self._kept: dict[str, int | None] = {}

    async def load(self, views: Sequence[SessionView]) -> Mapping[str, int | None]:
        """File streams that one session to each front end got, where more were refused."""
        for front_end in {front_end_of(view.host) for view in views} - self._kept.keys():
            found = None if self._haulage is None else await self._haulage.books.recall(_TOPIC + front_end)
            streams = (found or {}).get("streams")
            self._kept[front_end] = streams if isinstance(streams, int) and streams > 0 else None
        return dict(self._kept)

    async def keep(self, views: Sequence[SessionView]) -> None:
        """Remember what has changed; the smallest of a front end's sessions counts."""
        found: dict[str, int | None] = {}
        for view in views:
            front_end, before = front_end_of(view.host), found.get(front_end_of(view.host))
            found[front_end] = view.streams if before is None else min(before, view.streams or before)
        for front_end, streams in found.items():
            if front_end in self._kept and self._kept[front_end] != streams:
                self._kept[front_end] = streams
                if self._haulage is not None:
                    await self._haulage.books.remember(_TOPIC + front_end, {"streams": streams})
