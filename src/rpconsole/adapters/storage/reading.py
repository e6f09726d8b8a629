"""Reading files where one stands, in whatever thread or process; a process beside ours loads this and nothing that waits."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence

from rpconsole.domain.fault import BadData

#: of a file that is read piece by piece
PIECE_BYTES = 1 << 20
#: most files are whole with the first read
READ_BYTES = 1 << 16
#: what is read many at a time came from elsewhere, where it may have grown to any length
SMALL_BYTES = 1 << 20


def read_whole(path: str, most: int | None = None) -> str:
    """A file's text (latin-1 bytes survive); BadData when it cannot be read, or has more than so many bytes."""
    try:
        # a file object would ask for the file's size and kind first: of tens of thousands that is half the time
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return b"".join(_pieces_of(descriptor, path, most)).decode("latin-1")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from None


def _pieces_of(descriptor: int, path: str, most: int | None) -> list[bytes]:
    pieces, size = [], 0
    while piece := os.read(descriptor, READ_BYTES):
        pieces.append(piece)
        size += len(piece)
        if most is not None and size > most:
            raise BadData(f"{path} has more than {most} bytes: it is not what it should be")
    return pieces


def read_each(paths: Sequence[str]) -> list[str | BadData]:
    """See the port's ``reader``."""
    return [_read_or_why(path) for path in paths]


def _read_or_why(path: str) -> str | BadData:
    try:
        return read_whole(path, SMALL_BYTES)
    except BadData as bad:
        return bad


def read_pieces(path: str) -> Generator[str]:
    """The same in pieces that end at line ends."""
    try:
        with open(path, "rb", buffering=0) as file:
            rest = b""
            while data := file.read(PIECE_BYTES):
                whole, border, after = data.rpartition(b"\n")
                if border:
                    yield (rest + whole + border).decode("latin-1")
                    rest = after
                else:
                    rest += data
            if rest:
                yield rest.decode("latin-1")
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from None
