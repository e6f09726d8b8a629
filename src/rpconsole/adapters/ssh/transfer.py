"""Spreading bundles over the streams of all live sessions, as they fall free."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from rpconsole.adapters.ssh.bundles import Bundle, bundles_of
from rpconsole.adapters.ssh.ledger import Ledger, TransferCut
from rpconsole.adapters.ssh.session import Session
from rpconsole.domain.fault import NoSession, RpconsoleError, SessionLost
from rpconsole.ports.site import Shipment

#: how often a bundle is begun before its rest is given back as undelivered
TRIES = 3


class Transfer:
    """One send or fetch."""

    def __init__(self, verb: str, live: Callable[[], Sequence[Session]], ledger: Ledger) -> None:
        self._verb = verb
        self._live = live
        self._ledger = ledger
        self._bundles: deque[Bundle] = deque()

    async def run(self, sized: Sequence[tuple[Shipment, int]]) -> None:
        """Returns when each shipment is in the ledger; raises TransferCut when no session is left."""
        sessions = self._live()
        if not sessions:
            raise NoSession
        self._carrying()
        streams = sum(session.streams.limit for session in sessions)
        self._bundles.extend(bundles_of(dict(sized).items(), streams))
        while self._bundles:
            await self._spread(self._carrying())

    def _carrying(self) -> list[Session]:
        """The sessions that bundles may be begun on; TransferCut when there is none."""
        sessions = self._live()
        if not sessions:
            raise TransferCut("The last session ended in the middle of a transfer.", self._ledger)
        carrying = [session for session in sessions if not session.is_draining]
        if not carrying:
            raise TransferCut("The transfer was cut between two bundles: the sessions are being renewed.", self._ledger)
        return carrying

    async def _spread(self, sessions: Sequence[Session]) -> None:
        turns = range(max(session.streams.limit for session in sessions))
        workers = [session for turn in turns for session in sessions if turn < session.streams.limit][
            : len(self._bundles)
        ]
        async with asyncio.TaskGroup() as group:
            for session in workers:
                group.create_task(self._work(session))

    async def _work(self, session: Session) -> None:
        while self._bundles and session.is_live and not session.is_draining:
            bundle = self._bundles.popleft()
            try:
                async with session.streams.lease(self._verb) as stream:
                    await stream.carry(bundle, self._ledger)
            except SessionLost:
                self._put_back(bundle)
            except RpconsoleError as error:
                bundle.failures += 1
                self._failed(bundle, error)

    def _failed(self, bundle: Bundle, error: RpconsoleError) -> None:
        if bundle.failures < TRIES:
            self._put_back(bundle)
            return
        for shipment in self._ledger.rest_of(bundle).shipments:
            self._ledger.miss(shipment, str(error), retryable=True)

    def _put_back(self, bundle: Bundle) -> None:
        rest = self._ledger.rest_of(bundle)
        if rest.shipments:
            self._bundles.append(rest)
