"""Files between a storage host and this site, begun here: orders come over our channel, bytes over an ssh of our own.

The first frame names the storage hosts: for each the words that reach it, and whether this very program is to be sent ahead of the
frames. Every further one is an order, ``may`` (so many more bytes may move), or a sign of life; with none for a while the session
that we work for is dead, though nobody told us, and everything is ended.
"""

import os
import select
import signal
import sys
import threading
import time
from typing import Any, Dict, List, NamedTuple, Optional

from . import asked
from .faults import TRANSIENT, Fault, fault_of, refused, told
from .frames import FrameBuffer, Garbage, Message
from .metering import Meter
from .paths import root_of
from .presence import mine
from .receiving import Answers, Receiver
from .storage_line import Line, Order
from .storage_ways import Pull, Push
from .wire import Wire, hello

_ENDING_S = 5.0
EXIT_CUT = 1
EXIT_GARBAGE = 3


class Hosts(NamedTuple):
    """The first frame, as it is used."""

    ways: Dict[str, Message]
    quiet_s: float


class Carrier:
    """Takes orders until their end, and ends at once when nobody gives them any more."""

    def __init__(self, verb: str, roots: List[str], wire: Wire) -> None:
        self._wire = wire
        self._answers = Answers(wire)
        self._meter = Meter(self._answers.add)
        self._receiver = Receiver(roots, self._answers, self._meter)
        self._way: Any = (
            Push(roots, self._answers, self._meter) if verb == "push" else Pull(self._receiver, self._meter)
        )
        self._lines: Dict[str, Line] = {}
        self._hosts: Optional[Hosts] = None

    def carry(self) -> None:
        """Raises Garbage for what are no orders, EOFError and TimeoutError when there will be no more."""
        buffer = FrameBuffer()
        while True:
            quiet_s = 60.0 if self._hosts is None else self._hosts.quiet_s
            if not select.select([self._wire.fd_in], [], [], quiet_s)[0]:
                raise TimeoutError("nothing was heard for {:g} s".format(quiet_s))
            data = os.read(self._wire.fd_in, 1 << 16)
            if not data:
                raise EOFError("the session has ended")
            buffer.feed(data)
            for message in iter(buffer.take, None):
                if message.get("end") is True:
                    return self._finish()
                self._heed(message)

    def abandon(self) -> None:
        """What is whole is settled; what is half written is removed, and no ssh of ours stays."""
        self._meter.end()
        deadline = time.monotonic() + _ENDING_S
        for line in self._lines.values():
            line.kill()
        for line in self._lines.values():
            line.join(max(0.0, deadline - time.monotonic()))
        self._receiver.abandon()

    def _finish(self) -> None:
        for line in self._lines.values():
            line.finish()
        self._meter.flush()
        self._receiver.finish()

    def _heed(self, message: Message) -> None:
        if self._hosts is None:
            self._hosts = _hosts_in(message)
        elif "may" in message:
            self._meter.allow(asked.whole(message, "may", None, 0, 1 << 62))
        elif "n" in message:
            self._order(message)

    def _order(self, message: Message) -> None:
        number = asked.whole(message, "n", None, 1, 1 << 60)
        try:
            order = Order(number, asked.text(message, "from"), asked.text(message, "to"), message.get("size"))
            self._line(asked.text(message, "host")).ask(order)
        except Exception as error:
            self._answers.add(dict(told(fault_of(error)), n=number))

    def _line(self, name: str) -> Line:
        assert self._hosts is not None
        if name not in self._hosts.ways:
            raise refused("there is no storage host {!r}{}".format(name, asked.nearest(name, self._hosts.ways)))
        if name not in self._lines:
            how = self._hosts.ways[name]
            self._lines[name] = Line(name, asked.words(how), asked.flag(how, "program"), self._way, self._stranded)
        return self._lines[name]

    def _stranded(self, orders: List[Order], sentence: str) -> None:
        """The storage host was not reached, or was lost: whoever ordered may try another way."""
        self._meter.flush()
        for order in orders:
            self._answers.add(dict(told(Fault(sentence, TRANSIENT)), n=order.number, away=True))


def _hosts_in(message: Message) -> Hosts:
    ways = message.get("hosts")
    if not isinstance(ways, dict) or not all(isinstance(how, dict) for how in ways.values()):
        raise refused("the first frame must name the storage hosts")
    return Hosts(ways=ways, quiet_s=asked.number(message, "quiet_s", 60.0, 0.1, 86400.0))


class _Ended(BaseException):
    """A signal asked us to stop."""


def _end(number: int, frame: Any) -> None:
    raise _Ended


def pull(roots: List[str]) -> int:
    return _carry("pull", roots)


def push(roots: List[str]) -> int:
    return _carry("push", roots)


def _carry(verb: str, roots: List[str]) -> int:
    wire = Wire()
    carrier = Carrier(verb, [root_of(root) for root in roots], wire)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    wire.greet(hello())
    code = 0
    try:
        carrier.carry()
    except (Garbage, Fault) as error:
        _abandoned(carrier)
        _say(wire, dict(told(refused(str(error))), n=None))
        code = EXIT_GARBAGE
    except (OSError, EOFError, _Ended) as error:
        _abandoned(carrier)
        sys.stderr.write("{}: {}\n".format(verb, error or "ended by a signal"))
        code = EXIT_CUT
    try:
        sys.stderr.flush()
    except OSError:
        pass
    mine().end()
    # a thread may wait for a disk that does not answer
    os._exit(code)


def _abandoned(carrier: Carrier) -> None:
    """Whatever a dead session or a disk that does not answer makes wait, there is an end to it."""
    thread = threading.Thread(target=carrier.abandon, daemon=True)
    thread.start()
    thread.join(2 * _ENDING_S)


def _say(wire: Wire, message: Message) -> None:
    """Nobody may be left to hear it."""
    try:
        wire.send(message)
    except OSError:
        pass
