"""One ``srun --multi-prog``: so many tasks at once, a rank each; what they tell comes line by line."""

import json
import os
import selectors
import signal
import subprocess
import sys
from typing import Any, Dict, Iterator, List, Set

from .faults import Fault
from .hearing import Hearing, beat_s
from .multi_prog import SCRIPT, SCRIPT_NAME, config_text, srun_command
from .one import LINE
from .paths import make_folder, write_whole
from .program import program_path


class Chunk:
    """Files of its own beside the results, removed at its end; raises Fault when srun cannot be started."""

    def __init__(
        self, stem: str, nodes: List[str], orders: List[Dict[str, Any]], wakeup: int, silence_s: float
    ) -> None:
        self._files = [stem + ".list", stem + ".conf"]
        self.left: Set[int] = {order["task"] for order in orders}
        #: task -> the node that began it
        self.began: Dict[int, str] = {}
        self._hearing = Hearing(nodes[: len(orders)], silence_s)
        #: nodes from which nothing came for so long that they count as dead
        self.silent: Set[str] = set()
        self._text = b""
        self._wakeup = wakeup
        # beside this program, since the line that names it must be short
        script = os.path.join(os.path.dirname(program_path()), SCRIPT_NAME)
        make_folder(os.path.dirname(stem))
        write_whole(script, SCRIPT.encode("ascii"))
        os.chmod(script, 0o755)
        write_whole(self._files[0], b"".join(json.dumps(order).encode("ascii") + b"\n" for order in orders))
        write_whole(self._files[1], config_text(len(orders), script).encode("utf-8"))
        self._process = self._started(srun_command(len(orders), nodes, self._files[1]), beat_s(silence_s))
        assert self._process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._selector.register(wakeup, selectors.EVENT_READ)
        self.is_open = True

    def _started(self, argv: List[str], every_s: float) -> "subprocess.Popen[bytes]":
        environ = dict(os.environ, SLURM_CPU_BIND="none", RPR_CHUNK=self._files[0], RPR_PROGRAM=program_path())
        environ.update(RPR_PYTHON=sys.executable or "python3", RPR_BEAT_S="{:g}".format(every_s))
        try:
            # its input stays open as long as we live: the ranks end with it
            return subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, start_new_session=True
            )
        except OSError as error:
            raise Fault("the runner 'multi-prog' cannot start srun: {}".format(error.strerror)) from None

    def listen(self, patience_s: float) -> Iterator[Dict[str, Any]]:
        """What the ranks have told since, the ends of tasks only."""
        ready = self._selector.select(patience_s)
        self._hearing.listened(patience_s)
        for key, _ in ready:
            if key.fd == self._wakeup:
                os.read(self._wakeup, 4096)
                continue
            data = os.read(key.fd, 1 << 16)
            self.is_open = bool(data)
            *lines, self._text = (self._text + data).split(b"\n")
            for line in lines:
                message = _message_of(line)
                if message.get("node"):
                    self._hearing.heard(message["node"])
                if "began" in message:
                    self.began[message["began"]] = message.get("node", "")
                elif message.get("ended") in self.left:
                    self.left.discard(message["ended"])
                    yield message

    def waits_for_the_silent(self, now: float) -> bool:
        """Whether all that is left is with nodes that count as dead; ranks that never began are with those never heard."""
        holders = {self.began[task] for task in self.left if task in self.began}
        if any(task not in self.began for task in self.left):
            if not self._hearing.unheard and not self._hearing.is_still(now):
                return False
            holders |= self._hearing.unheard
        if not self.left or not holders <= self._hearing.silent(now):
            return False
        self.silent = holders
        return True

    def lost(self) -> Dict[str, List[int]]:
        """Tasks without an end, by the node that began them; a silent one is named also where none began."""
        lost: Dict[str, List[int]] = {node: [] for node in sorted(self.silent)}
        for task in sorted(self.left & set(self.began)):
            lost.setdefault(self.began[task], []).append(task)
        return lost

    def signal(self, number: int) -> None:
        """SIGTERM goes on to every rank; SIGKILL ends srun, and with its input the ranks."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def close(self) -> int:
        """srun's exit code."""
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            code = self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            code = self._process.wait()
        for path in self._files:
            try:
                os.unlink(path)
            except OSError:
                pass
        return code


def _message_of(line: bytes) -> Dict[str, Any]:
    """Nothing where somebody else printed."""
    if not line.startswith(LINE):
        return {}
    try:
        message = json.loads(line[len(LINE) :].decode("utf-8"))
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
