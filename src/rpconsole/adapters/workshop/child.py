"""A process that does what it is handed: ``python -m rpconsole.adapters.workshop.child``; it ends with its standard input.

Frames of both directions are a length of eight bytes and a pickle. They cross private pipes between two processes of one program:
nothing from outside is ever in their place, though it may be in a text inside them.
"""

from __future__ import annotations

import gc
import os
import pickle
import struct
import sys
from typing import IO, Any

HEAD = struct.Struct("!Q")
#: objects that are made before the rings among them are looked for
YOUNG = 200_000


def packed(thing: object) -> bytes:
    """An object as it crosses."""
    return pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(body: bytes) -> Any:
    """The object that crossed."""
    return pickle.loads(body)


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Send one packed object."""
    stream.write(HEAD.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Receive one packed object; EOFError when the other side is gone."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError("the other side is gone")
    (length,) = HEAD.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError("the other side is gone")
    return body


def main() -> None:
    """Serve until the other side is gone."""
    # what is made here lives until its answer is sent: looking for rings in it again and again finds none
    gc.freeze()
    gc.set_threshold(YOUNG)
    # whatever the work prints must not come between the frames
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            work, given = unpacked(read_frame(sys.stdin.buffer))
        except EOFError:
            return
        try:
            answer = (True, work(given))
        except Exception as error:
            answer = (False, error)
        write_frame(answers, packed(answer))


if __name__ == "__main__":
    main()
