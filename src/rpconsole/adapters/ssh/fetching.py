"""The way home: all paths of a bundle are asked for at once, the files come one behind the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.adapters.ssh.file_threads import in_file_thread
from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.adapters.ssh.landing import Landing
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.domain.fault import SiteFailed
from rpconsole.ports.site import Delivery, Shipment
from rpconsole.remote.faults import TRANSIENT, fault_of
from rpconsole.remote.frames import Message, frame_of

_PIECE_BYTES = 512 << 10
#: files up to one piece are settled beside the reading of the next ones, so many at once in each of so many threads
_SMALL_AT_ONCE = 16
_UNSETTLED = 4
#: one channel's window: less would leave the line idle between two bundles
_AHEAD_BYTES = 4 << 20
_AHEAD_FILES = 400


AskAhead = Callable[[], Awaitable[None]]


class _Asked:
    """Files that are asked for and have not come yet, in order."""

    def __init__(self) -> None:
        self._files: deque[tuple[Shipment, int]] = deque()
        self._size = 0

    @property
    def is_short(self) -> bool:
        """Whether the line holds more than what is asked for."""
        return self._size < _AHEAD_BYTES and len(self._files) < _AHEAD_FILES

    def add(self, bundle: Bundle) -> None:
        self._files.extend(zip(bundle.shipments, bundle.sizes, strict=True))
        self._size += bundle.size

    def next(self) -> Shipment | None:
        if not self._files:
            return None
        shipment, size = self._files.popleft()
        self._size -= size
        return shipment


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    shipment: Shipment
    size: int
    mtime_ns: int | None
    mode: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Small:
    """A file that has come whole, in memory."""

    head: _Head
    data: bytes
    trailer: Message


class FetchingStream:
    """One ``give`` of the helper."""

    def __init__(self, frames: FrameStream, host: str, stall_s: float) -> None:
        self._frames = frames
        self._host = host
        self._stall_s = stall_s
        self._room = asyncio.Semaphore(_UNSETTLED)
        self._small: list[_Small] = []

    @property
    def is_open(self) -> bool:
        """False once the site's end has gone."""
        return self._frames.channel.is_open

    async def carry(self, next_bundle: Callable[[], Bundle | None], ledger: Ledger) -> None:
        """Ask for files some way ahead of those that come, and take them in."""
        asked = _Asked()
        settling: set[asyncio.Task[None]] = set()

        async def ask_ahead() -> None:
            await self._ask_ahead(next_bundle, asked)

        try:
            while True:
                await ask_ahead()
                shipment = asked.next()
                if shipment is None:
                    return
                await self._take(shipment, ledger, settling, ask_ahead)
        finally:
            # what is whole is kept even when the stream is cut behind it
            await self._begin_to_settle(ledger, settling)
            await asyncio.gather(*settling)

    async def _ask_ahead(self, next_bundle: Callable[[], Bundle | None], asked: _Asked) -> None:
        while asked.is_short and (bundle := next_bundle()) is not None:
            asked.add(bundle)
            wanted = b"".join(frame_of({"path": shipment.source}) for shipment in bundle.shipments)
            await self._frames.channel.write(wanted, self._stall_s)

    def close(self) -> None:
        """End it."""
        self._frames.channel.close()

    async def _take(
        self, shipment: Shipment, ledger: Ledger, settling: set[asyncio.Task[None]], ask_ahead: AskAhead
    ) -> None:
        header = await self._frames.read(self._stall_s)
        if header.get("path") != shipment.source:
            raise SiteFailed(f"{self._host} gives {header.get('path')!r} where {shipment.source!r} was asked for.")
        if "error" in header:
            ledger.miss(shipment, f"{self._host}: {header['error']}", retryable=header.get("kind") == TRANSIENT)
            return
        head = _Head(shipment=shipment, size=_size_in(header), mtime_ns=header.get("mtime_ns"), mode=_mode_in(header))
        if head.size > _PIECE_BYTES:
            await self._take_large(head, ledger, ask_ahead)
            return
        await ledger.spend(head.size)
        data = await self._frames.channel.read_exactly(head.size, self._stall_s)
        ledger.moved(head.size)
        self._small.append(_Small(head=head, data=data, trailer=await self._frames.read(self._stall_s)))
        if self._is_enough() or self._frames.channel.held_bytes < _PIECE_BYTES // 8:
            await self._begin_to_settle(ledger, settling)

    def _is_enough(self) -> bool:
        held = sum(len(small.data) for small in self._small)
        return len(self._small) >= _SMALL_AT_ONCE or held >= _PIECE_BYTES

    async def _begin_to_settle(self, ledger: Ledger, settling: set[asyncio.Task[None]]) -> None:
        """What has come so far goes to a thread together: one handing over for many small files."""
        if not self._small:
            return
        some, self._small = self._small, []
        await self._room.acquire()
        task = asyncio.create_task(self._settle_small(some, ledger))
        settling.add(task)
        task.add_done_callback(settling.discard)

    async def _settle_small(self, some: list[_Small], ledger: Ledger) -> None:
        try:
            outcomes = await in_file_thread(_land_all, some)
        finally:
            self._room.release()
        for small, (landing, error) in zip(some, outcomes, strict=True):
            if error is None:
                self._delivered(small.head, landing, ledger)
            else:
                self._missed(small.head, error, ledger)

    async def _take_large(self, head: _Head, ledger: Ledger, ask_ahead: AskAhead) -> None:
        landing = Landing(head.shipment.target, head.mode)
        try:
            failure = await self._body(head, landing, ledger, ask_ahead)
            trailer = await self._frames.read(self._stall_s)
            if failure is None:
                await in_file_thread(_settle, landing, trailer)
        except (OSError, _Spoiled) as error:
            failure = error
        finally:
            await in_file_thread(landing.drop)
        if failure is None:
            self._delivered(head, landing, ledger)
        else:
            self._missed(head, failure, ledger)

    async def _body(self, head: _Head, landing: Landing, ledger: Ledger, ask_ahead: AskAhead) -> Exception | None:
        """Write what comes; where that fails the rest is read past, for the stream goes on behind it."""
        failure: Exception | None = None
        try:
            await in_file_thread(landing.open)
        except OSError as error:
            failure = error
        left = head.size
        while left:
            if left < _AHEAD_BYTES:
                # the line would be idle for a round trip behind this file
                await ask_ahead()
            await ledger.spend(min(left, _PIECE_BYTES))
            data = await self._frames.channel.read_exactly(min(left, _PIECE_BYTES), self._stall_s)
            left -= len(data)
            ledger.moved(len(data))
            if failure is not None:
                continue
            try:
                await in_file_thread(landing.write, data)
            except OSError as error:
                failure = error
        return failure

    def _delivered(self, head: _Head, landing: Landing, ledger: Ledger) -> None:
        ledger.deliver(
            Delivery(shipment=head.shipment, size=head.size, sha256=landing.sha256, site_mtime_ns=head.mtime_ns)
        )

    def _missed(self, head: _Head, error: Exception, ledger: Ledger) -> None:
        if isinstance(error, _Spoiled):
            ledger.miss(head.shipment, f"{self._host}: {error}", retryable=error.retryable)
            return
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        sentence = f"{head.shipment.target} cannot be written: {reason}."
        ledger.miss(head.shipment, sentence, retryable=fault_of(error).kind == TRANSIENT)


