"""The fake engine's process for tests: start it, wait until it serves, end it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fakes import commands
from tests.servers.typed import typed

from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.errors import EngineGone, NoEngine

ROOT = Path(__file__).parents[2]
#: the command line over the fake configuration; a folder and the words follow
COMMAND = [sys.executable, "-m", "tests.fakes.commands"]
ENVIRON = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "LOGNAME": "ann"}


class EngineProcess:
    """``python -m tests.fakes.daemon`` as a child; ended on exit, whatever the test did."""

    def __init__(self, socket_path: Path, log_file: Path | None = None, environ: dict[str, str] | None = None) -> None:
        self.socket_path = socket_path
        command = [sys.executable, "-m", "tests.fakes.daemon", str(socket_path)]
        self._child = subprocess.Popen(
            command if log_file is None else [*command, str(log_file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", **(environ or {})},
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.communicate()

    @property
    def pid(self) -> int:
        return self._child.pid

    async def ready(self, within_s: float = 90.0) -> None:
        """Return when the process serves."""
        async with asyncio.timeout(within_s):
            while True:
                try:
                    async with await EngineClient.connect(self.socket_path):
                        return
                except (NoEngine, EngineGone):
                    assert self._child.poll() is None, self._child.communicate()[1]
                    await asyncio.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def ended(self, within_s: float = 60.0) -> tuple[int, str]:
        """Its exit code and what it wrote to stderr."""
        _, err = self._child.communicate(timeout=within_s)
        return self._child.returncode, err


@asynccontextmanager
async def an_engine(folder: Path) -> AsyncIterator[EngineProcess]:
    """A fake engine where the fake configuration of this folder looks for one."""
    with EngineProcess(folder / "run" / "engine.sock", folder / "engine.log") as engine:
        await engine.ready()
        yield engine


def script(folder: Path, *words: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    """A command as a script runs it: no terminal, answers on stdin."""
    return typed([str(folder), *words], stdin=answers, cwd=ROOT, environ=ENVIRON, within_s=90, main=commands.main)
