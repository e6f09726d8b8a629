"""A process that does what it is handed: ``python -m rpconsole.adapters.workshop.child``; it ends with its standard input.

Frames of both directions are a length of eight bytes and a pickle. They cross private pipes between two processes of one program:
nothing from outside is ever in their place, though it may be in a text inside them.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from typing import IO, Any

HEAD = struct.Struct("!Q")


def write_frame(stream: IO[bytes], thing: object) -> None:
    """Send one object."""
    body = pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(HEAD.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Any:
    """Receive one object; EOFError when the other side is gone."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError("the other side is gone")
    (length,) = HEAD.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        raise EOFError("the other side is gone")
    return pickle.loads(body)


def main() -> None:
    """Serve until the other side is gone."""
    # whatever the work prints must not come between the frames
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            work, given = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = (True, work(given))
        except Exception as error:
            answer = (False, error)
        write_frame(answers, answer)


if __name__ == "__main__":
    main()
