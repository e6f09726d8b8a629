"""Spreading bundles over the streams of all live sessions, as they fall free."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from rpconsole.adapters.ssh.bundles import Bundle, BundleQueue
from rpconsole.adapters.ssh.carrying import StorageAway
from rpconsole.adapters.ssh.channel import ChannelEnded, NoChannel
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.options import CARRYING
from rpconsole.adapters.ssh.session import Session
from rpconsole.adapters.traffic import Lane
from rpconsole.domain.bundling import MAX_BUNDLE_BYTES
from rpconsole.domain.fault import NoSession, RpconsoleError, SessionLost
from rpconsole.domain.haul import Way
from rpconsole.domain.tuning import Spread
from rpconsole.ports.site import Shipment, TransferCut, Urgency

#: how often a bundle is begun before its rest is given back as undelivered
TRIES = 3
#: a bundle that is worth a connection of its own; less takes a connection about a round trip
WAITED_FOR_BYTES = 2_000_000


class Transfer:
    """One send or fetch."""

    def __init__(
        self,
        verb: str,
        live: Callable[[], Sequence[Session]],
        ledger: Ledger,
        urgency: Urgency = Urgency.RUN,
        spread: Spread | None = None,
    ) -> None:
        self._spread_over = spread
        self._verb = verb
        self._way = Way.SEND if verb in ("receive", CARRYING[0]) else Way.FETCH
        self._live = live
        self._ledger = ledger
        self.urgency = urgency
        self._queue = BundleQueue(())
        self._streams = 1
        #: session -> its streams that carry for us
        self._busy: Counter[str] = Counter()
        #: why the last stream that was asked for did not come about; None once one did
        self._unopened: RpconsoleError | None = None
        #: what no front end could bring from or to its storage host, with the last one's reason
        self.stranded: list[tuple[Shipment, StorageAway]] = []

    async def run(self, sized: Sequence[tuple[Shipment, int]]) -> None:
        """Returns when each shipment is in the ledger; raises TransferCut when no session is left."""
        if not self._live():
            raise NoSession
        self._carrying()
        self._queue = BundleQueue(dict(sized).items(), most_bytes=self._most_bytes())
        while self._queue:
            began = self._ledger.settled
            await self._spread(self._carrying())
            if self._unopened is not None and self._ledger.settled == began:
                self._give_up(self._unopened)

    def _carrying(self) -> list[Session]:
        """The sessions that bundles may be begun on; TransferCut when there is none."""
        sessions = self._live()
        if not sessions:
            raise self._cut("The last session ended in the middle of a transfer.")
        carrying = [session for session in sessions if not session.is_draining]
        if not carrying:
            raise self._cut("The transfer was cut between two bundles: the sessions are being renewed.")
        return carrying

    def _cut(self, sentence: str) -> TransferCut:
        return TransferCut(sentence, self._ledger.delivered, self._ledger.undelivered)

    async def _spread(self, sessions: Sequence[Session]) -> None:
        self._unopened = None
        if self._spread_over is not None:
            sessions = sessions[: self._spread_over.sessions]
        limits = [(session, self._channels_of(session)) for session in sessions]
        self._streams = sum(limit for _, limit in limits)
        turns = range(max(limit for _, limit in limits))
        workers = [session for turn in turns for session, limit in limits if turn < limit]
        async with asyncio.TaskGroup() as group:
            for number, session in enumerate(workers[: self._queue.count(self._streams)]):
                group.create_task(self._work(session, f"{session.name}/{number // len(sessions) + 1}"))

    def _channels_of(self, session: Session) -> int:
        limit = session.streams.limit
        return limit if self._spread_over is None else min(limit, self._spread_over.channels)

    def _most_bytes(self) -> int:
        return MAX_BUNDLE_BYTES if self._spread_over is None else self._spread_over.bundle_bytes

    async def _work(self, session: Session, name: str) -> None:
        self._busy[session.name] += 1
        in_vain = 0
        try:
            with session.traffic.lane(name, self._way, asyncio.get_running_loop().time()) as lane:
                while self._queue and in_vain < TRIES and self._may_begin_on(session):
                    in_vain = 0 if await self._turn(session, lane) else in_vain + 1
        finally:
            self._busy[session.name] -= 1

    async def _turn(self, session: Session, lane: Lane) -> bool:
        """Whether a stream came about and carried something."""
        turn = _Turn(self, session, lane)
        try:
            async with session.streams.lease(self._verb, self.urgency) as stream:
                self._unopened = None
                await stream.carry(turn.next, self._ledger.counted_by(lane.moved))
        except SessionLost:
            self._put_back(turn.taken)
        except RpconsoleError as error:
            if not turn.taken:
                self._unopened = error
            self._failed(turn.taken, error)
        finally:
            lane.rests()
        return bool(turn.taken)

    def _may_begin_on(self, session: Session) -> bool:
        return session.is_live and not session.is_draining and not self.is_enough_on(session)

    def is_enough_on(self, session: Session) -> bool:
        """Whether the last bundles should go over other sessions: two on one connection take as long as both one behind the other.

        Small ones go where they are taken first: to wait for another stream, and ask anew, would cost a round trip.
        """
        sessions, last = sum(count > 0 for count in self._busy.values()), self._queue.count(self._streams)
        return self._busy[session.name] > 1 and last <= sessions and self._queue.left >= last * WAITED_FOR_BYTES

    def next_bundle(self, stream: str) -> Bundle | None:
        """For one stream, entered under its name; None when all are taken."""
        if not self._queue:
            return None
        bundle = self._queue.take(self._streams)
        self._ledger.begin(bundle, stream)
        return bundle

    def _failed(self, taken: Sequence[Bundle], error: RpconsoleError) -> None:
        """The rest of each bundle goes over another stream; one that fails again and again is given back."""
        rests = [self._ledger.rest_of(bundle) for bundle in taken]
        for rest in rests:
            rest.failures += 1
            if rest.failures >= TRIES and isinstance(error, StorageAway):
                self.stranded += [(shipment, error) for shipment in rest.shipments]
            elif rest.failures >= TRIES:
                for shipment in rest.shipments:
                    self._ledger.miss(
                        shipment, str(error), retryable=True, site_away=isinstance(error, ChannelEnded | NoChannel)
                    )
        self._put_back([rest for rest in rests if rest.failures < TRIES])

    def _give_up(self, error: RpconsoleError) -> None:
        """No stream comes about on any session: nothing of the rest is going to arrive now."""
        while self._queue:
            for shipment in self._queue.take(1).shipments:
                self._ledger.miss(shipment, str(error), retryable=True, site_away=True)

    def _put_back(self, taken: Sequence[Bundle]) -> None:
        for bundle in taken:
            rest = self._ledger.rest_of(bundle)
            if rest.shipments:
                self._queue.put_back(rest)


class _Turn:
    """The bundles that one stream takes, until there are no more or somebody else should have the stream."""

    def __init__(self, transfer: Transfer, session: Session, lane: Lane) -> None:
        self._transfer = transfer
        self._session = session
        self._lane = lane
        self.taken: list[Bundle] = []

    def next(self) -> Bundle | None:
        if self.taken and self._should_yield():
            return None
        bundle = self._transfer.next_bundle(self._lane.name)
        if bundle is not None:
            self.taken.append(bundle)
            self._lane.took(bundle.number, bundle.size)
        return bundle

    def _should_yield(self) -> bool:
        if self._session.is_draining or self._session.streams.is_wanted(self._transfer.urgency):
            return True
        return self._transfer.is_enough_on(self._session)
