"""Where a login goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where to log in, as whom, and which login of the series it is."""

    name: str
    host: str
    port: int
    user: str
    position: tuple[int, int]

    def __str__(self) -> str:
        return self.name if self.name == self.host else f"{self.name} ({self.host})"
