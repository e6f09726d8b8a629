"""Files at home as pieces of a stream: header, bytes, trailer; read and hashed in one pass, in a thread."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from rpconsole.ports.site import Shipment, Undelivered
from rpconsole.remote.faults import TRANSIENT, fault_of
from rpconsole.remote.frames import frame_of

PIECE_BYTES = 512 << 10


@dataclass(kw_only=True, slots=True)
class Piece:
    """A part of the stream, and which files it begins."""

    data: bytes = b""
    #: how many of the bytes are files'
    payload: int = 0
    began: list[Sent] = field(default_factory=list)
    missed: list[Undelivered] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Sent:
    """One file in the stream; what is known of it grows while it is read."""

    number: int
    shipment: Shipment
    sha256: str = ""
    #: why its bytes are not what they should be; the other side drops it then
    sentence: str = ""


class Packer:
    """Never raises for a file: one that cannot be read is missed, one that changes under our hands is spoiled."""

    def __init__(self, shipments: Sequence[Shipment], first_number: int) -> None:
        self._shipments = shipments
        self._number = first_number
        self._piece = Piece()
        self._stream: BinaryIO | None = None
        self._parts = self._all_parts()

    def next_piece(self) -> Piece | None:
        """The next half megabyte or so; None after the last."""
        parts: list[bytes] = []
        size = 0
        for part in self._parts:
            parts.append(part)
            size += len(part)
            if size >= PIECE_BYTES:
                break
        piece, self._piece = self._piece, Piece()
        piece.data = b"".join(parts)
        return piece if piece.data or piece.missed else None

    def close(self) -> None:
        """Let go of the file at hand."""
        if self._stream is not None:
            self._stream.close()

    def _all_parts(self) -> Iterator[bytes]:
        for shipment in self._shipments:
            try:
                self._stream = _open_plain(shipment.source)
            except (OSError, ValueError) as error:
                self._miss(shipment, _sentence(error, shipment.source), fault_of(error).kind == TRANSIENT)
                continue
            with self._stream:
                yield from self._parts_of(shipment, self._stream)

    def _parts_of(self, shipment: Shipment, stream: BinaryIO) -> Iterator[bytes]:
        first = os.fstat(stream.fileno())
        if shipment.size is not None and shipment.size != first.st_size:
            sentence = f"{shipment.source} has {first.st_size} bytes, not the {shipment.size} that it was entered with."
            self._miss(shipment, sentence, False)
            return
        sent = Sent(number=self._number, shipment=shipment)
        self._number += 1
        self._piece.began.append(sent)
        yield frame_of({"path": shipment.target, "size": first.st_size, "mode": stat.S_IMODE(first.st_mode) & 0o777})
        digest = hashlib.sha256()
        left = first.st_size
        while left:
            data = self._read(stream, min(left, PIECE_BYTES), sent)
            digest.update(data)
            left -= len(data)
            self._piece.payload += len(data)
            yield data
        self._compare(sent, first, os.fstat(stream.fileno()))
        sent.sha256 = digest.hexdigest()
        trailer = {"sha256": sent.sha256, "ok": not sent.sentence}
        yield frame_of(trailer | ({"error": sent.sentence} if sent.sentence else {}))

    def _read(self, stream: BinaryIO, count: int, sent: Sent) -> bytes:
        """Zeros where the file has no more: the header has promised a length."""
        try:
            data = b"" if sent.sentence else stream.read(count)
        except OSError as error:
            data = b""
            sent.sentence = _sentence(error, sent.shipment.source)
        if not data:
            sent.sentence = sent.sentence or f"{sent.shipment.source} shrank while it was sent."
            data = bytes(count)
        return data

    def _compare(self, sent: Sent, first: os.stat_result, last: os.stat_result) -> None:
        if not sent.sentence and (first.st_size, first.st_mtime_ns) != (last.st_size, last.st_mtime_ns):
            sent.sentence = (
                f"{sent.shipment.source} changed while it was sent ({first.st_size} bytes, then {last.st_size})."
            )

    def _miss(self, shipment: Shipment, sentence: str, retryable: bool) -> None:
        self._piece.missed.append(Undelivered(shipment=shipment, sentence=sentence, retryable=retryable))


def sizes_at_home(shipments: Sequence[Shipment]) -> list[tuple[Shipment, int]]:
    """What each file weighs, to cut bundles; one that cannot be looked at weighs nothing and is missed later, with its reason."""
    return [(shipment, _size_at_home(shipment.source)) for shipment in shipments]


def _size_at_home(path: str) -> int:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0


def _open_plain(path: str) -> BinaryIO:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError("it is no plain file")
    return os.fdopen(handle, "rb", 0)


def _sentence(error: Exception, path: str) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{path} cannot be read: {reason}."
