"""Logins: one series at a time, remembered with who opened it; every prompt goes to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from rpconsole.domain.action import Level
from rpconsole.domain.fault import BadConfiguration, RpconsoleError, SiteRefused
from rpconsole.domain.nearest import nearest
from rpconsole.domain.session import SessionState, SessionView, about_session, front_end_of, lifetime_s, renamed
from rpconsole.engine.known_limits import KnownLimits
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.world import World
from rpconsole.ports.journal import PastSession
from rpconsole.ports.sessions import Ask

LIVE = (SessionState.OPEN, SessionState.DRAINING)
#: who opened a session that no login of ours did
BY_HAND = "by hand"
CLOSED = "closed by us"
CUT = "cut by the site"
#: of a session that ended while no engine looked
UNSEEN = "ended unseen"
#: how many of the last sessions are looked through for those that live on
REMEMBERED = 200
#: how many of a host's last ends by the site its lifetime is learned from
LEARNED_FROM = 15
#: a control socket is made a moment after the login that is in the journal, or before
SAME_S = 120.0


class LoginDesk:
    """Opens and closes sessions for people, and notes how each ended."""

    def __init__(self, world: World, notices: NoticeBoard) -> None:
        self._world = world
        self._notices = notices
        self._series = asyncio.Lock()
        self._noting = asyncio.Lock()
        #: who is logging in just now
        self._who = BY_HAND
        #: host -> (number in the journal, local user) of each session that was open at the last look
        self._open: dict[str, tuple[int, str]] = {}
        self._limits = KnownLimits(world.haulage)

    async def login(self, ask: Ask, *, user: str | None, hosts: Sequence[str], who: str) -> list[SessionView]:
        """One series of logins; a second person is told that one is under way, since parallel logins burn each other's tokens."""
        account = self.account(user) or None
        if self._series.locked():
            raise SiteRefused("another login is under way; with counter tokens two at once burn each other")
        async with self._series:
            await self.note_changes()
            self._who = who
            try:
                return await self._world.sessions.open(ask, user=account, hosts=hosts)
            finally:
                await self.note_changes()
                self._who = BY_HAND

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

    def views(self) -> tuple[SessionView, ...]:
        """Every front end with its session, and who opened it."""
        return tuple(
            replace(view, opened_by=self._open[view.host][1]) if view.host in self._open else view
            for view in self._world.sessions.view()
        )

    async def past(self, limit: int) -> list[PastSession]:
        """The last ones that have ended, oldest first."""
        if not limit:
            return []
        found = await self._world.operations.past_sessions(limit=limit + len(self._open))
        return [session for session in found if session.ended_at is not None][-limit:]

    async def logout(self, hosts: Sequence[str]) -> None:
        """End sessions in order."""
        await self._world.sessions.close(hosts)
        await self.note_changes(CLOSED)

    async def resume(self) -> None:
        """Take over sessions that outlived an engine, each under the name of who opened it; the others ended unseen."""
        await self._world.sessions.resume()
        async with self._noting:
            past = await self._world.operations.past_sessions(limit=REMEMBERED)
            await self._take_up_books(past)
            await self._learn(past)
        await self.note_changes()

    async def _learn(self, sessions: Sequence[PastSession]) -> None:
        """How long sessions to each host lived until the site cut them."""
        lives: dict[str, list[float]] = {}
        for past in sessions:
            if past.end == CUT and past.ended_at is not None:
                lives.setdefault(front_end_of(past.host), []).append(past.ended_at - past.opened_at)
        learned = {host: lifetime_s(None, found[-LEARNED_FROM:]) for host, found in lives.items()}
        known = {host: life_s for host, life_s in learned.items() if life_s is not None}
        self._world.sessions.expect(known, await self._limits.load(self._world.sessions.view()))

    async def _take_up_books(self, sessions: Sequence[PastSession]) -> None:
        live = {view.host: view for view in self._world.sessions.view() if view.state in LIVE}
        ours = {number for number, _ in self._open.values()}
        for past in reversed(sessions):
            if past.number is None or past.number in ours or past.ended_at is not None:
                continue
            view = live.get(past.host) or live.get(renamed(past.host))
            if view is not None and view.host not in self._open and _is_same(past, view):
                self._open[view.host] = (past.number, past.opened_by)
                self._notices.say(Level.NOTE, f"the session to {view.host} that {past.opened_by} opened lives on")
            else:
                await self._world.operations.session_ended(past.number, at=self._world.clock.now(), end=UNSEEN)

    async def release(self) -> None:
        """The engine stops: what lives on stays open in the books."""
        living = await self._world.sessions.release()
        for host in living:
            self._open.pop(host, None)
        # a database that is silent shall not keep the engine from ending; the next one closes the books
        with suppress(TimeoutError, RpconsoleError):
            async with asyncio.timeout(self._world.settings.grace_s):
                await self.note_changes(CLOSED)

    async def note_changes(self, end: str = CUT) -> None:
        """Remember which sessions have begun and ended since the last look."""
        async with self._noting:
            await self._note_ended(end)
            await self._note_opened()
            await self._limits.keep(self._world.sessions.view())
            for sentence in self._world.sessions.news():
                self._notices.say(Level.NOTE, sentence)

    async def _note_opened(self) -> None:
        for view in self._world.sessions.view():
            if view.state not in LIVE or view.host in self._open:
                continue
            who = self._who
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

    async def _note_ended(self, end: str) -> None:
        live = {view.host for view in self._world.sessions.view() if view.state in LIVE}
        for host in [host for host in self._open if host not in live]:
            await self._world.operations.session_ended(self._open[host][0], at=self._world.clock.now(), end=end)
            del self._open[host]
            if end == CUT:
                await self._learn(await self._world.operations.past_sessions(limit=REMEMBERED))
            if end != CLOSED:
                self._notices.say(Level.ALERT, f"{about_session(host)} ended ({end}): log in again")


def _is_same(past: PastSession, view: SessionView) -> bool:
    return view.opened_at is not None and abs(view.opened_at - past.opened_at) < SAME_S
