"""Files going out, one stream: a header frame, bytes, and a trailer frame that says whether they are right."""

import hashlib
import os
import queue
import sys
import threading
from typing import Any, BinaryIO, Callable, List, Optional, Tuple

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
            stream = _opened(below_any(self._roots, shown), message.get("size"))
        except Exception as error:
            fault = fault_of(error, "cannot give {}".format(shown))
            self._failed += 1
            self._wire.send({"path": shown, "error": str(fault), "kind": fault.kind})
            return
        with stream:
            found = os.fstat(stream.fileno())
            more = {"path": shown, "mtime_ns": found.st_mtime_ns, "mode": found.st_mode & 0o777}
            spoiled, _ = send_file(self._wire.write, more, str(shown), stream)
        self._given += spoiled is None
        self._failed += spoiled is not None


def _opened(path: str, expected: Any) -> Any:
    """Refused where it is not as long as whoever asks for it was told, which may be null."""
    stream = open_regular(path)
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
        # a small file is one write: header and bytes together
        write(head + data)
        head = b""
    fault = fault or _changed(shown, first, os.fstat(stream.fileno()))
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
