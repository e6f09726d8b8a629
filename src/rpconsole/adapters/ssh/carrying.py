"""Both ways where the front end fetches and brings by itself: we order files, and hear of each when it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rpconsole.adapters.ssh.answers import Answers
from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.storage_hosts import Leg, ways_to
from rpconsole.domain.fault import RpconsoleError, SiteFailed
from rpconsole.ports.site import Delivery, Shipment
from rpconsole.remote.faults import TRANSIENT
from rpconsole.remote.frames import Message, frame_of

#: the front end and the storage host must not wait for our word, nor one stream take what another could carry
_AHEAD_BYTES = 4 << 20
_AHEAD_FILES = 400
#: what may move before it is allowed again, where there is a ceiling
_ALLOWED_BYTES = 2 << 20
_SHARE_BYTES = 128 << 10
_NO_CEILING = 1 << 60
#: between two signs of life, and after how much silence the front end takes us for dead
BEAT_S = 10.0
QUIET_S = 45.0


class StorageAway(SiteFailed):
    """A front end does not reach a storage host, or has lost it; ``host`` names it."""

    def __init__(self, message: str, host: str) -> None:
        super().__init__(message)
        self.host = host


class CarryingStream:
    """One ``pull`` or ``push`` of the helper; no byte of a file comes through here."""

    def __init__(self, frames: FrameStream, host: str, stall_s: float, *, is_outward: bool) -> None:
        #: to the site
        self._is_outward = is_outward
        self._frames = frames
        self._host = host
        self._stall_s = stall_s
        self._next_number = 1
        self._open: dict[int, tuple[Shipment, int]] = {}
        self._open_bytes = 0
        self._ledger = Ledger(None)
        self._away: StorageAway | None = None
        self._spent = asyncio.Event()
        #: what was allowed and has not moved yet
        self._allowed = 0
        self._answers = Answers(
            frames, self._hear, kind=f"A word of {host} about files", silence=f"{host} moved nothing"
        )
        self._beating = asyncio.create_task(self._beat(), name=f"signs of life to {host}")

    @property
    def is_open(self) -> bool:
        """False once the site's end has gone."""
        return self._answers.failure is None and self._frames.channel.is_open

    async def carry(self, next_bundle: Callable[[], Bundle | None], ledger: Ledger) -> None:
        """Order bundle behind bundle until all is there; StorageAway at the end for what a storage host did not take or give."""
        self._ledger, self._away = ledger, None
        allowing = asyncio.create_task(self._allow(), name=f"ceiling of {self._host}")
        try:
            await self._order_all(next_bundle)
        finally:
            allowing.cancel()
            # a channel that has ended is told by whoever waits for a word of it
            await asyncio.gather(allowing, return_exceptions=True)
        if self._away is not None:
            raise self._away

    def close(self) -> None:
        """End it; the front end ends its own connections and drops what is half there."""
        self._answers.close()
        self._beating.cancel()
        self._frames.channel.close()

    async def _order_all(self, next_bundle: Callable[[], Bundle | None]) -> None:
        while True:
            while self._open_bytes < _AHEAD_BYTES and len(self._open) < _AHEAD_FILES:
                bundle = next_bundle()
                if bundle is None:
                    break
                await self._order(bundle)
            if not self._open:
                return
            await self._answers.another(self._stall_s)
            self._answers.check()

    async def _order(self, bundle: Bundle) -> None:
        orders = []
        for shipment, size in zip(bundle.shipments, bundle.sizes, strict=True):
            number, self._next_number = self._next_number, self._next_number + 1
            self._open[number] = (shipment, size)
            self._open_bytes += size
            orders.append(frame_of(_order_of(number, shipment, self._ledger.legs[shipment], self._is_outward)))
        await self._frames.channel.write(b"".join(orders), self._stall_s)

    async def _allow(self) -> None:
        """Bytes may move as the ceiling has it; some way ahead, so that the line does not wait for each word."""
        if not self._ledger.has_ceiling:
            await self._may(_NO_CEILING - self._allowed)
            return
        while True:
            while self._allowed < _ALLOWED_BYTES:
                await self._ledger.spend(_SHARE_BYTES)
                await self._may(_SHARE_BYTES)
            self._spent.clear()
            await self._spent.wait()

    async def _may(self, count: int) -> None:
        if count > 0:
            self._allowed += count
            await self._frames.send({"may": count}, self._stall_s)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self._frames.send({"alive": True}, self._stall_s)
            except RpconsoleError:
                return

    def _hear(self, message: Message) -> None:
        if "moved" in message:
            self._allowed -= int(message["moved"])
            self._spent.set()
            self._ledger.moved(int(message["moved"]))
            return
        order = self._open.pop(message.get("n") or 0, None)
        if order is None:
            raise SiteFailed(f"{self._host} tells of what was not ordered: {message.get('error') or message}.")
        shipment, size = order
        self._open_bytes -= size
        if message.get("ok") is True:
            self._delivered(shipment, message)
        elif message.get("away") is True:
            leg = self._ledger.legs[shipment]
            self._away = StorageAway(f"{self._host} does not reach {message.get('error') or leg.host}", leg.host)
        else:
            sentence = f"{self._host}: {message.get('error', 'no reason given')}"
            self._ledger.miss(shipment, sentence, retryable=message.get("kind") == TRANSIENT)

    def _delivered(self, shipment: Shipment, message: Message) -> None:
        sha256 = message.get("sha256")
        if not isinstance(sha256, str):
            sentence = f"{shipment.target} arrived with another checksum than it left {self._host} with."
            self._ledger.miss(shipment, sentence, retryable=True)
            return
        self._ledger.deliver(
            Delivery(shipment=shipment, size=int(message["size"]), sha256=sha256, site_mtime_ns=message.get("mtime_ns"))
        )


def first_frame(options: SshOptions, verb: str) -> Message:
    """For the helper's ``pull`` or ``push``: how each storage host is reached, and when we are to be taken for dead."""
    return {"hosts": _ways(options, verb), "quiet_s": QUIET_S}


def looks_at(options: SshOptions) -> list[Message]:
    """For the helper's ``reach``: how each storage host is reached, and which folders it must have."""
    ways = _ways(options, "reach")
    return [
        {"name": host.name, **ways[host.name], "folders": [there for _, there in host.volumes]}
        for host in options.storage_hosts
    ]


def _ways(options: SshOptions, verb: str) -> Message:
    return ways_to(
        options.storage_hosts, verb, ssh=options.site_ssh, ciphers=options.ciphers, timeout_s=options.connect_timeout_s
    )


def _order_of(number: int, shipment: Shipment, leg: Leg, is_outward: bool) -> Message:
    source, target = (leg.path, shipment.target) if is_outward else (shipment.source, leg.path)
    return {"n": number, "host": leg.host, "from": source, "to": target, "size": shipment.size if is_outward else None}
