"""Which runs this console looks at: the engine sends these and tells of the others only that they are there. No Textual."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

#: the engine sends so many runs at once
MOST = 1000


class Sight:
    """Each part of the console names what it shows; the engine is told when that comes to something else."""

    def __init__(self, tell: Callable[[Sequence[int]], None]) -> None:
        self._tell = tell
        self._parts: dict[str, tuple[int, ...]] = {}
        self._told: tuple[int, ...] = ()

    def look(self, part: str, runs: Iterable[int]) -> None:
        """``part`` shows these runs from now on."""
        self._parts[part] = tuple(runs)
        wanted = tuple(dict.fromkeys(run for runs in self._parts.values() for run in runs))[:MOST]
        if set(wanted) != set(self._told):
            self._told = wanted
            self._tell(wanted)
