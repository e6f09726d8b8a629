"""Files going out, one stream: a header frame, bytes, and a trailer frame that says whether they are right; small ones by the handful."""

import hashlib
import os
import queue
import sys
import threading
from typing import Any, BinaryIO, Callable, List, Optional, Tuple

from .faults import TRANSIENT, Fault, fault_of, refused
from .frames import Cut, Garbage, Message, frame_of, read_frame
from .handful import Handful, changed, read_small
from .intake import Intake, widen
from .looking import open_regular
from .paths import below_any, root_of
from .presence import mine
from .wire import Wire, hello

_CHUNK_BYTES = 256 << 10
# so much of small files goes as one write
_GATHER_BYTES = 128 << 10
# paths are handed over some at a time, and so many handfuls wait at most
_ASKED_AT_ONCE = 64
_ASKED_AHEAD = 64
EXIT_CUT = 1
EXIT_GARBAGE = 3
_END = object()


class Giver:
    def __init__(self, roots: List[str], wire: Wire) -> None:
        self._roots = roots
        self._wire = wire
        self._given = 0
        self._failed = 0
        self._waiting: List[bytes] = []
        self._held = 0
        self._handful = Handful(self._put)

    def give(self, asked: Any) -> None:
        for messages in iter(asked.get, _END):
            if isinstance(messages, BaseException):
                self._handful.flush()
                self._flush()
                raise messages
            for message in messages:
                self._answer(message)
            if asked.empty():
                self._handful.flush()
                self._flush()
        self._handful.flush()
        self._put(frame_of({"end": True, "files": self._given, "failed": self._failed}))
        self._flush()

    def _put(self, data: bytes) -> None:
        self._waiting.append(data)
        self._held += len(data)
        if self._held >= _GATHER_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            data = b"".join(self._waiting)
            self._waiting, self._held = [], 0
            self._wire.write(data)

    def _answer(self, message: Message) -> None:
        paths = message.get("paths")
        if paths is None:
            self._one(message)
            return
        if not isinstance(paths, list):
            raise Garbage("paths must be a list, not {!r}".format(paths))
        for path in paths:
            self._of_many(path)

    def _of_many(self, shown: Any) -> None:
        try:
            found = read_small(below_any(self._roots, shown), shown)
        except Exception as error:
            self._handful.name(fault_of(error, "cannot give {}".format(shown)))
            self._failed += 1
            return
        if found is None:
            self._handful.pass_by()
            self._one({"path": shown})
            return
        self._handful.add(*found)
        self._given += 1

    def _one(self, message: Message) -> None:
        shown = message.get("path")
        try:
            stream = _opened(below_any(self._roots, shown), message.get("size"))
        except Exception as error:
            fault = fault_of(error, "cannot give {}".format(shown))
            self._failed += 1
            self._put(frame_of({"path": shown, "error": str(fault), "kind": fault.kind}))
            return
        with stream:
            found = os.fstat(stream.fileno())
            more = {"path": shown, "mtime_ns": found.st_mtime_ns, "mode": found.st_mode & 0o777}
            spoiled, _ = send_file(self._put, more, str(shown), stream)
        self._given += spoiled is None
        self._failed += spoiled is not None


def _opened(path: str, expected: Any) -> Any:
    """Refused where it is not as long as whoever asks for it was told, which may be null."""
    stream = open_regular(path, buffering=0)
    size = os.fstat(stream.fileno()).st_size
    if expected is not None and expected != size:
        stream.close()
        raise Fault("it has {} bytes, not the {} that it was entered with".format(size, expected))
    return stream


def send_file(
    write: Callable[[bytes], None], header: Message, shown: str, stream: BinaryIO
) -> Tuple[Optional[Fault], str]:
    """Header, bytes and trailer of an open file; why the bytes are not the file, and the sha256 of those that went."""
    first = os.fstat(stream.fileno())
    head = frame_of(dict(header, size=first.st_size))
    digest = hashlib.sha256()
    left = first.st_size
    fault: Optional[Fault] = None
    while left:
        data = _read(stream, min(left, _CHUNK_BYTES)) if fault is None else b""
        if isinstance(data, Fault):
            fault, data = data, b""
        if not data:
            fault = fault or Fault("{} shrank while it was sent".format(shown), TRANSIENT)
            data = bytes(min(left, _CHUNK_BYTES))
        digest.update(data)
        left -= len(data)
        if len(data) < _GATHER_BYTES:
            # header and bytes of a small file are one write
            write(head + data)
        else:
            write(head)
            write(data)
        head = b""
    fault = fault or changed(shown, first, os.fstat(stream.fileno()))
    trailer: Message = {"sha256": digest.hexdigest(), "ok": fault is None}
    if fault is not None:
        trailer.update(error=str(fault), kind=fault.kind)
    write(head + frame_of(trailer))
    return fault, digest.hexdigest()


def _read(stream: BinaryIO, count: int) -> Any:
    try:
        return stream.read(count)
    except OSError as error:
        return fault_of(error, "cannot read on")


def _read_requests(stream: Intake, asked: Any) -> None:
    some: List[Message] = []
    try:
        while True:
            if some and (len(some) >= _ASKED_AT_ONCE or stream.is_dry):
                asked.put(some)
                some = []
            message = read_frame(stream)
            if message is None or message.get("end") is True:
                break
            some.append(message)
        asked.put(some)
        asked.put(_END)
    except BaseException as error:
        asked.put(some)
        asked.put(error)


def give(roots: List[str]) -> int:
    wire = Wire()
    giver = Giver([root_of(root) for root in roots], wire)
    wire.greet(hello())
    asked: Any = queue.Queue(_ASKED_AHEAD)
    widen(wire.fd_out)
    threading.Thread(target=_read_requests, args=(Intake(wire.fd_in), asked), daemon=True).start()
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
    mine().end()
    sys.stderr.flush()
    os._exit(code)
