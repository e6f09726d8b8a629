"""The logins to a site: opened by a person, shared by all, never opened by the program itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rpconsole.domain.session import SessionView


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """One question of the site, in its own words."""

    text: str
    echo: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """What the site asks at once; may hold no prompt at all (then the answer is empty)."""

    #: which host asks: the gateway or a front end
    host: str
    user: str
    #: position in a series: (2, 4) = the second of four logins
    position: tuple[int, int]
    #: the site's title and instructions, foreign text
    title: str
    instructions: str
    prompts: tuple[Prompt, ...]
    #: wrong answers after which the site locks the account, less those that were given in a row; None = unknown
    tries_left: int | None = None


Ask = Callable[[Challenge], Awaitable[Sequence[str] | None]]
"""Ask a person; the answers in the order of the prompts, or None when he declines. Called once per challenge of the site."""


class Sessions(Protocol):
    """The sessions of one site."""

    async def open(self, ask: Ask, *, user: str | None = None, hosts: Sequence[str] = ()) -> list[SessionView]:
        """Log in to the hosts (all configured front ends when empty) one after the other, asking a person for each challenge.

        A host is a front end, which stands for all sessions to it, or the name of one of them; those that are open are left alone.

        Raises LoginRefused when the site says no (the answer is never sent again, the series ends there; sessions opened before
        it stay), SiteUnreachable when no connection comes about, SiteRefused for a host key that is not the known one.
        """
        ...

    async def close(self, hosts: Sequence[str] = ()) -> None:
        """End sessions (all when empty) in order."""
        ...

    async def resume(self) -> None:
        """Take over sessions that live already, because they outlived an engine or somebody opened them by hand; no login is tried.

        From then on one that is opened by hand is found within seconds.
        """
        ...

    async def release(self) -> tuple[str, ...]:
        """Let go of all sessions; the hosts of those that live on without us. The others end."""
        ...

    def drain(self, *, on: bool) -> None:
        """Begin no new bundle of files on any open session, or begin again; what is being carried ends at its border.

        A transfer with bundles left then raises SessionLost, with what was delivered.
        """
        ...

    def expect(self, lives_s: Mapping[str, float], streams: Mapping[str, int | None]) -> None:
        """What earlier sessions to these front ends have taught.

        How long they lived, for those whose lifetime is not configured: a session that outlives it has no known end again, nothing is
        held back that still works. And how many file streams one session got where more were refused (``SessionView.streams``): a new
        session begins with so many, and tries for more.
        """
        ...

    def view(self) -> tuple[SessionView, ...]:
        """Every session that the configuration asks for, open or not, in the order of the logins."""
        ...

    def alive(self) -> bool:
        """True while at least one session lives."""
        ...

    def news(self) -> tuple[str, ...]:
        """What was found and done at the site since the last call, in sentences: leftovers of dead sessions that were ended or removed."""
        ...

    async def changed(self) -> None:
        """Return when a session has opened or ended, or there is news, since the last call returned."""
        ...
