"""The way to the site: files flow out, acknowledgements come back beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rpconsole.adapters.ssh.answers import Answers
from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.adapters.ssh.file_threads import in_file_thread
from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.packer import Packer, Piece, Sent
from rpconsole.domain.fault import SiteFailed
from rpconsole.ports.site import Delivery
from rpconsole.remote.frames import Message


class SendingStream:
    """One ``receive`` of the helper; memory stays at a few pieces, whatever the files."""

    def __init__(self, frames: FrameStream, host: str, stall_s: float) -> None:
        self._frames = frames
        self._host = host
        self._stall_s = stall_s
        self._next_number = 1
        self._open: dict[int, Sent] = {}
        self._ledger = Ledger(None)
        self._answers = Answers(
            frames, self._settle, kind=f"An acknowledgement of {host}", silence=f"{host} acknowledged nothing"
        )

    @property
    def is_open(self) -> bool:
        """False once the site's end has gone."""
        return self._answers.failure is None and self._frames.channel.is_open

    async def carry(self, next_bundle: Callable[[], Bundle | None], ledger: Ledger) -> None:
        """Send bundle behind bundle, and wait for the last acknowledgement only."""
        self._ledger = ledger
        while (bundle := next_bundle()) is not None:
            await self._put(bundle)
        while self._open:
            await self._answers.another(self._stall_s)

    async def _put(self, bundle: Bundle) -> None:
        packer = Packer(bundle.shipments, self._next_number)
        upcoming = in_file_thread(packer.next_piece)
        try:
            while (piece := await upcoming) is not None:
                self._begin(piece)
                # the next piece is read while this one is on its way
                upcoming = in_file_thread(packer.next_piece)
                if piece.data:
                    await self._ledger.spend(len(piece.data))
                    await self._frames.channel.write(piece.data, self._stall_s)
                    self._ledger.moved(piece.payload)
        finally:
            await asyncio.wait([upcoming])
            packer.close()

    def close(self) -> None:
        """End it; what is half sent is dropped at the site."""
        self._answers.close()
        self._frames.channel.close()

    def _begin(self, piece: Piece) -> None:
        self._answers.check()
        for sent in piece.began:
            self._open[sent.number] = sent
            self._next_number = sent.number + 1
        for missed in piece.missed:
            self._ledger.miss(missed.shipment, missed.sentence, retryable=missed.retryable)

    def _settle(self, message: Message) -> None:
        sent = self._open.pop(message.get("n") or 0, None)
        if sent is None:
            raise SiteFailed(f"{self._host} acknowledges what was not sent: {message.get('error') or message}.")
        if message.get("ok") is True:
            self._delivered(sent, message)
        elif sent.sentence:
            self._ledger.miss(sent.shipment, sent.sentence, retryable=True)
        else:
            sentence = f"{self._host}: {message.get('error', 'no reason given')}"
            self._ledger.miss(sent.shipment, sentence, retryable=message.get("kind") == "transient")

    def _delivered(self, sent: Sent, message: Message) -> None:
        if message.get("sha256") != sent.sha256:
            sentence = f"{sent.shipment.target} arrived at {self._host} with another checksum than it left with."
            self._ledger.miss(sent.shipment, sentence, retryable=True)
            return
        delivery = Delivery(
            shipment=sent.shipment,
            size=int(message["size"]),
            sha256=sent.sha256,
            site_mtime_ns=message.get("mtime_ns"),
        )
        self._ledger.deliver(delivery)
