"""Which nodes have been silent for so long that they count as dead."""

import time
from typing import Dict, Iterable, Set

#: how often whoever has nothing to tell says that it is there, at the least
BEAT_S = 20.0
_BEATS_IN_A_SILENCE = 5
_LATE_S = 1.0


def beat_s(silence_s: float) -> float:
    """Often enough that one late beat is no silence."""
    return min(BEAT_S, silence_s / _BEATS_IN_A_SILENCE)


class Hearing:
    """When each node was last heard, by our own clock; all count as heard at the beginning."""

    def __init__(self, nodes: Iterable[str], silence_s: float) -> None:
        self._silence_s = silence_s
        self._listened_at = time.monotonic()
        #: of which not one word came
        self.unheard: Set[str] = set(nodes)
        self._heard_at: Dict[str, float] = dict.fromkeys(self.unheard, self._listened_at)

    def heard(self, node: str) -> None:
        if node not in self._heard_at:
            # the nodes are written otherwise where we have our list from: whom we have not heard cannot be told
            for name in self.unheard:
                del self._heard_at[name]
            self.unheard.clear()
        self.unheard.discard(node)
        self._heard_at[node] = self._listened_at

    def listened(self, patience_s: float) -> None:
        """After waiting for so long; what we were away beyond it is nobody's silence."""
        now = time.monotonic()
        absent_s = now - self._listened_at - patience_s
        if absent_s > _LATE_S:
            for node in self._heard_at:
                self._heard_at[node] += absent_s
        self._listened_at = now

    def silent(self, now: float) -> Set[str]:
        return {node for node, heard_at in self._heard_at.items() if now - heard_at > self._silence_s}

    def is_still(self, now: float) -> bool:
        """Whether no node at all was heard for so long."""
        return len(self.silent(now)) == len(self._heard_at)
