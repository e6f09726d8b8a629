"""The baton: of several consoles on one engine one acts and the others look; who has it, and how it changes hands. Pure.

A baton belongs to a console (a *seat*), not to a name: operators may share an account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: how long the holder has to refuse
REFUSE_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """A console, or a command in a shell, that may act."""

    #: the number of its connection at this engine
    client: int
    #: the name under which its acts are recorded
    who: str
    #: its terminal; empty for a command
    place: str = ""

    def __str__(self) -> str:
        return f"{self.who} ({self.place})" if self.place else self.who


@dataclass(frozen=True, kw_only=True, slots=True)
class Baton:
    """Who has it and who asks for it."""

    holder: Seat | None = None
    #: epoch seconds since when
    since: float | None = None
    asker: Seat | None = None
    #: epoch seconds at which it goes to the asker if the holder does not refuse
    until: float | None = None

    def is_held_by(self, client: int | None) -> bool:
        """Whether this connection has it."""
        return self.holder is not None and self.holder.client == client

    def is_asked_by(self, client: int | None) -> bool:
        """Whether this connection asks for it."""
        return self.asker is not None and self.asker.client == client


NOBODY = Baton()


def sat_down(baton: Baton, seat: Seat, now: float) -> Baton:
    """A console came that wants to act: a free baton is its."""
    return _handed_to(seat, now) if baton.holder is None else baton


def left(baton: Baton, client: int, now: float) -> Baton:
    """A console went: what it held goes to who asks for it, else to nobody."""
    if baton.is_held_by(client):
        return NOBODY if baton.asker is None else _handed_to(baton.asker, now)
    return _unasked(baton) if baton.is_asked_by(client) else baton


def asked(baton: Baton, seat: Seat, now: float) -> Baton:
    """Somebody asks: he gets a free one at once, else when the holder gives it or has not refused in time."""
    if baton.holder is None:
        return _handed_to(seat, now)
    if baton.is_held_by(seat.client) or baton.asker is not None:
        return baton
    return replace(baton, asker=seat, until=now + REFUSE_S)


def given(baton: Baton, client: int, now: float) -> Baton:
    """The holder gives it to who asks, else lays it down; another's word changes nothing."""
    if not baton.is_held_by(client):
        return baton
    return NOBODY if baton.asker is None else _handed_to(baton.asker, now)


def kept(baton: Baton, client: int) -> Baton:
    """The holder refuses, or the asker thinks better of it."""
    return _unasked(baton) if baton.is_held_by(client) or baton.is_asked_by(client) else baton


def settled(baton: Baton, now: float) -> Baton:
    """What the time makes of it: a holder who has not refused has given."""
    if baton.asker is not None and baton.until is not None and now >= baton.until:
        return _handed_to(baton.asker, now)
    return baton


def refusal(baton: Baton, seat: Seat, now: float) -> str:
    """Why this seat may not act, as a sentence that says what would help; empty when it may.

    A command may act where nobody has the baton, and for the name that has it: it is the holder's own other hand.
    """
    if baton.is_held_by(seat.client):
        return ""
    if baton.holder is None:
        return "nobody has the baton: T takes it" if seat.place else ""
    if not seat.place and baton.holder.who == seat.who:
        return ""
    how = "T asks for it" if seat.place else "'rpconsole baton take' asks for it"
    return f"{baton.holder} has the baton, for {_minutes(now - (baton.since or now))}; {how}"


def _handed_to(seat: Seat, now: float) -> Baton:
    return Baton(holder=seat, since=now)


def _unasked(baton: Baton) -> Baton:
    return replace(baton, asker=None, until=None)


def _minutes(seconds: float) -> str:
    minutes = max(0, int(seconds // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"
