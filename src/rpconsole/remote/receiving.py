"""Files coming in, one stream: header frame, bytes, trailer frame; one acknowledgement a file.

A file that cannot be written fails alone: its bytes are read past and the stream goes on. Files are flushed to disk and
renamed beside the reading of the next ones, so acknowledgements come in the order of completion and carry the number of
their file.
"""

import hashlib
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, Callable, Dict, List, Optional

from .faults import TRANSIENT, Fault, fault_of, refused, told
from .frames import Cut, Garbage, Message, frame_of, read_exactly, read_frame
from .metering import Meter
from .paths import below_any, make_folder, part_path, remove_quietly, root_of
from .wire import Wire, hello

_CHUNK_BYTES = 1 << 20
_SETTLERS = 4
_UNSETTLED = 64
# how long an acknowledgement waits for others
_GATHER_S = 0.005
_LARGEST_BYTES = 1 << 44
EXIT_CUT = 1
EXIT_GARBAGE = 3


class Incoming:
    """One file on its way: a temporary name until it is whole."""

    def __init__(self, number: int, path: str, header: Message) -> None:
        self.number = number
        self.path = path
        self.size = int(header["size"])
        self.expected: Any = header.get("sha256")
        self.digest = hashlib.sha256()
        self.fault: Optional[Fault] = None
        self.mtime_ns = 0
        self._mode = header.get("mode")
        self._mtime_ns = header.get("mtime_ns")
        self._part = "{}.{}.part".format(part_path(path)[: -len(".part")], number)
        self._handle = -1

    def open(self) -> None:
        make_folder(os.path.dirname(self.path))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = os.open(self._part, flags, 0o644 if self._mode is None else int(self._mode) & 0o777)

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        view = memoryview(data)
        while len(view):
            view = view[os.write(self._handle, view) :]

    def settle(self) -> None:
        """Onto the disk and to its name; after this the file is there for good."""
        if self._mode is not None:
            os.fchmod(self._handle, int(self._mode) & 0o777)
        if self._mtime_ns is not None:
            os.utime(self._handle, ns=(int(self._mtime_ns), int(self._mtime_ns)))
        os.fsync(self._handle)
        self.mtime_ns = os.fstat(self._handle).st_mtime_ns
        os.rename(self._part, self.path)
        self._close()

    def drop(self) -> None:
        if self._handle >= 0:
            remove_quietly(self._part)
            self._close()

    def _close(self) -> None:
        os.close(self._handle)
        self._handle = -1


