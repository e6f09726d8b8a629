"""The way home: all paths of a bundle are asked for at once, the files come one behind the other, small ones by the handful."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.adapters.ssh.file_threads import in_file_thread
from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.adapters.ssh.landing import Landing, Spoiled
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.small_files import Refused, Small, land_all, sizes_in, told
from rpconsole.domain.fault import SiteFailed
from rpconsole.ports.site import Delivery, Shipment
from rpconsole.remote.faults import TRANSIENT, fault_of
from rpconsole.remote.frames import Message, frame_of

_PIECE_BYTES = 512 << 10
#: handfuls of small files are settled beside the reading of the next ones, so many of each stream
_UNSETTLED = 4
#: asked for in one frame: a few at first, for an idle line brings little of a question at once, and a frame is read when it is whole
_ASKED_FIRST = 8
_ASKED_AT_ONCE = 64
#: one channel's window: less would leave the line idle between two bundles
_AHEAD_BYTES = 4 << 20
_AHEAD_FILES = 400


AskAhead = Callable[[], Awaitable[None]]


class _Asked:
    """Files that are asked for and have not come yet, in order."""

    def __init__(self) -> None:
        self._files: deque[tuple[Shipment, int]] = deque()
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._files)

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


class FetchingStream:
    """One ``give`` of the helper."""

    def __init__(self, frames: FrameStream, host: str, stall_s: float) -> None:
        self._frames = frames
        self._host = host
        self._stall_s = stall_s
        self._room = asyncio.Semaphore(_UNSETTLED)
        #: how many files it has given so far
        self._given = 0

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
                if not asked:
                    return
                await self._take(asked, ledger, settling, ask_ahead)
        finally:
            # what is whole is kept even when the stream is cut behind it
            await asyncio.gather(*settling)

    async def _ask_ahead(self, next_bundle: Callable[[], Bundle | None], asked: _Asked) -> None:
        while asked.is_short and (bundle := next_bundle()) is not None:
            at_once = _ASKED_AT_ONCE if asked else _ASKED_FIRST
            asked.add(bundle)
            paths = [shipment.source for shipment in bundle.shipments]
            while paths:
                await self._frames.channel.write(frame_of({"paths": paths[:at_once]}), self._stall_s)
                paths, at_once = paths[at_once:], min(2 * at_once, _ASKED_AT_ONCE)

    def close(self) -> None:
        """End it."""
        self._frames.channel.close()

    async def _take(
        self, asked: _Asked, ledger: Ledger, settling: set[asyncio.Task[None]], ask_ahead: AskAhead
    ) -> None:
        header = await self._frames.read(self._stall_s)
        if "some" in header:
            await self._take_handful(header, asked, ledger, settling)
            return
        shipment = self._due(asked)
        if header.get("path") != shipment.source:
            raise SiteFailed(f"{self._host} gives {header.get('path')!r} where {shipment.source!r} was asked for.")
        if "error" in header:
            ledger.miss(shipment, f"{self._host}: {header['error']}", retryable=header.get("kind") == TRANSIENT)
            return
        head = _Head(shipment=shipment, size=_size_in(header), mtime_ns=header.get("mtime_ns"), mode=_mode_in(header))
        await self._take_large(head, ledger, ask_ahead)

    def _due(self, asked: _Asked) -> Shipment:
        shipment = asked.next()
        if shipment is None:
            raise SiteFailed(f"{self._host} gives more files than were asked for.")
        self._given += 1
        return shipment

    async def _take_handful(
        self, header: Message, asked: _Asked, ledger: Ledger, settling: set[asyncio.Task[None]]
    ) -> None:
        if header.get("first") != self._given + 1:
            raise SiteFailed(f"{self._host} gives file {header.get('first')} where {self._given + 1} is due.")
        sizes = sizes_in(header["some"], self._host)
        await ledger.spend(sum(sizes))
        data = memoryview(await self._frames.channel.read_exactly(sum(sizes), self._stall_s))
        ledger.moved(len(data))
        some: list[Small] = []
        for said, size in zip(header["some"], sizes, strict=True):
            one = told(self._due(asked), said, data[:size])
            data = data[size:]
            if isinstance(one, Refused):
                ledger.miss(one.shipment, f"{self._host}: {one.sentence}", retryable=one.retryable)
            else:
                some.append(one)
        await self._room.acquire()
        task = asyncio.create_task(self._settle(some, ledger))
        settling.add(task)
        task.add_done_callback(settling.discard)

    async def _settle(self, some: list[Small], ledger: Ledger) -> None:
        """In a thread, together: one handing over for many small files."""
        try:
            faults = await in_file_thread(land_all, some)
        finally:
            self._room.release()
        for small, fault in zip(some, faults, strict=True):
            if fault is None:
                ledger.deliver(
                    Delivery(
                        shipment=small.shipment, size=small.size, sha256=small.sha256, site_mtime_ns=small.mtime_ns
                    )
                )
            else:
                self._missed(small.shipment, fault, ledger)

    async def _take_large(self, head: _Head, ledger: Ledger, ask_ahead: AskAhead) -> None:
        landing = Landing(head.shipment.target, head.mode)
        try:
            failure = await self._body(head, landing, ledger, ask_ahead)
            trailer = await self._frames.read(self._stall_s)
            if failure is None:
                await in_file_thread(_settled, landing, trailer)
        except (OSError, Spoiled) as error:
            failure = error
        finally:
            if landing.is_begun:
                await in_file_thread(landing.drop)
        if failure is None:
            self._delivered(head, landing, ledger)
        else:
            self._missed(head.shipment, failure, ledger)

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

    def _missed(self, shipment: Shipment, error: Exception, ledger: Ledger) -> None:
        if isinstance(error, Spoiled):
            ledger.miss(shipment, f"{self._host}: {error}", retryable=error.retryable)
            return
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        sentence = f"{shipment.target} cannot be written: {reason}."
        ledger.miss(shipment, sentence, retryable=fault_of(error).kind == TRANSIENT)


def _size_in(header: dict[str, Any]) -> int:
    size = header.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise SiteFailed(f"The size of {header.get('path')} is no number: {size!r}.")
    return size


def _mode_in(header: dict[str, Any]) -> int | None:
    mode = header.get("mode")
    return mode & 0o777 if isinstance(mode, int) else None


def _settled(landing: Landing, trailer: Message) -> None:
    if trailer.get("ok") is not True:
        raise Spoiled(str(trailer.get("error", "no reason given")), retryable=trailer.get("kind") == TRANSIENT)
    landing.must_be(trailer.get("sha256"))
    landing.flush()
    landing.appear()
