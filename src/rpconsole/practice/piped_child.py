"""A command whose pipes can be dropped without ending it, as sshd does when a connection is cut."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

PIECE_BYTES = 1 << 18


class PipedChild:
    """A running command and our three ends of its pipes.

    asyncio's own subprocess transport kills the command when its pipes are closed, and asyncssh's redirection loses the last
    pieces of an output now and then; so the pipes are ours.
    """

    def __init__(
        self, ended: asyncio.Task[int], pipes: tuple[asyncio.StreamWriter, asyncio.StreamReader, asyncio.StreamReader]
    ) -> None:
        self.ended = ended
        self.stdin, self.stdout, self.stderr = pipes
        self._transports: list[asyncio.BaseTransport] = [self.stdin.transport]

    @classmethod
    async def start(cls, command: str, cwd: Path, environment: dict[str, str]) -> PipedChild:
        """Run a text through /bin/sh in a session of its own."""
        (child_in, our_in), (our_out, child_out), (our_err, child_err) = (os.pipe() for _ in range(3))
        try:
            process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", command),
                cwd=cwd,
                env=environment,
                stdin=child_in,
                stdout=child_out,
                stderr=child_err,
                start_new_session=True,
            )
        except OSError:
            for descriptor in (our_in, our_out, our_err):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (child_in, child_out, child_err):
                os.close(descriptor)
        ended = asyncio.create_task(process.wait())
        # commands outlive their connection: somebody must hold the tasks that reap them
        _REAPING.add(ended)
        ended.add_done_callback(_REAPING.discard)
        (stdout, of_stdout), (stderr, of_stderr) = await _reader(our_out), await _reader(our_err)
        child = cls(ended, (await _writer(our_in), stdout, stderr))
        child._transports += [of_stdout, of_stderr]
        return child

    def drop(self) -> None:
        """Close our ends: the command reads an end of file and meets SIGPIPE when it writes."""
        for transport in self._transports:
            transport.close()


_REAPING: set[asyncio.Task[int]] = set()


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader(limit=PIECE_BYTES)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport


async def _writer(descriptor: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(descriptor, "wb", buffering=0)
    )
    return asyncio.StreamWriter(transport, protocol, None, loop)
