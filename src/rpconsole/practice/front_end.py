"""A front end: commands through /bin/sh with the site's environment, and what they print."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncssh

from rpconsole.practice.doors import Door, Doors
from rpconsole.practice.moab.slurm import HOST_VARIABLE
from rpconsole.practice.piped_child import PIECE_BYTES, PipedChild


class FrontEnd(Door):
    """Runs commands; a command whose connection is cut goes on, as under OpenSSH without a terminal."""

    def __init__(self, doors: Doors, host: str) -> None:
        super().__init__(doors, host)
        self._sessions = 0

    def session_requested(self) -> Any:
        limit = int(self.doors.faults.number("max_sessions", self.doors.settings.max_sessions))
        if self.connection is None or self._sessions >= limit:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "open failed")
        channel = self.connection.create_server_channel(encoding=None)
        self._sessions += 1
        return channel, asyncssh.SSHServerProcess(self._serve, None, 3, False)

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        try:
            await self._run(process)
        except* (asyncssh.Error, OSError):
            process.close()  # the connection is gone; the command is not
        finally:
            self._sessions -= 1

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        if process.command is None:
            process.stderr.write(
                f"{self.host}: this front end runs commands only: ssh … {self.host} COMMAND\n".encode()
            )
            process.exit(1)
            return
        environment = {**self.doors.paths.environment(process.get_extra_info("username")), HOST_VARIABLE: self.host}
        child = await PipedChild.start(process.command, self.doors.paths.home, environment)
        feeding = asyncio.create_task(_feed(process.stdin, child.stdin))
        try:
            async with asyncio.TaskGroup() as streams:
                streams.create_task(_tell(child.stdout, process.stdout))
                streams.create_task(_tell(child.stderr, process.stderr))
            _report(process, await child.ended)
        finally:
            feeding.cancel()
            child.drop()


async def _feed(source: asyncssh.SSHReader[bytes], target: asyncio.StreamWriter) -> None:
    """Standard input to the command; a command that does not read it to its end is no matter."""
    with suppress(OSError, asyncssh.Error):
        try:
            while piece := await source.read(PIECE_BYTES):
                target.write(piece)
                await target.drain()
        finally:
            target.close()


async def _tell(source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes]) -> None:
    """Output of the command to the client, as fast as the client takes it."""
    while piece := await source.read(PIECE_BYTES):
        target.write(piece)
        await target.drain()


def _report(process: asyncssh.SSHServerProcess[bytes], code: int) -> None:
    if code >= 0:
        process.exit(code)
    else:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))


def front_end(doors: Doors, host: str) -> Callable[[], FrontEnd]:
    """A maker of one connection's server, as asyncssh wants it."""
    return lambda: FrontEnd(doors, host)
