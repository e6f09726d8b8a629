"""The control channel: requests in, answers out, many at once; no answer waits for a slower one of another lane."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, NamedTuple, Tuple

from . import asked, changing, hunting, looking, polling, reaching, shaping, submitting, walking
from .faults import Fault, fault_of, refused, told
from .frames import FrameBuffer, Garbage, Message, frame_of
from .presence import mine
from .processes import kill_live
from .wire import Wire, hello

# how many requests of a kind are in work at once; the rest wait in their lane
LANES = {"look": 4, "disk": 4, "wait": 32}
EXIT_GARBAGE = 3
#: answered by whoever reads the requests: a sign of life may not wait behind slow disks
AT_ONCE = "at once"


class Verb(NamedTuple):
    act: Callable[[Dict[str, Any]], Any]
    fields: Tuple[str, ...]
    lane: str


VERBS: Dict[str, Verb] = {
    "hello": Verb(lambda request: hello(), (), "look"),
    "ping": Verb(lambda request: None, (), AT_ONCE),
    "stat": Verb(looking.stat, ("paths", "hash"), "look"),
    "tail": Verb(looking.tail, ("path", "offset", "limit", "base64"), "look"),
    "disk": Verb(looking.disk, ("path",), "look"),
    "walk": Verb(walking.walk, ("path",), "disk"),
    "shape": Verb(shaping.shape, ("path",), "disk"),
    "make_shape": Verb(shaping.make_shape, ("roots", "folders", "links"), "disk"),
    "ages": Verb(looking.ages, ("paths",), "disk"),
    "receipt": Verb(submitting.receipt, ("claim_dir",), "look"),
    "submit": Verb(submitting.submit, ("claim_dir", "argv", "cwd", "name", "env", "wait_s", "timeout_s"), "wait"),
    "run": Verb(polling.run, ("argv", "timeout_s", "cwd", "stdin", "env"), "wait"),
    "poll": Verb(polling.poll, ("queue", "runs"), "wait"),
    "reach": Verb(reaching.reach, ("hosts", "timeout_s"), "wait"),
    "put_small": Verb(changing.put_small, ("path", "text", "mode", "root"), "disk"),
    "remove": Verb(changing.remove, ("root", "paths"), "disk"),
    "clean": Verb(changing.clean, ("root", "keep", "helper_age_s", "part_age_s", "dead"), "disk"),
    "hunt": Verb(hunting.hunt, ("owner", "keep"), "disk"),
}


class Service:
    """Reads frames from one end of the wire and lets the lanes answer."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._lanes = {name: ThreadPoolExecutor(count) for name, count in LANES.items()}
        self._silent = threading.Event()

    def serve(self) -> int:
        self._wire.greet(hello())
        buffer = FrameBuffer()
        while True:
            data = os.read(self._wire.fd_in, 1 << 16)
            if not data:
                return EXIT_GARBAGE if buffer.is_lost else 0
            buffer.feed(data)
            self._take_all(buffer)
            if buffer.is_hopeless:
                return EXIT_GARBAGE

    def _take_all(self, buffer: FrameBuffer) -> None:
        while True:
            try:
                message = buffer.take()
            except Garbage as error:
                self._answer(dict(told(refused(str(error))), id=None))
                continue
            if message is None:
                return
            self._accept(message)

    def _accept(self, message: Message) -> None:
        try:
            verb = _verb_of(message)
        except Fault as fault:
            self._answer(dict(told(fault), id=message.get("id")))
            return
        if verb.lane == AT_ONCE:
            self._perform(verb, message)
            return
        lane = "disk" if message.get("hash") else verb.lane
        self._lanes[lane].submit(self._perform, verb, message)

    def _perform(self, verb: Verb, message: Message) -> None:
        answer: Message
        try:
            answer = {"ok": True, "result": verb.act(message)}
        except Exception as error:
            answer = told(fault_of(error))
        self._answer(dict(answer, id=message.get("id")))

    def _answer(self, answer: Message) -> None:
        if self._silent.is_set():
            return
        try:
            self._wire.write(_framed(answer))
        except OSError:  # nobody listens any more; the end of the input will tell
            self._silent.set()


def _framed(answer: Message) -> bytes:
    try:
        return frame_of(answer)
    except ValueError as error:
        return frame_of(dict(told(refused(str(error))), id=answer.get("id")))


def _verb_of(message: Message) -> Verb:
    name = message.get("verb")
    if not isinstance(name, str) or name not in VERBS:
        raise refused("unknown verb {!r}{}".format(name, asked.nearest(str(name), VERBS)))
    if isinstance(message.get("id"), (dict, list)) or message.get("id") is None:
        raise refused("{} needs an id, a number or a text".format(name))
    asked.only(message, name, VERBS[name].fields)
    return VERBS[name]


def serve() -> int:
    """Ends at once with the channel: what ``run`` has started is killed, what ``submit`` has started goes on."""
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _leave(0))
    _leave(Service(Wire()).serve())
    return 0


def _leave(code: int) -> None:
    kill_live()
    mine().end()
    sys.stderr.flush()
    # no goodbye to the lanes: they may wait for a slow program or a slow disk
    os._exit(code)
