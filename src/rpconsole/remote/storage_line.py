"""The ssh to one storage host: begun when it is needed, begun anew for later orders when it was lost."""

import collections
import os
import queue
import signal
import subprocess
import threading
from typing import Any, BinaryIO, Callable, Dict, List, Optional

from .frames import Cut, Garbage
from .presence import MARK, mine
from .processes import kill_group
from .program import program_path

_GREETING = b"RPR1 {"
_NOISE_LIMIT_BYTES = 256 << 10
_COMPLAINT_LINES = 20
# of an ssh that ended, how long its last words may take
_LAST_WORDS_S = 2.0
_PATIENCE_S = 5.0


class Order:
    """One file to bring from one path to another; which side is which follows from the verb."""

    def __init__(self, number: int, source: str, target: str, size: Any) -> None:
        self.number = number
        self.source = source
        self.target = target
        #: bytes, where they are known; null otherwise
        self.size = size
        self.sha256 = ""
        self.mtime_ns = 0


class Connection:
    """One process of ssh, what goes into it and what comes out of it."""

    def __init__(self, argv: List[str], program: bool) -> None:
        self.orders: Any = queue.Queue()
        #: orders that this connection has begun and not finished, by number
        self.open: Dict[int, Order] = {}
        #: what went into its stream, by the place there, from 1
        self.sent: Dict[int, Order] = {}
        self._complaints: Any = collections.deque(maxlen=_COMPLAINT_LINES)
        self._program = program
        environ = dict(os.environ, RPR_CARRIER=str(os.getpid()), **{MARK: mine().tag})
        # a password is never asked for, whatever asks
        environ.pop("DISPLAY", None)
        environ.pop("SSH_ASKPASS", None)
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=1 << 20,
            start_new_session=True,
            env=environ,
        )
        mine().started(self._process.pid)
        assert self._process.stdin is not None
        self._into = self._process.stdin.fileno()
        out: Any = self._process.stdout
        self.out: BinaryIO = out
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while len(view):
            view = view[os.write(self._into, view) :]

    def send_program(self) -> None:
        """Where the storage host has no helper it gets ours, ahead of the first frame."""
        if self._program:
            with open(program_path(), "rb") as stream:
                self.write(stream.read())

    def greeted(self) -> None:
        """Past whatever a login shell prints, to the helper's first line; Cut or Garbage where there is none."""
        seen = 0
        while seen < _NOISE_LIMIT_BYTES:
            line = self.out.readline(_NOISE_LIMIT_BYTES)
            if not line:
                raise Cut("it ended before the helper spoke")
            if _GREETING in line:
                return
            seen += len(line)
        raise Garbage("it prints {} bytes before the helper speaks".format(_NOISE_LIMIT_BYTES))

    def kill(self) -> None:
        self.orders.put(None)
        kill_group(self._process.pid, signal.SIGKILL)

    def write_end(self) -> None:
        """No more comes: the other side finishes what it has and goes."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.close()
        except OSError:
            pass

    def end(self) -> str:
        """Let it go; its last words, or how it ended."""
        self.orders.put(None)
        try:
            code = self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            kill_group(self._process.pid, signal.SIGKILL)
            code = self._process.wait()
        mine().ended(self._process.pid)
        why = self.why_it_ended()
        self.write_end()
        self.out.close()
        return why or "ssh ended with exit code {}".format(code)

    def why_it_ended(self) -> str:
        """The last that it complained of, if it did."""
        self._listener.join(_LAST_WORDS_S)
        return str(self._complaints[-1]) if self._complaints else ""

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            words = line.decode("utf-8", "replace").strip()
            if words:
                self._complaints.append(words[:500])


class Line:
    """Orders for one storage host; what a lost connection leaves open is stranded, with a sentence."""

    def __init__(
        self, name: str, argv: List[str], program: bool, way: Any, stranded: Callable[[List[Order], str], None]
    ) -> None:
        self._name = name
        self._argv = argv
        self._program = program
        self._way = way
        self._stranded = stranded
        self._lock = threading.Lock()
        self._connection: Optional[Connection] = None
        self._threads: List[threading.Thread] = []

    def ask(self, order: Order) -> None:
        with self._lock:
            if self._connection is None:
                try:
                    self._connection = self._begun()
                except OSError as error:
                    self._stranded(
                        [order], "{}: {} cannot be run: {}".format(self._name, self._argv[0], error.strerror)
                    )
                    return
            self._connection.open[order.number] = order
            self._connection.orders.put(order)

    def kill(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.kill()

    def join(self, timeout_s: float) -> None:
        for thread in self._threads:
            thread.join(timeout_s)

    def finish(self) -> None:
        """Returns when every order is answered and the connection is gone."""
        with self._lock:
            connection = self._connection
        if connection is not None:
            connection.orders.put(None)
        self.join(1e6)

    def _begun(self) -> Connection:
        connection = Connection(self._argv, self._program)
        self._threads = [
            threading.Thread(target=self._feed, args=(connection,), daemon=True),
            threading.Thread(target=self._take, args=(connection,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return connection

    def _feed(self, connection: Connection) -> None:
        try:
            connection.send_program()
            for order in iter(connection.orders.get, None):
                self._way.put(connection, order)
            connection.write_end()
        except Exception:  # whoever reads from it will tell why
            connection.kill()

    def _take(self, connection: Connection) -> None:
        why = ""
        try:
            connection.greeted()
            self._way.take(connection)
        except Cut:  # ssh says why
            pass
        except Garbage as error:
            why = "it speaks no frames: {}".format(error)
            connection.kill()
        except Exception as error:
            why = str(error) or type(error).__name__
            connection.kill()
        with self._lock:
            self._connection = None
            left, connection.open = list(connection.open.values()), {}
        last_words = connection.end()
        if left:
            self._stranded(left, "{}: {}".format(self._name, why or last_words))
