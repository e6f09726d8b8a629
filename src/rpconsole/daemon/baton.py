"""The baton among the attached clients: judged before an order reaches the engine, audited when it changes hands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rpconsole.daemon.verbs import ACTS, ROUTINE
from rpconsole.domain import baton as rules
from rpconsole.domain.baton import Baton, Seat
from rpconsole.domain.fault import ExitCode, FaultKind, RpconsoleError


class NoBaton(RpconsoleError):
    """Another operator has the baton."""

    kind = FaultKind.REFUSED
    exit_code = ExitCode.SYSTEM


class OnlyLooks(RpconsoleError):
    """This console was attached to look only (``--read-only``): attach without it to act."""

    kind = FaultKind.REFUSED
    exit_code = ExitCode.SYSTEM


def refuse_looker(verb: str) -> None:
    """OnlyLooks with a sentence for whatever would change something, the closing of a gate and the baton included."""
    if verb in ACTS or verb == "baton":
        raise OnlyLooks(f"not ordered: this console only looks (--read-only); attach without it for '{verb}'")


FREE = "take the baton: nobody had it"


class BatonDesk:
    """Who of the clients may act."""

    def __init__(self, *, happened: Callable[[str, str], None], now: Callable[[], float] = time.time) -> None:
        self._baton = Baton()
        self._happened = happened
        self._now = now

    def view(self) -> Baton:
        """Who has it now."""
        self._become(rules.settled(self._baton, self._now()), f"take the baton: {self._baton.holder} did not refuse")
        return self._baton

    def sit(self, seat: Seat) -> None:
        """A console that wants to act came."""
        self._become(rules.sat_down(self.view(), seat, self._now()), FREE)

    def leave(self, client: int) -> None:
        """A client is gone."""
        self._become(rules.left(self.view(), client, self._now()), "take the baton: its holder left")

    def ask(self, seat: Seat) -> str:
        """Ask for it; the answer says what happens next."""
        before = self.view()
        self._become(rules.asked(before, seat, self._now()), FREE)
        if self._baton.is_held_by(seat.client):
            return "you have the baton"
        if not self._baton.is_asked_by(seat.client):
            raise NoBaton(f"{self._baton.asker} asks for the baton already; {self._baton.holder} has it")
        self._happened(seat.who, f"ask {self._baton.holder} for the baton")
        return f"{self._baton.holder} is asked and has {rules.REFUSE_S:.0f} s to refuse; then the baton is yours"

    def give(self, seat: Seat) -> str:
        """Give it to who asks, or lay it down."""
        if not self.view().is_held_by(seat.client):
            raise NoBaton("you do not have the baton")
        self._become(rules.given(self._baton, seat.client, self._now()), f"get the baton from {seat}")
        if self._baton.holder is None:
            self._happened(seat.who, "lay the baton down")
            return "nobody has the baton now"
        return f"{self._baton.holder} has the baton now"

    def keep(self, seat: Seat) -> str:
        """Refuse who asks; for the asker: ask no longer."""
        before = self.view()
        self._baton = rules.kept(before, seat.client)
        if before.asker is None or self._baton is before:
            raise NoBaton("nobody asks for the baton")
        if before.is_asked_by(seat.client):
            return "you ask for the baton no longer"
        self._happened(seat.who, f"keep the baton, {before.asker} asked for it")
        return f"you keep the baton; {before.asker} is told"

    def check(self, seat: Seat, verb: str, args: Mapping[str, object]) -> None:
        """NoBaton with a sentence when this client may not give this order now. Anybody may close a gate."""
        if verb not in ACTS or (verb == "gates" and args.get("open") is False):
            return
        if verb in ROUTINE and not seat.place:
            return
        sentence = rules.refusal(self.view(), seat, self._now())
        if sentence:
            raise NoBaton(f"not ordered: {sentence}")

    def _become(self, after: Baton, how: str) -> None:
        before, self._baton = self._baton, after
        if after.holder is not None and after.holder != before.holder:
            self._happened(after.holder.who, how)
