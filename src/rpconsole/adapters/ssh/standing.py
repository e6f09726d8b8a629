"""How each session to a front end stands, whether it is open or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from rpconsole.adapters.ssh.options import FrontEnd
from rpconsole.adapters.ssh.session import Session
from rpconsole.adapters.ssh.target import Target
from rpconsole.adapters.traffic import Traffic
from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.haul import Way
from rpconsole.domain.session import SessionState, SessionView, front_end_of

#: of a session that is not open
_NO_TRAFFIC = Traffic()


@dataclass(kw_only=True, slots=True)
class Standing:
    """How one session to a front end stands."""

    front_end: FrontEnd
    state: SessionState = SessionState.CLOSED
    session: Session | None = None
    user: str | None = None
    opened_at: float | None = None
    ends_at: float | None = None
    sentence: str = ""
    #: when it last let us wait in vain; the others are asked before it
    silent_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it lives."""
        return self.session is not None and self.session.is_live

    @property
    def front_end_name(self) -> str:
        """The front end's, which several sessions may share."""
        return front_end_of(self.front_end.name)

    def target(self, user: str, position: tuple[int, int]) -> Target:
        """Where a login goes; ``position`` is its place in the series, and how many that has."""
        front_end = self.front_end
        return Target(name=front_end.name, host=front_end.host, port=front_end.port, user=user, position=position)

    def age(self, now: float) -> str:
        """`` after 3 h 05 min``; empty when it was never open."""
        if self.opened_at is None:
            return ""
        minutes = max(0, int((now - self.opened_at) // 60))
        return f" after {minutes // 60} h {minutes % 60:02d} min"

    def view(self, *, ends_at: float | None, max_channels: int, streams: int | None, at: float) -> SessionView:
        """As others see it at a monotonic second; a session that is not open began and ends at no time."""
        is_open = self.is_open
        traffic = self.session.traffic if self.session is not None and is_open else _NO_TRAFFIC
        return SessionView(
            host=self.front_end.name,
            state=self.state,
            user=self.user,
            opened_at=self.opened_at if is_open else None,
            ends_at=ends_at if is_open else None,
            channels=self.session.channels if self.session is not None else 0,
            max_channels=max_channels,
            streams=streams,
            rate_out=traffic.rate(Way.SEND, at),
            rate_in=traffic.rate(Way.FETCH, at),
            carrying=traffic.streams(at),
            sentence=self.sentence,
        )


def standings_named(
    standings: Mapping[str, Standing], front_ends: Sequence[str], hosts: Sequence[str]
) -> list[Standing]:
    """Those of the hosts, all where none is named: a host is one session's name, or a front end's for all sessions to it.

    Raises BadConfiguration for a name that nothing has.
    """
    for host in hosts:
        if host not in standings and host not in front_ends:
            near = get_close_matches(host, [*front_ends, *standings], 1)
            hint = f"; did you mean {near[0]}" if near else ""
            raise BadConfiguration(f"There is no front end {host!r}{hint}. Known: {', '.join(front_ends)}.")
    if not hosts:
        return list(standings.values())
    found = [name for host in hosts for name in standings if host in (name, front_end_of(name))]
    return [standings[name] for name in dict.fromkeys(found)]