class _Spoiled(Exception):
    """These bytes are not the file."""

    def __init__(self, sentence: str, *, retryable: bool) -> None:
        super().__init__(sentence)
        self.retryable = retryable


def _size_in(header: dict[str, Any]) -> int:
    size = header.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise SiteFailed(f"The size of {header.get('path')} is no number: {size!r}.")
    return size


def _mode_in(header: dict[str, Any]) -> int | None:
    mode = header.get("mode")
    return mode & 0o777 if isinstance(mode, int) else None


def _land_all(some: list[_Small]) -> list[tuple[Landing, Exception | None]]:
    return [_land_one(small) for small in some]


def _land_one(small: _Small) -> tuple[Landing, Exception | None]:
    landing = Landing(small.head.shipment.target, small.head.mode)
    try:
        _land_whole(landing, small.data, small.trailer)
    except (OSError, _Spoiled) as error:
        return landing, error
    return landing, None


def _land_whole(landing: Landing, data: bytes, trailer: Message) -> None:
    try:
        landing.open()
        landing.write(data)
        _settle(landing, trailer)
    finally:
        landing.drop()


def _settle(landing: Landing, trailer: Message) -> None:
    if trailer.get("ok") is not True:
        raise _Spoiled(str(trailer.get("error", "no reason given")), retryable=trailer.get("kind") == TRANSIENT)
    if trailer.get("sha256") != landing.sha256:
        raise _Spoiled("the checksum is not that of the bytes that came.", retryable=True)
    landing.settle()
