"""Spreading bundles over the streams of all live sessions, as they fall free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rpconsole.adapters.ssh.bundles import Bundle, BundleQueue
from rpconsole.adapters.ssh.ledger import Ledger, TransferCut
from rpconsole.adapters.ssh.session import Session
from rpconsole.domain.fault import NoSession, RpconsoleError, SessionLost
from rpconsole.ports.site import Shipment, Urgency

#: how often a bundle is begun before its rest is given back as undelivered
TRIES = 3


class Transfer:
    """One send or fetch."""

    def __init__(
        self, verb: str, live: Callable[[], Sequence[Session]], ledger: Ledger, urgency: Urgency = Urgency.RUN
    ) -> None:
        self._verb = verb
        self._live = live
        self._ledger = ledger
        self._urgency = urgency
        self._queue = BundleQueue(())
        self._streams = 1

    async def run(self, sized: Sequence[tuple[Shipment, int]]) -> None:
        """Returns when each shipment is in the ledger; raises TransferCut when no session is left."""
        if not self._live():
            raise NoSession
        self._carrying()
        self._queue = BundleQueue(dict(sized).items())
        while self._queue:
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
        self._streams = sum(session.streams.limit for session in sessions)
        turns = range(max(session.streams.limit for session in sessions))
        workers = [session for turn in turns for session in sessions if turn < session.streams.limit]
        async with asyncio.TaskGroup() as group:
            for session in workers[: self._queue.count(self._streams)]:
                group.create_task(self._work(session))

    async def _work(self, session: Session) -> None:
        while self._queue and session.is_live and not session.is_draining:
            turn = _Turn(
                self._queue,
                self._streams,
                lambda: session.is_draining or session.streams.is_wanted(self._urgency),
            )
            try:
                async with session.streams.lease(self._verb, self._urgency) as stream:
                    await stream.carry(turn.next, self._ledger)
            except SessionLost:
                self._put_back(turn.taken)
            except RpconsoleError as error:
                self._failed(turn.taken, error)

    def _failed(self, taken: Sequence[Bundle], error: RpconsoleError) -> None:
        """The rest of each bundle goes over another stream; one that fails again and again is given back."""
        rests = [self._ledger.rest_of(bundle) for bundle in taken]
        for rest in rests:
            rest.failures += 1
            if rest.failures >= TRIES:
                for shipment in rest.shipments:
                    self._ledger.miss(shipment, str(error), retryable=True)
        self._put_back([rest for rest in rests if rest.failures < TRIES])

    def _put_back(self, taken: Sequence[Bundle]) -> None:
        for bundle in taken:
            rest = self._ledger.rest_of(bundle)
            if rest.shipments:
                self._queue.put_back(rest)


class _Turn:
    """The bundles that one stream takes, until there are no more or somebody else should have the stream."""

    def __init__(self, queue: BundleQueue, streams: int, is_wanted: Callable[[], bool]) -> None:
        self._queue = queue
        self._streams = streams
        self._is_wanted = is_wanted
        self.taken: list[Bundle] = []

    def next(self) -> Bundle | None:
        if not self._queue or (self.taken and self._is_wanted()):
            return None
        self.taken.append(self._queue.take(self._streams))
        return self.taken[-1]
