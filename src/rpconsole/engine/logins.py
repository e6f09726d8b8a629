"""Logins: one series at a time, remembered with who opened it; every prompt goes to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from rpconsole.domain.action import Level
from rpconsole.domain.fault import BadConfiguration, SiteRefused
from rpconsole.domain.nearest import nearest
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.world import World
from rpconsole.ports.journal import PastSession
from rpconsole.ports.sessions import Ask

LIVE = (SessionState.OPEN, SessionState.DRAINING)


class LoginDesk:
    """Opens and closes sessions for people, and notes how each ended."""

    def __init__(self, world: World, notices: NoticeBoard) -> None:
        self._world = world
        self._notices = notices
        self._series = asyncio.Lock()
        #: host -> (number in the journal, local user) of each session that was open at the last look
        self._open: dict[str, tuple[int, str]] = {}

    async def login(self, ask: Ask, *, user: str | None, hosts: Sequence[str], who: str) -> list[SessionView]:
        """One series of logins; a second person is told that one is under way, since parallel logins burn each other's tokens."""
        user = self.account(user) or None
        if self._series.locked():
            raise SiteRefused("another login is under way; with counter tokens two at once burn each other")
        async with self._series:
            await self.note_ended()
            try:
                return await self._world.sessions.open(ask, user=user, hosts=hosts)
            finally:
                await self._note_opened(who)

    def account(self, user: str | None) -> str:
        """The account to log in with: the one that is asked for, else the proposed one; BadConfiguration names those there are."""
        settings = self._world.settings
        if user is None:
            return settings.accounts[0] if settings.accounts else ""
        if user not in settings.accounts and not settings.any_account:
            hint = nearest(user, settings.accounts)
            known = ", ".join(settings.accounts)
            raise BadConfiguration(
                f"'{user}' is not an account that operators log in with{hint}; login.users has {known}"
            )
        return user

    async def _note_opened(self, who: str) -> None:
        for view in self._world.sessions.view():
            if view.state in LIVE and view.host not in self._open:
                past = PastSession(
                    host=view.host,
                    user=view.user or "",
                    opened_by=who,
                    opened_at=view.opened_at or self._world.clock.now(),
                    ended_at=None,
                    end="",
                )
                self._open[view.host] = (await self._world.operations.session_opened(past), who)
                self._notices.say(Level.NOTE, f"session to {view.host} opened as {view.user} by {who}")

    def views(self) -> tuple[SessionView, ...]:
        """Every front end with its session, and who opened it."""
        return tuple(
            replace(view, opened_by=self._open[view.host][1]) if view.host in self._open else view
            for view in self._world.sessions.view()
        )

    async def logout(self, hosts: Sequence[str]) -> None:
        """End sessions in order."""
        await self._world.sessions.close(hosts)
        await self.note_ended("closed by us")

    async def note_ended(self, end: str = "cut by the site") -> None:
        """Remember the end of sessions that were open at the last look."""
        live = {view.host for view in self._world.sessions.view() if view.state in LIVE}
        ended = {host: self._open.pop(host) for host in list(self._open) if host not in live}
        for host, (number, _) in ended.items():
            await self._world.operations.session_ended(number, at=self._world.clock.now(), end=end)
            if end != "closed by us":
                self._notices.say(Level.ALERT, f"the session to {host} ended ({end}): log in again")
