"""A command on a terminal of its own, as a person has it before him."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tests.fakes.process import ROOT


def _as_from_a_shell() -> None:
    """The terminal is its own, and Ctrl-C reaches it: a test run in the background would hand on that it is ignored."""
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """Its stdin is elsewhere, as in a script."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.master, self._slave = pty.openpty()
        self.seen = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=self._slave,
            stderr=self._slave,
            cwd=ROOT,
            env=environ,
            start_new_session=True,
            preexec_fn=_as_from_a_shell,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self.master)
        os.close(self._slave)

    def until(self, words: str, within_s: float = 60.0) -> None:
        """Read until the words are seen."""
        end = time.monotonic() + within_s
        while words not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.master], [], [], 0.1)[0]:
                self._read()

    def _read(self) -> None:
        """What is there; a character may come in two pieces."""
        self.seen += self._decoder.decode(os.read(self.master, 65536))

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._slave)[3] & termios.ECHO)

    def until_silent(self, within_s: float = 60.0) -> None:
        """A secret may be typed."""
        end = time.monotonic() + within_s
        while self.echoes():
            assert time.monotonic() < end, self.seen
            time.sleep(0.005)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def ended(self) -> int:
        """Its exit code, once everything that it wrote is read."""
        code = self.child.wait(timeout=60)
        while select.select([self.master], [], [], 0.2)[0]:
            self._read()
        return code
