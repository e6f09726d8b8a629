"""What whoever speaks ssh is asked for: a connection that a person orders, or one that lives already."""

from __future__ import annotations

from typing import Protocol

from rpconsole.adapters.ssh.link import Link, OnLost
from rpconsole.adapters.ssh.target import Target
from rpconsole.ports.sessions import Ask


class Opener(Protocol):
    """One way of speaking ssh."""

    @property
    def can_adopt(self) -> bool:
        """Whether connections outlive us, and others may open them."""
        ...

    async def open(self, target: Target, ask: Ask, *, gateway: Link | None, on_lost: OnLost) -> Link:
        """Log in. Raises LoginRefused, SiteUnreachable or SiteRefused, each with a sentence."""
        ...

    async def adopt(self, target: Target, *, gateway: Link | None, on_lost: OnLost) -> Link | None:
        """Take over a connection that lives already; no login is tried. None where there is none."""
        ...
