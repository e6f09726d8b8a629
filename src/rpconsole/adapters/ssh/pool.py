"""The sessions of one site: opened by a person, one after the other, and shared by everything that runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress

from rpconsole.adapters.change_bell import ChangeBell
from rpconsole.adapters.ssh.account import account_of
from rpconsole.adapters.ssh.heartbeat import LEAST_PATIENCE_S
from rpconsole.adapters.ssh.leftovers import clean_up
from rpconsole.adapters.ssh.link import Link
from rpconsole.adapters.ssh.opener import Opener
from rpconsole.adapters.ssh.opening import opener_of
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.session import Session
from rpconsole.adapters.ssh.standing import Standing, standings_named
from rpconsole.adapters.ssh.target import Target
from rpconsole.domain.fault import NoSession, RpconsoleError, SiteRefused
from rpconsole.domain.session import SessionState, SessionView, front_end_of, learned_end
from rpconsole.ports.clock import Clock
from rpconsole.ports.sessions import Ask

log = logging.getLogger(__name__)

#: between two looks for a master that somebody opened by hand; a look is one stat of a file
LOOK_S = 2.0


class SshSessions:
    """Serves ``ports.sessions.Sessions``. Not one login is tried without a person's order."""

    def __init__(self, options: SshOptions, clock: Clock, opener: Opener | None = None) -> None:
        self._options = options
        self._opener = opener or opener_of(options)
        self._clock = clock
        self._standings = {front_end.name: Standing(front_end=front_end) for front_end in options.doors}
        self._gateway: Link | None = None
        self._lives_s: dict[str, float] = {}
        #: front end -> file streams that it let one session have, where it refused more
        self._rooms: dict[str, int] = {}
        #: tokens of a counter burn each other when two logins run at once
        self._one_login = asyncio.Lock()
        self._bell = ChangeBell()
        self._news: list[str] = []
        self._settling: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    async def open(self, ask: Ask, *, user: str | None = None, hosts: Sequence[str] = ()) -> list[SessionView]:
        """See the port. A front end that is open already is left as it is."""
        chosen = self._chosen(hosts)
        async with self._one_login:
            due = [standing for standing in chosen if not standing.is_open]
            try:
                if due:
                    await self._look_at_gateway()
                await self._adopt(due, user)
                await self._series(
                    [standing for standing in due if not standing.is_open], user or self._options.user, ask
                )
            finally:
                await self._prepare([standing for standing in due if standing.is_open])
            return [self._view(standing) for standing in chosen]

    async def resume(self) -> None:
        """See the port."""
        async with self._one_login:
            await self._adopt_quietly()
        if self._opener.can_adopt and self._looking is None:
            self._looking = asyncio.create_task(self._look_for_masters(), name="looking for masters opened by hand")

    async def release(self) -> tuple[str, ...]:
        """See the port."""
        if self._looking is not None:
            self._looking.cancel()
        if not self._opener.can_adopt:
            await self.close()
            return ()
        names = []
        for standing in self._standings.values():
            if standing.session is not None and standing.is_open:
                names.append(standing.front_end.name)
                standing.session.release()
                self._set(standing, SessionState.CLOSED, "")
        if self._gateway is not None:
            self._gateway.release()
            self._gateway = None
        return tuple(names)

    async def close(self, hosts: Sequence[str] = ()) -> None:
        """See the port."""
        closing = [standing for standing in self._chosen(hosts) if standing.session is not None]
        for standing in closing:
            assert standing.session is not None
            standing.state = SessionState.DRAINING
            standing.session.close()
        for standing in closing:
            if standing.session is not None:
                await standing.session.wait_closed()
            self._set(standing, SessionState.CLOSED, "")
        if not self.alive():
            await self._stop_settling()
        if self._gateway is not None and not self.alive():
            gateway, self._gateway = self._gateway, None
            gateway.close()
            await gateway.wait_closed()

    async def _stop_settling(self) -> None:
        settling = tuple(self._settling)
        for task in settling:
            task.cancel()
        await asyncio.gather(*settling, return_exceptions=True)

    def drain(self, *, on: bool) -> None:
        """See the port."""
        for standing in self._standings.values():
            if standing.session is not None and standing.is_open:
                standing.session.is_draining = on
                self._set(standing, SessionState.DRAINING if on else SessionState.OPEN, standing.sentence)

    def expect(self, lives_s: Mapping[str, float], streams: Mapping[str, int | None]) -> None:
        """See the port."""
        self._lives_s = dict(lives_s)
        for front_end, room in streams.items():
            if room is not None:
                self._rooms.setdefault(front_end, room)

    def view(self) -> tuple[SessionView, ...]:
        """See the port."""
        return tuple(self._view(standing) for standing in self._standings.values())

    def alive(self) -> bool:
        """See the port."""
        return any(standing.is_open for standing in self._standings.values())

    async def changed(self) -> None:
        """See the port; one consumer is meant."""
        await self._bell.rings()

    def news(self) -> tuple[str, ...]:
        """See the port."""
        told, self._news = tuple(self._news), []
        return told

    # -- for the site adapter ------------------------------------------------------------------------------------------

    def live(self) -> list[Session]:
        """The sessions that live, those that answer before those that were silent."""
        ordered = sorted(self._standings.values(), key=lambda standing: standing.silent_at)
        return [standing.session for standing in ordered if standing.session is not None and standing.session.is_live]

    def first(self) -> Session:
        """The session to ask; NoSession when none lives."""
        sessions = self.live()
        if not sessions:
            raise NoSession
        return sessions[0]

    def was_silent(self, session: Session) -> None:
        """Ask other front ends before this one's from now on."""
        for standing in self._chosen([front_end_of(session.name)]):
            standing.silent_at = self._clock.monotonic()

    def says(self, session: str, sentence: str) -> None:
        """Something about an open session that a person should see; empty = it is over."""
        standing = self._standings.get(session)
        if standing is not None and standing.is_open and standing.sentence != sentence:
            standing.sentence = sentence
            self._bell.ring()

    # -- opening -------------------------------------------------------------------------------------------------------

    async def _look_at_gateway(self) -> None:
        """One that is as silent as what lay behind it is no way in."""
        gateway = self._gateway
        if gateway is None or gateway.is_closed:
            return
        if not await gateway.answers(max(LEAST_PATIENCE_S, self._options.keepalive_s)):
            gateway.give_up("it does not answer any more")

    async def _series(self, due: Sequence[Standing], user: str, ask: Ask) -> None:
        gateway = self._options.gateway
        needs_gateway = gateway is not None and bool(due) and (self._gateway is None or self._gateway.is_closed)
        # behind a gateway that only runs commands nobody is asked
        count = needs_gateway if self._options.hops_by_commands else len(due) + needs_gateway
        if needs_gateway and gateway is not None:
            target = Target(
                name=gateway.host, host=gateway.host, port=gateway.port, user=gateway.user or user, position=(1, count)
            )
            self._gateway = await self._opener.open(target, ask, gateway=None, on_lost=self._gateway_lost)
        for position, standing in enumerate(due, 1 + needs_gateway):
            await self._open_one(standing, standing.target(user, (position, count)), ask)

    async def _open_one(self, standing: Standing, target: Target, ask: Ask) -> None:
        self._set(standing, SessionState.OPENING, "")

        link: Link | None = None

        def lost(reason: Exception | None) -> None:
            self._lost(standing, link, reason)

        try:
            link = await self._opener.open(target, ask, gateway=self._gateway, on_lost=lost)
        except BaseException as error:
            self._set(standing, SessionState.CLOSED, str(error) if isinstance(error, RpconsoleError) else "")
            raise
        self._opened(standing, link, user=target.user, opened_at=self._clock.now())

    def _opened(self, standing: Standing, link: Link, *, user: str, opened_at: float) -> None:
        standing.session = Session(standing.front_end.name, self._options, link)
        standing.session.streams.narrow(self._rooms.get(standing.front_end_name))
        standing.user = user
        standing.opened_at = opened_at
        lifetime_s = self._options.lifetime_s
        standing.ends_at = None if lifetime_s is None else opened_at + lifetime_s
        self._set(standing, SessionState.OPEN, "")
        if link.is_closed:
            self._lost(standing, link, None)

    # -- taking over ---------------------------------------------------------------------------------------------------

    async def _adopt(self, due: Sequence[Standing], user: str | None) -> None:
        """Take over what lives already; SiteRefused where it is another account's than the one that is wanted."""
        gateway = self._options.gateway
        if gateway is not None and (self._gateway is None or self._gateway.is_closed):
            account = gateway.user or user or self._options.user
            target = Target(name=gateway.host, host=gateway.host, port=gateway.port, user=account, position=(1, 1))
            self._gateway = await self._opener.adopt(target, gateway=None, on_lost=self._gateway_lost)
        for standing in due:
            await self._adopt_one(standing, user)

    async def _adopt_one(self, standing: Standing, user: str | None) -> None:
        link: Link | None = None

        def lost(reason: Exception | None) -> None:
            self._lost(standing, link, reason)

        target = standing.target(user or self._options.user, (1, 1))
        link = await self._opener.adopt(target, gateway=self._gateway, on_lost=lost)
        if link is None:
            return
        account = await account_of(link, self._options.answer_timeout_s)
        if user is not None and account is not None and account != user:
            link.release()
            raise SiteRefused(
                f"A master to {standing.front_end.name} is open as {account}, not as {user}: "
                f"'rpconsole logout {standing.front_end.name}' ends it."
            )
        since = self._clock.now() if link.since is None else link.since
        self._opened(standing, link, user=account or user or self._options.user, opened_at=since)

    async def _adopt_quietly(self) -> None:
        due = [standing for standing in self._standings.values() if not standing.is_open]
        with suppress(RpconsoleError):
            await self._adopt(due, None)
        await self._prepare([standing for standing in due if standing.is_open])

    async def _look_for_masters(self) -> None:
        """Somebody may open one by hand at any time."""
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._one_login.locked() and any(not standing.is_open for standing in self._standings.values()):
                async with self._one_login:
                    await self._adopt_quietly()

    async def _prepare(self, opened: Sequence[Standing]) -> None:
        await asyncio.gather(*(self._prepare_one(standing) for standing in opened))
        sessions = [standing.session for standing in opened if standing.session is not None]
        if sessions:
            settling = asyncio.create_task(
                self._settle_in(sessions), name="warming streams, cleaning the site's leftovers"
            )
            self._settling.add(settling)
            settling.add_done_callback(self._settling.discard)

    async def _settle_in(self, sessions: Sequence[Session]) -> None:
        """Open the file streams before they are needed: a transfer that opens them first loses three round trips."""
        for verb in self._options.bulk_verbs:
            await asyncio.gather(*(session.streams.warm(verb) for session in sessions))
        await asyncio.gather(*(session.streams.try_more(self._options.bulk_verbs[0]) for session in sessions))
        # what was found is kept by whoever looks when the bell rings
        self._bell.ring()
        for sentence in await clean_up(sessions, [session.badge for session in self.live()]):
            log.info("%s", sentence)
            self._news.append(sentence)
            self._bell.ring()

    async def _prepare_one(self, standing: Standing) -> None:
        """A login is not given back because the helper does not start: verbs will say why, and try again."""
        if standing.session is None:
            return
        try:
            await standing.session.helper.prepare()
        except RpconsoleError as error:
            log.warning("helper at %s: %s", standing.front_end.name, error)
            if standing.is_open:
                standing.sentence = str(error)

    # -- ending --------------------------------------------------------------------------------------------------------

    def _lost(self, standing: Standing, link: Link | None, reason: Exception | None) -> None:
        session = standing.session
        if session is None or not session.is_over(link):
            return
        if session.is_closing:
            self._set(standing, SessionState.CLOSED, "")
            return
        why = str(reason or "the site ended it").strip().rstrip(".")
        name = standing.front_end.name
        log.warning("session to %s lost: %s", name, why)
        self._set(
            standing,
            SessionState.LOST,
            f"The session to {name} ended{standing.age(self._clock.now())}: {why}. Log in again.",
        )

    def _gateway_lost(self, reason: Exception | None) -> None:
        if self._gateway is not None:
            log.warning("connection to the gateway lost: %s", reason or "the gateway ended it")

    # -- bookkeeping ---------------------------------------------------------------------------------------------------

    def _chosen(self, hosts: Sequence[str]) -> list[Standing]:
        return standings_named(self._standings, [front_end.name for front_end in self._options.front_ends], hosts)

    def _set(self, standing: Standing, state: SessionState, sentence: str) -> None:
        standing.state = state
        standing.sentence = sentence
        if state is not SessionState.OPENING:
            self._bell.ring()
        if state in (SessionState.CLOSED, SessionState.LOST):
            self._remember_room(standing)
            if standing.session is not None:
                standing.session.forget()
            standing.session = None

    def _remember_room(self, standing: Standing) -> None:
        if standing.session is None:
            return
        room, front_end = standing.session.streams.narrowed_to, standing.front_end_name
        if room is not None:
            self._rooms[front_end] = room
        else:
            self._rooms.pop(front_end, None)

    def _streams_of(self, standing: Standing) -> int | None:
        if standing.session is not None:
            return standing.session.streams.narrowed_to
        return self._rooms.get(standing.front_end_name)

    def _end_of(self, standing: Standing) -> float | None:
        if standing.ends_at is not None:
            return standing.ends_at
        return learned_end(standing.opened_at, self._lives_s.get(standing.front_end_name), self._clock.now())

    def _view(self, standing: Standing) -> SessionView:
        return standing.view(
            ends_at=self._end_of(standing),
            max_channels=self._options.session_channels,
            streams=self._streams_of(standing),
            at=asyncio.get_running_loop().time(),
        )
