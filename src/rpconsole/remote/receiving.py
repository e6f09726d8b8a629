"""Files coming in, one stream: header frame, bytes, trailer frame; one acknowledgement a file.

A file that cannot be written fails alone: its bytes are read past and the stream goes on. Files are flushed to disk and
renamed beside the reading of the next ones, small ones some at a time, so acknowledgements come in the order of completion and
carry the number of their file.
"""

import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from .faults import Fault, fault_of, refused, told
from .frames import Cut, Garbage, Message, frame_of, read_exactly, read_frame
from .incoming import Incoming, Outcome
from .intake import Intake
from .metering import Meter
from .paths import below_any, root_of
from .presence import mine
from .wire import Wire, hello

_CHUNK_BYTES = 256 << 10
_SETTLERS = 4
# large files, or handfuls of small ones
_UNSETTLED = 16
# a small file is held whole, and handed over with others: so many, or so many bytes
_SMALL_BYTES = 256 << 10
_SMALL_AT_ONCE = 32
_HELD_BYTES = 512 << 10
# how long an acknowledgement waits for others
_GATHER_S = 0.005
_LARGEST_BYTES = 1 << 44
EXIT_CUT = 1
EXIT_GARBAGE = 3


class Small(NamedTuple):
    """A file that has come whole, in memory."""

    number: int
    header: Message
    data: bytes
    trailer: Message


