"""Frames: eight lower-case hexadecimal digits of length, a newline, then JSON (an object) of that many bytes."""

import json
import re
from typing import Any, Dict, Optional

Message = Dict[str, Any]

HEADER_BYTES = 9
MAX_FRAME_BYTES = 32 << 20
MAX_GARBAGE_BYTES = 1 << 20
_HEADER = re.compile(rb"[0-9a-f]{8}\n\Z")
_BORDER = re.compile(rb"[0-9a-f]{8}\n\{")


# json.dumps makes a new one for each call
_encoded = json.JSONEncoder(separators=(",", ":")).encode


class Garbage(Exception):
    """These bytes are no frame."""


class Cut(Exception):
    """The stream ended in the middle of something."""


def frame_of(message: Message) -> bytes:
    body = _encoded(message).encode("ascii")
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError("a message of {} bytes is above the limit of {}".format(len(body), MAX_FRAME_BYTES))
    return b"%08x\n" % len(body) + body


def message_of(body: bytes) -> Message:
    try:
        message = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Garbage("the frame holds no JSON: {}".format(error)) from None
    if not isinstance(message, dict):
        raise Garbage("the frame holds no object but {}".format(type(message).__name__))
    return message


def length_of(header: bytes) -> int:
    if not _HEADER.match(header):
        raise Garbage("expected eight hexadecimal digits and a newline, got {!r}".format(bytes(header)))
    length = int(header, 16)
    if length > MAX_FRAME_BYTES:
        raise Garbage("a frame of {} bytes is above the limit of {}".format(length, MAX_FRAME_BYTES))
    return length


def read_exactly(stream: Any, count: int) -> bytes:
    """Raises Cut when the stream ends before."""
    data: bytes = stream.read(count)
    if len(data) != count:
        raise Cut("the stream ended after {} of {} bytes".format(len(data), count))
    return data


def read_frame(stream: Any) -> Optional[Message]:
    """The next message of a blocking stream; None where it ends at a border."""
    header = stream.read(HEADER_BYTES)
    if not header:
        return None
    if len(header) < HEADER_BYTES:
        raise Cut("the stream ended inside a frame header")
    return message_of(read_exactly(stream, length_of(header)))


class FrameBuffer:
    """Turns chunks of bytes into messages, and finds the next border after damage."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._skipped = 0
        self.is_lost = False

    def feed(self, data: bytes) -> None:
        self._bytes += data

    @property
    def is_hopeless(self) -> bool:
        return self._skipped > MAX_GARBAGE_BYTES

    @property
    def is_between_frames(self) -> bool:
        return not self._bytes and not self.is_lost

    def take(self) -> Optional[Message]:
        """The next message, None when more bytes are needed; raises Garbage once for each damage."""
        if self.is_lost and not self._found_border():
            return None
        if len(self._bytes) < HEADER_BYTES:
            return None
        try:
            length = length_of(bytes(self._bytes[:HEADER_BYTES]))
        except Garbage:
            self.is_lost = True
            del self._bytes[:1]
            raise
        if len(self._bytes) < HEADER_BYTES + length:
            return None
        body = bytes(self._bytes[HEADER_BYTES : HEADER_BYTES + length])
        del self._bytes[: HEADER_BYTES + length]
        self._skipped = 0
        return message_of(body)

    def _found_border(self) -> bool:
        border = _BORDER.search(self._bytes)
        if border is None:
            # the last bytes may be the beginning of a border
            loss = max(0, len(self._bytes) - HEADER_BYTES)
        else:
            loss = border.start()
        self._skipped += loss
        del self._bytes[:loss]
        self.is_lost = border is None
        return border is not None
