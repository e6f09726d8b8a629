"""Transfers begun by the front ends: what storage hosts have goes past our session, the rest and what strands goes through it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from rpconsole.adapters.ssh.carrying import StorageAway, looks_at
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.options import CARRYING, SshOptions
from rpconsole.adapters.ssh.pool import SshSessions
from rpconsole.adapters.ssh.session import Session
from rpconsole.adapters.ssh.storage_hosts import Leg, StorageHost, legs_of
from rpconsole.adapters.ssh.transfer import Transfer
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.session import front_end_of
from rpconsole.domain.tuning import Spread
from rpconsole.ports.site import Shipment, Urgency
from rpconsole.ports.site_files import Reach

log = logging.getLogger(__name__)

#: a storage host that was not reached is not tried again for so long
AWAY_S = 300.0
Sized = Sequence[tuple[Shipment, int]]


class Carriage:
    """Keeps in mind which storage hosts are not reached now."""

    def __init__(self, options: SshOptions, sessions: SshSessions) -> None:
        self._options = options
        self._sessions = sessions
        #: storage host -> when it may be tried again, by the loop's clock
        self._away: dict[str, float] = {}
        self._has_said = False

    def legs(self, verb: str, sized: Sized) -> Mapping[Shipment, Leg]:
        """Files that front ends carry by themselves, and by which storage host each."""
        hosts = self._reachable()
        if not hosts:
            return {}
        is_outward = verb == "receive"
        return legs_of(((one, one.source if is_outward else one.target, size) for one, size in sized), hosts)

    async def carry(
        self, verb: str, sized: Sized, ledger: Ledger, urgency: Urgency, spread: Spread | None
    ) -> list[tuple[Shipment, int]]:
        """Carry what has a leg; returns what must go through the session. Raises as ``Transfer`` does."""
        mine = [(one, size) for one, size in sized if one in ledger.legs]
        rest = [(one, size) for one, size in sized if one not in ledger.legs]
        if not mine:
            return rest
        transfer = Transfer(CARRYING[0 if verb == "receive" else 1], self._sessions.live, ledger, urgency, spread)
        await transfer.run(mine)
        stranded = dict(transfer.stranded)
        self._note(ledger, stranded)
        ledger.through_session(stranded)
        return rest + [(one, size) for one, size in mine if one in stranded]

    async def reach(self) -> list[Reach]:
        """Each storage host from each front end; a front end that does not answer is a reason too."""
        hosts = self._options.storage_hosts
        if not hosts:
            return []
        self._sessions.first()
        front_ends = {front_end_of(session.name): session for session in self._sessions.live()}
        found = await asyncio.gather(*(self._reach_from(name, session) for name, session in front_ends.items()))
        return [one for some in found for one in some]

    async def _reach_from(self, name: str, session: Session) -> list[Reach]:
        hosts = self._options.storage_hosts
        timeout_s = self._options.connect_timeout_s + self._options.answer_timeout_s
        asked = {"hosts": looks_at(self._options), "timeout_s": self._options.answer_timeout_s}
        try:
            answers = await session.helper.call("reach", asked, timeout_s=timeout_s)
        except RpconsoleError as error:
            return [Reach(front_end=name, host=host.name, sentence=str(error)) for host in hosts]
        return [Reach(front_end=name, host=str(one["name"]), sentence=str(one["error"])) for one in answers]

    def _reachable(self) -> list[StorageHost]:
        now = asyncio.get_running_loop().time()
        return [host for host in self._options.storage_hosts if self._away.get(host.name, now) <= now]

    def _note(self, ledger: Ledger, stranded: Mapping[Shipment, StorageAway]) -> None:
        """Said once for each storage host, where operators look."""
        if not stranded:
            self._all_clear()
            return
        reasons = {away.host: str(away).rstrip(".") for away in stranded.values()}
        again_at = asyncio.get_running_loop().time() + AWAY_S
        for host, reason in reasons.items():
            self._away[host] = again_at
            count = sum(away.host == host for away in stranded.values())
            log.warning("%s. %d files of %s go through the session instead.", reason, count, host)
        self._say("; ".join(f"{reason}: its files go through the session" for reason in reasons.values()))

    def _all_clear(self) -> None:
        if self._has_said and len(self._reachable()) == len(self._options.storage_hosts):
            self._say("")

    def _say(self, sentence: str) -> None:
        self._has_said = bool(sentence)
        for session in self._sessions.live():
            self._sessions.says(session.name, sentence)