class Answers:
    """Acknowledgements of files that ended within a few milliseconds go as one write: small files come by the thousand."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: List[bytes] = []
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def add(self, *answers: Message) -> None:
        frames = b"".join(map(frame_of, answers))
        with self._changed:
            self._waiting.append(frames)
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
        self._small: List[Small] = []
        self._held = 0
        self._counts = {True: 0, False: 0}
        self._lock = threading.Lock()
        self._answers = answers

    def receive(self, stream: Intake) -> None:
        """Until the stream ends at a border, or an end frame."""
        number = 0
        while True:
            if self._small and (self._is_enough() or stream.is_dry):
                self._hand_over()
            header = read_frame(stream)
            if header is None or header.get("end") is True:
                break
            number += 1
            size = _size_in(header)
            if size > _SMALL_BYTES:
                self.take(stream, number, header)
                continue
            data = read_exactly(stream, size)
            self._small.append(Small(number, header, data, _trailer(stream, header)))
            self._held += size
        self.finish()

    def finish(self) -> None:
        """Returns when all that came whole is settled and every answer is written."""
        self._hand_over()
        self._pool.shutdown()
        self._answers.add({"end": True, "files": self._counts[True], "failed": self._counts[False]})
        self._answers.end()

    def abandon(self) -> None:
        """What is whole is settled; what is half written is removed."""
        self._hand_over()
        self._pool.shutdown()
        for incoming in list(self._open.values()):
            incoming.drop()
        self._answers.end()

    def refuse(self, number: int, why: Message) -> None:
        """The other side has no such file to send."""
        outcome = Outcome(number, why.get("path"))
        outcome.fault = Fault(str(why.get("error")), str(why.get("kind")))
        self._tell([outcome])

    # -- small files: some at a time, for handing over and waking cost more than they do -----------------------------

    def _is_enough(self) -> bool:
        return len(self._small) >= _SMALL_AT_ONCE or self._held >= _HELD_BYTES

    def _hand_over(self) -> None:
        if self._small:
            some, self._small, self._held = self._small, [], 0
            self._room.acquire()
            self._pool.submit(self._settle_small, some)

    def _settle_small(self, some: List[Small]) -> None:
        self._settle([self._written(small) for small in some])

    def _written(self, small: Small) -> Outcome:
        outcome = self._begun(small.number, small.header)
        if outcome.is_good:
            self._write(outcome, small.data)
        outcome.compare(small.trailer)
        return outcome

    # -- large ones: written while they come -------------------------------------------------------------------------

    def take(self, stream: Any, number: int, header: Message) -> None:
        """One file, up to and with its trailer; its number is what it is acknowledged by. For several threads at once."""
        size = _size_in(header)
        outcome = self._begun(number, header)
        try:
            self._body(stream, size, outcome)
            outcome.compare(_trailer(stream, header))
        except BaseException:
            self._drop(outcome)
            raise
        self._room.acquire()
        self._pool.submit(self._settle, [outcome])

    def _body(self, stream: Any, size: int, outcome: Outcome) -> None:
        left = size
        while left:
            data = self._piece(stream, min(left, _CHUNK_BYTES))
            left -= len(data)
            if outcome.is_good:
                self._write(outcome, data)

    def _piece(self, stream: Any, most: int) -> bytes:
        if self._meter is None:
            return _some_of(stream, most)
        self._meter.pay(most)
        try:
            return _some_of(stream, most)
        finally:
            # what was paid for is told, or it would be missed for ever
            self._meter.moved(most)

    # -- each --------------------------------------------------------------------------------------------------------

    def _begun(self, number: int, header: Message) -> Outcome:
        outcome = Outcome(number, header.get("path"))
        try:
            for name in ("mode", "mtime_ns"):
                value = header.get(name)
                if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                    raise refused("{} must be a whole number, not {!r}".format(name, value))
            incoming = Incoming(number, below_any(self._roots, outcome.shown), header)
            self._open[number] = outcome.incoming = incoming
            incoming.open()
        except Exception as error:
            outcome.fault = fault_of(error, "cannot receive {}".format(outcome.shown))
        return outcome

    def _write(self, outcome: Outcome, data: bytes) -> None:
        assert outcome.incoming is not None
        try:
            outcome.incoming.write(data)
        except Exception as error:
            outcome.fault = fault_of(error, "cannot write {}".format(outcome.incoming.path))
            # at once: the next file may need the room
            outcome.incoming.drop()

    def _settle(self, outcomes: List[Outcome]) -> None:
        """All are on the disk before the first appears: a disk that gathers its flushes does most of them at once."""
        try:
            for outcome in outcomes:
                outcome.attempt(Incoming.flush)
            for outcome in outcomes:
                outcome.attempt(Incoming.appear)
        finally:
            self._room.release()
        for outcome in outcomes:
            if outcome.is_good:
                self._open.pop(outcome.number, None)
            else:
                self._drop(outcome)
        self._tell(outcomes)

    def _drop(self, outcome: Outcome) -> None:
        self._open.pop(outcome.number, None)
        if outcome.incoming is not None:
            outcome.incoming.drop()

    def _tell(self, outcomes: List[Outcome]) -> None:
        with self._lock:
            for outcome in outcomes:
                self._counts[outcome.is_good] += 1
        self._answers.add(*[outcome.answer() for outcome in outcomes])


def _some_of(stream: Any, most: int) -> bytes:
    """What has come of an intake, at least one byte; all that was asked for of any other stream."""
    data: bytes = stream.some(most) if isinstance(stream, Intake) else read_exactly(stream, most)
    if not data:
        raise Cut("the stream ended inside a file")
    return data


def _size_in(header: Message) -> int:
    size = header.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST_BYTES:
        raise Garbage("the header of {!r} has no usable size: {!r}".format(header.get("path"), size))
    return size


def _trailer(stream: Intake, header: Message) -> Message:
    trailer = read_frame(stream)
    if trailer is None:
        raise Cut("the stream ended before the trailer of {!r}".format(header.get("path")))
    return trailer


class _Ended(BaseException):
    """A signal asked us to stop."""


def receive(roots: List[str]) -> int:
    wire = Wire()
    receiver = Receiver([root_of(root) for root in roots], Answers(wire))
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    wire.greet(hello())
    try:
        receiver.receive(Intake(wire.fd_in))
        return 0
    except Garbage as error:
        receiver.abandon()
        _say(wire.send, dict(told(refused(str(error))), n=None, path=None))
        return EXIT_GARBAGE
    except (Cut, OSError, _Ended) as error:
        receiver.abandon()
        _say(sys.stderr.write, "receive: {}\n".format(error or "ended by a signal"))
        return EXIT_CUT
    finally:
        mine().end()


def _say(speak: Callable[[Any], Any], word: Any) -> None:
    """Nobody may be left to hear it."""
    try:
        speak(word)
    except OSError:
        pass


def _end(number: int, frame: Any) -> None:
    raise _Ended
