"""Files going out, one stream: a header frame, bytes, and a trailer frame that says whether they are right."""

import hashlib
import os
import queue
import sys
import threading
from typing import Any, BinaryIO, List, Optional

from .faults import TRANSIENT, Fault, fault_of, refused
from .frames import Cut, Garbage, Message, frame_of, read_frame
from .looking import open_regular
from .paths import below_any, root_of
from .wire import Wire, hello

_CHUNK_BYTES = 1 << 20
_ASKED_AHEAD = 4096
EXIT_CUT = 1
EXIT_GARBAGE = 3
_END = object()


class Giver:
    def __init__(self, roots: List[str], wire: Wire) -> None:
        self._roots = roots
        self._wire = wire
        self._given = 0
        self._failed = 0

    def give(self, asked: Any) -> None:
        for message in iter(asked.get, _END):
            if isinstance(message, BaseException):
                raise message
            self._one(message)
        self._wire.send({"end": True, "files": self._given, "failed": self._failed})

    def _one(self, message: Message) -> None:
        shown = message.get("path")
        try:
            stream = open_regular(below_any(self._roots, shown))
        except Exception as error:
            fault = fault_of(error, "cannot give {}".format(shown))
            self._failed += 1
            self._wire.send({"path": shown, "error": str(fault), "kind": fault.kind})
            return
        with stream:
            fault_or_none = self._file(shown, stream)
        self._given += fault_or_none is None
        self._failed += fault_or_none is not None

    def _file(self, shown: Any, stream: BinaryIO) -> Optional[Fault]:
        first = os.fstat(stream.fileno())
        head = frame_of({"path": shown, "size": first.st_size, "mtime_ns": first.st_mtime_ns})
        digest = hashlib.sha256()
        left = first.st_size
        fault = None
        while left:
            data = self._read(stream, min(left, _CHUNK_BYTES)) if fault is None else b""
            if isinstance(data, Fault):
                fault, data = data, b""
            if not data:
                fault = fault or Fault("{} shrank while it was sent".format(shown), TRANSIENT)
                data = bytes(min(left, _CHUNK_BYTES))
            digest.update(data)
            left -= len(data)
            # a small file is one write: header and bytes together
            self._wire.write(head + data)
            head = b""
        fault = fault or _changed(shown, first, os.fstat(stream.fileno()))
        trailer: Message = {"sha256": digest.hexdigest(), "ok": fault is None}
        if fault is not None:
            trailer.update(error=str(fault), kind=fault.kind)
        self._wire.write(head + frame_of(trailer))
        return fault

    def _read(self, stream: BinaryIO, count: int) -> Any:
        try:
            return stream.read(count)
        except OSError as error:
            return fault_of(error, "cannot read on")


def _changed(shown: Any, first: os.stat_result, last: os.stat_result) -> Optional[Fault]:
    if (first.st_size, first.st_mtime_ns) == (last.st_size, last.st_mtime_ns):
        return None
    return Fault(
        "{} changed while it was sent ({} bytes, then {})".format(shown, first.st_size, last.st_size), TRANSIENT
    )


def _read_requests(stream: BinaryIO, asked: Any) -> None:
    try:
        while True:
            message = read_frame(stream)
            if message is None or message.get("end") is True:
                break
            asked.put(message)
        asked.put(_END)
    except BaseException as error:
        asked.put(error)


def give(roots: List[str]) -> int:
    wire = Wire()
    giver = Giver([root_of(root) for root in roots], wire)
    wire.greet(hello())
    asked: Any = queue.Queue(_ASKED_AHEAD)
    stream = os.fdopen(wire.fd_in, "rb", 1 << 16)
    threading.Thread(target=_read_requests, args=(stream, asked), daemon=True).start()
    code = 0
    try:
        giver.give(asked)
    except Garbage as error:
        fault = refused(str(error))
        wire.send({"path": None, "error": str(fault), "kind": fault.kind})
        code = EXIT_GARBAGE
    except (Cut, OSError) as error:
        sys.stderr.write("give: {}\n".format(error))
        code = EXIT_CUT
    sys.stderr.flush()
    os._exit(code)
