"""Sessions in memory: a site whose answers are known, and which can be made to cut them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rpconsole.adapters.change_bell import ChangeBell
from rpconsole.adapters.traffic import Lane, Traffic
from rpconsole.domain.fault import BadConfiguration, LoginRefused, RpconsoleError
from rpconsole.domain.haul import Way
from rpconsole.domain.session import SessionState, SessionView, front_end_of, learned_end
from rpconsole.ports.clock import Clock
from rpconsole.ports.sessions import Ask, Challenge, Prompt

ONE_TOKEN = ((Prompt(text="Token: ", echo=False),),)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginTry:
    """One login as the site saw it; what was answered is not kept."""

    host: str
    user: str
    accepted: bool


class MemorySessions:
    """Serves ``ports.sessions.Sessions``. ``issue()`` gives a token that is good once; anything else is refused."""

    def __init__(
        self,
        clock: Clock,
        *,
        hosts: Sequence[str] = ("fe1", "fe2"),
        user: str = "operator",
        lifetime_s: float | None = None,
        max_channels: int = 10,
        rounds: Sequence[Sequence[Prompt]] = ONE_TOKEN,
    ) -> None:
        self._clock = clock
        self._user = user
        self._lifetime_s = lifetime_s
        self._views = {
            host: SessionView(host=host, state=SessionState.CLOSED, max_channels=max_channels) for host in hosts
        }
        self._traffic: defaultdict[str, Traffic] = defaultdict(Traffic)
        self._bell = ChangeBell()
        #: what the site adapter has found, told at the next look
        self.to_tell: list[str] = []
        self._one_login = asyncio.Lock()
        self._good: set[str] = set()
        self._issued = 0
        #: what each login asks, round by round
        self.rounds = rounds
        #: raised by the next logins, instead of asking
        self.away: RpconsoleError | None = None
        self.tries: list[LoginTry] = []
        #: whether sessions live on when they are let go of
        self.outlive = False
        self._lives_s: dict[str, float] = {}
        self._outliving: dict[str, tuple[str, float]] = {}

    def issue(self) -> str:
        """A token that will be accepted once."""
        self._issued += 1
        token = f"{self._issued:06d}"
        self._good.add(token)
        return token

    def drop(self, hosts: Sequence[str] = (), *, sentence: str = "the site ended it") -> None:
        """End sessions from the site's side (all when empty)."""
        for host in hosts or tuple(self._views):
            if self._is_open(host):
                text = f"The session to {host} ended: {sentence}. Log in again."
                self._set(host, state=SessionState.LOST, opened_at=None, ends_at=None, channels=0, sentence=text)

    async def open(self, ask: Ask, *, user: str | None = None, hosts: Sequence[str] = ()) -> list[SessionView]:
        """See the port."""
        chosen = self._chosen(hosts)
        async with self._one_login:
            due = [host for host in chosen if not self._is_open(host)]
            for position, host in enumerate(due, 1):
                await self._open_one(host, user or self._user, (position, len(due)), ask)
            return [self._views[host] for host in chosen]

    async def close(self, hosts: Sequence[str] = ()) -> None:
        """See the port."""
        for host in self._chosen(hosts):
            if self._is_open(host):
                self._set(host, state=SessionState.CLOSED, opened_at=None, ends_at=None, channels=0, sentence="")

    async def resume(self) -> None:
        """See the port."""
        for host, (user, opened_at) in self._outliving.items():
            ends_at = None if self._lifetime_s is None else opened_at + self._lifetime_s
            self._set(host, state=SessionState.OPEN, user=user, opened_at=opened_at, ends_at=ends_at, channels=1)
        self._outliving = {}

    async def release(self) -> tuple[str, ...]:
        """See the port."""
        if self.outlive:
            self._outliving = {
                host: (view.user or "", view.opened_at or 0.0)
                for host, view in self._views.items()
                if self._is_open(host)
            }
        names = tuple(self._outliving)
        await self.close()
        return names

    def drain(self, *, on: bool) -> None:
        """See the port."""
        for host in self._views:
            if self._is_open(host):
                self._set(host, state=SessionState.DRAINING if on else SessionState.OPEN)

    @property
    def is_draining(self) -> bool:
        """Whether no open session takes a new bundle."""
        return all(view.state is not SessionState.OPEN for view in self._views.values())

    def expect(self, lives_s: Mapping[str, float], streams: Mapping[str, int | None]) -> None:
        """See the port."""
        self._lives_s = dict(lives_s)

    def view(self) -> tuple[SessionView, ...]:
        """See the port."""
        return tuple(
            self._with_rates(view if view.ends_at is not None else replace(view, ends_at=self._learned_end(view)))
            for view in self._views.values()
        )

    @contextmanager
    def carrying(self, way: Way) -> Iterator[Lane]:
        """While files go over the first session that is open."""
        host = next(host for host in self._views if self._is_open(host))
        with self._traffic[host].lane(f"{host}/1", way, self._clock.monotonic()) as lane:
            yield lane

    def _with_rates(self, view: SessionView) -> SessionView:
        if not self._is_open(view.host):
            return view
        traffic, at = self._traffic[view.host], self._clock.monotonic()
        out, back = traffic.rate(Way.SEND, at), traffic.rate(Way.FETCH, at)
        return replace(view, rate_out=out, rate_in=back, carrying=traffic.streams(at))

    def _learned_end(self, view: SessionView) -> float | None:
        return learned_end(view.opened_at, self._lives_s.get(front_end_of(view.host)), self._clock.now())

    def alive(self) -> bool:
        """See the port."""
        return any(self._is_open(host) for host in self._views)

    def news(self) -> tuple[str, ...]:
        """See the port."""
        told, self.to_tell = tuple(self.to_tell), []
        return told

    async def changed(self) -> None:
        """See the port; one consumer is meant."""
        await self._bell.rings()

    async def _open_one(self, host: str, user: str, position: tuple[int, int], ask: Ask) -> None:
        try:
            if self.away is not None:
                raise self.away
            await self._dialogue(host, user, position, ask)
        except RpconsoleError as error:
            self._set(host, state=SessionState.CLOSED, sentence=str(error))
            raise
        now = self._clock.now()
        ends_at = None if self._lifetime_s is None else now + self._lifetime_s
        self._set(host, state=SessionState.OPEN, user=user, opened_at=now, ends_at=ends_at, channels=1, sentence="")

    async def _dialogue(self, host: str, user: str, position: tuple[int, int], ask: Ask) -> None:
        for prompts in self.rounds:
            challenge = Challenge(
                host=host, user=user, position=position, title="", instructions="", prompts=tuple(prompts)
            )
            answers = await ask(challenge)
            if answers is None:
                raise LoginRefused(f"The login to {host} was given up.")
            if not self._accepts(answers):
                self.tries.append(LoginTry(host=host, user=user, accepted=False))
                raise LoginRefused(f"{host} refused the answer for {user}; it will not be sent again.")
        self.tries.append(LoginTry(host=host, user=user, accepted=True))

    def _accepts(self, answers: Sequence[str]) -> bool:
        is_good = all(answer in self._good for answer in answers)
        self._good.difference_update(answers)
        return is_good

    def _is_open(self, host: str) -> bool:
        return self._views[host].state in (SessionState.OPEN, SessionState.DRAINING)

    def _chosen(self, hosts: Sequence[str]) -> list[str]:
        for host in hosts:
            if host not in self._views:
                raise BadConfiguration(f"There is no front end {host!r}. Known: {', '.join(self._views)}.")
        return list(dict.fromkeys(hosts)) or list(self._views)

    def _set(self, host: str, **changes: object) -> None:
        self._views[host] = replace(self._views[host], **changes)  # type: ignore[arg-type]
        self._bell.ring()