class Answers:
    """Acknowledgements of files that ended within a few milliseconds go as one write: small files come by the thousand."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: List[bytes] = []
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def add(self, answer: Message) -> None:
        frame = frame_of(answer)
        with self._changed:
            self._waiting.append(frame)
            self._changed.notify()

    def end(self) -> None:
        """Returns when all are written."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._thread.join()

    def _write_all(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._is_over:
                    self._changed.wait()
                if not self._waiting:
                    return
            if not self._is_over:
                time.sleep(_GATHER_S)
            with self._changed:
                frames, self._waiting = self._waiting, []
            try:
                self._wire.write(b"".join(frames))
            except OSError:  # the sender is gone; the end of its stream will tell
                pass


class Receiver:
    def __init__(self, roots: List[str], answers: Answers, meter: Optional[Meter] = None) -> None:
        self._roots = roots
        self._meter = meter
        self._pool = ThreadPoolExecutor(_SETTLERS)
        self._room = threading.BoundedSemaphore(_UNSETTLED)
        self._open: Dict[int, Incoming] = {}
        self._counts = {True: 0, False: 0}
        self._lock = threading.Lock()
        self._answers = answers

    def receive(self, stream: BinaryIO) -> None:
        """Until the stream ends at a border, or an end frame."""
        number = 0
        while True:
            header = read_frame(stream)
            if header is None or header.get("end") is True:
                break
            number += 1
            self.take(stream, number, header)
        self.finish()

    def finish(self) -> None:
        """Returns when all that came whole is settled and every answer is written."""
        self._pool.shutdown()
        self._answers.add({"end": True, "files": self._counts[True], "failed": self._counts[False]})
        self._answers.end()

    def abandon(self) -> None:
        """What is whole is settled; what is half written is removed."""
        self._pool.shutdown()
        for incoming in list(self._open.values()):
            incoming.drop()
        self._answers.end()

    def refuse(self, number: int, why: Message) -> None:
        """The other side has no such file to send."""
        self._acknowledge(number, why.get("path"), {"ok": False, "kind": why.get("kind"), "error": why.get("error")})

    def take(self, stream: BinaryIO, number: int, header: Message) -> None:
        """One file, up to and with its trailer; its number is what it is acknowledged by."""
        size = header.get("size")
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST_BYTES:
            raise Garbage("the header of {!r} has no usable size: {!r}".format(header.get("path"), size))
        incoming = None
        fault = None
        try:
            incoming = self._opened(number, header)
        except Exception as error:
            fault = fault_of(error, "cannot receive {}".format(header.get("path")))
        try:
            fault = self._body(stream, size, incoming, fault)
            trailer = read_frame(stream)
            if trailer is None:
                raise Cut("the stream ended before the trailer of {!r}".format(header.get("path")))
        except BaseException:
            self._drop(number)
            raise
        self._close(number, header, incoming, fault, trailer)

    def _drop(self, number: int) -> None:
        incoming = self._open.pop(number, None)
        if incoming is not None:
            incoming.drop()

    def _opened(self, number: int, header: Message) -> Incoming:
        for name in ("mode", "mtime_ns"):
            value = header.get(name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise refused("{} must be a whole number, not {!r}".format(name, value))
        incoming = Incoming(number, below_any(self._roots, header.get("path")), header)
        self._open[number] = incoming
        incoming.open()
        return incoming

    def _body(
        self, stream: BinaryIO, size: int, incoming: Optional[Incoming], fault: Optional[Fault]
    ) -> Optional[Fault]:
        left = size
        while left:
            data = self._read(stream, min(left, _CHUNK_BYTES))
            left -= len(data)
            if incoming is None or fault is not None:
                continue
            try:
                incoming.write(data)
            except OSError as error:
                fault = fault_of(error, "cannot write {}".format(incoming.path))
        return fault

    def _read(self, stream: BinaryIO, count: int) -> bytes:
        if self._meter is None:
            return read_exactly(stream, count)
        self._meter.pay(count)
        data = read_exactly(stream, count)
        self._meter.moved(count)
        return data

    def _close(
        self, number: int, header: Message, incoming: Optional[Incoming], fault: Optional[Fault], trailer: Message
    ) -> None:
        if incoming is not None and fault is None:
            fault = _disagreement(incoming, trailer)
        if incoming is None or fault is not None:
            self._open.pop(number, None)
            if incoming is not None:
                incoming.drop()
            self._acknowledge(number, header.get("path"), told(fault or refused("no file was opened")))
            return
        self._room.acquire()
        self._pool.submit(self._settle, incoming, header.get("path"))

    def _settle(self, incoming: Incoming, shown: Any) -> None:
        try:
            incoming.settle()
            answer: Message = {"ok": True, "size": incoming.size, "sha256": incoming.digest.hexdigest()}
            answer["mtime_ns"] = incoming.mtime_ns
        except Exception as error:
            answer = told(fault_of(error, "cannot finish {}".format(incoming.path)))
            incoming.drop()
        finally:
            self._open.pop(incoming.number, None)
            self._room.release()
        self._acknowledge(incoming.number, shown, answer)

    def _acknowledge(self, number: int, shown: Any, answer: Message) -> None:
        with self._lock:
            self._counts[bool(answer["ok"])] += 1
        self._answers.add(dict(answer, n=number, path=shown))


def _disagreement(incoming: Incoming, trailer: Message) -> Optional[Fault]:
    """The sender's own failure, or a checksum that differs from the bytes that came."""
    if trailer.get("ok") is False:
        return Fault(
            "the sender gave up {}: {}".format(incoming.path, trailer.get("error", "no reason given")), TRANSIENT
        )
    found = incoming.digest.hexdigest()
    for side, expected in (("trailer", trailer.get("sha256")), ("header", incoming.expected)):
        if expected is not None and expected != found:
            return Fault(
                "{} arrived with sha256 {} but its {} says {}".format(incoming.path, found, side, expected), TRANSIENT
            )
    if trailer.get("sha256") is None:
        return refused("the trailer of {} holds no sha256".format(incoming.path))
    return None


class _Ended(BaseException):
    """A signal asked us to stop."""


def receive(roots: List[str]) -> int:
    wire = Wire()
    receiver = Receiver([root_of(root) for root in roots], Answers(wire))
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    wire.greet(hello())
    try:
        with os.fdopen(wire.fd_in, "rb", _CHUNK_BYTES) as stream:
            receiver.receive(stream)
        return 0
    except Garbage as error:
        receiver.abandon()
        _say(wire.send, dict(told(refused(str(error))), n=None, path=None))
        return EXIT_GARBAGE
    except (Cut, OSError, _Ended) as error:
        receiver.abandon()
        _say(sys.stderr.write, "receive: {}\n".format(error or "ended by a signal"))
        return EXIT_CUT


def _say(speak: Callable[[Any], Any], word: Any) -> None:
    """Nobody may be left to hear it."""
    try:
        speak(word)
    except OSError:
        pass


def _end(number: int, frame: Any) -> None:
    raise _Ended
