"""A front end inside the test's own process: asyncssh's server with one-time tokens, and knobs for everything that goes wrong."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import asyncssh
from tests.servers.token_card import TokenCard

Round = tuple[str, str, list[tuple[str, bool]]]
ONE_TOKEN: list[Round] = [("", "", [("Token: ", False)])]


class PrivateFrontEnd:
    """Commands run as real processes on this host; tokens are accepted once."""

    def __init__(self, card: TokenCard, *, rounds: Sequence[Round] = tuple(ONE_TOKEN), forwards: bool = False) -> None:
        self.card = card
        self.rounds = rounds
        self.forwards = forwards
        self.max_channels = 10
        self.most_channels = 0
        self.logins: list[bool] = []
        #: how often a login was begun
        self.begun = 0
        self.answers: list[list[str]] = []
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.connections: set[asyncssh.SSHServerConnection] = set()
        #: set while nobody is connected
        self.deserted = asyncio.Event()
        self.deserted.set()
        self.banner = b""
        #: command lines, in order
        self.commands: list[str] = []
        #: changes what flows to a program ("in") or from it ("out", "err")
        self.tamper: Callable[[str, bytes], bytes] = lambda direction, data: data
        self._counter = 0
        self._channels = 0
        self._listener: asyncssh.SSHAcceptor | None = None
        self._processes: set[asyncio.subprocess.Process] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self) -> None:
        self._listener = await asyncssh.create_server(
            lambda: _Door(self),
            "127.0.0.1",
            0,
            server_host_keys=[self.key],
            encoding=None,
            login_timeout=120,
        )
        self.port = self._listener.get_port()

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        await self._listener.wait_closed()
        for process in list(self._processes):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        # a program whose output nobody read would never be seen to end
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in list(self._processes):
            process._transport.close()  # type: ignore[attr-defined]
            await process.wait()

    def cut(self) -> None:
        """End all sessions without a word."""
        for connection in list(self.connections):
            connection.abort()

    def cut_one(self) -> None:
        """End one session, whichever, without a word."""
        next(iter(self.connections)).abort()

    def signal(self, number: signal.Signals) -> None:
        """To every program that runs."""
        for process in list(self._processes):
            # one may end while the others are told
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def known_hosts_line(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.key.export_public_key('openssh').decode().strip()}\n"

    def accepts(self, token: str) -> bool:
        """As pam_oath: the token and all before it are burned."""
        for counter in range(self._counter, self._counter + 50):
            if self.card.code_at(counter) == token:
                self._counter = counter + 1
                return True
        return False

    def take_channel(self) -> bool:
        if self._channels >= self.max_channels:
            return False
        self._channels += 1
        self.most_channels = max(self.most_channels, self._channels)
        return True

    def run(
        self,
        stdin: asyncssh.SSHReader[bytes],
        stdout: asyncssh.SSHWriter[bytes],
        stderr: asyncssh.SSHWriter[bytes],
    ) -> None:
        task = asyncio.create_task(self._run(stdin, stdout, stderr))
        self._tasks.add(task)
        task.add_done_callback(self._left_channel)

    def _left_channel(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._channels -= 1

    async def _run(
        self,
        stdin: asyncssh.SSHReader[bytes],
        stdout: asyncssh.SSHWriter[bytes],
        stderr: asyncssh.SSHWriter[bytes],
    ) -> None:
        command = stdin.channel.get_command() or "true"
        self.commands.append(command)
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._processes.add(process)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        if self.banner:
            stdout.write(self.banner)
        feeding = asyncio.create_task(self._feed(stdin, process.stdin))
        await asyncio.gather(self._pump(process.stdout, stdout, "out"), self._pump(process.stderr, stderr, "err"))
        code = await process.wait()
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        self._processes.discard(process)
        try:
            stdout.channel.exit(code if code >= 0 else 255)  # type: ignore[attr-defined]
        except OSError:
            pass

    async def _feed(self, source: asyncssh.SSHReader[bytes], target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(1 << 16):
                target.write(self.tamper("in", data))
                await target.drain()
        except (OSError, asyncssh.Error):
            pass
        finally:
            target.close()

    async def _pump(self, source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes], direction: str) -> None:
        is_heard = True
        while data := await source.read(1 << 16):
            try:
                if is_heard:
                    target.write(self.tamper(direction, data))
                    await target.drain()
            except (OSError, asyncssh.Error):
                is_heard = False


class _Door(asyncssh.SSHServer):
    """Asks for tokens, counts tries, limits channels."""

    def __init__(self, front_end: PrivateFrontEnd) -> None:
        self._front_end = front_end
        self._round = 0
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._front_end.connections.add(conn)
        self._front_end.deserted.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._connection is not None
        self._front_end.connections.discard(self._connection)
        if not self._front_end.connections:
            self._front_end.deserted.set()

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str):
        self._round = 0
        self._front_end.begun += 1
        return self._challenge()

    def validate_kbdint_response(self, username: str, responses: Sequence[str]):
        front_end = self._front_end
        front_end.answers.append(list(responses))
        if not all(front_end.accepts(response) for response in responses):
            front_end.logins.append(False)
            return False
        self._round += 1
        if self._round < len(front_end.rounds):
            return self._challenge()
        front_end.logins.append(True)
        return True

    def session_requested(self):
        return self._front_end.run if self._front_end.take_channel() else False

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int):
        return self._front_end.forwards

    def _challenge(self):
        title, instructions, prompts = self._front_end.rounds[self._round]
        return title, instructions, "", prompts


def known_hosts(path: Path, *front_ends: PrivateFrontEnd) -> str:
    """Write the known hosts file that trusts these."""
    path.write_text("".join(front_end.known_hosts_line() for front_end in front_ends))
    return str(path)
