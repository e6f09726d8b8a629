"""One program at the site over an OpenSSH master: three pipes that the master itself reads and writes."""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from rpconsole.adapters.ssh.channel import WRITE_HIGH_BYTES, Channel
from rpconsole.adapters.ssh.link import LinkFull
from rpconsole.adapters.ssh.mux import MuxControl, MuxRefused, MuxWord

#: what one pipe holds; the default of 64 KiB wakes us sixteen times as often
_PIPE_BYTES = 1 << 20

Settle = Callable[[], Awaitable[None]]


async def open_mux_channel(path: Path, command: str, channel: Channel, *, settle: Settle) -> None:
    """Start a program and attach the channel to it.

    ``settle`` is awaited when the master hangs up without a word: it finds out whether the master itself is gone. Raises LinkFull
    when the front end opens no channel, OSError when the master is gone.
    """
    control = await MuxControl.connect(path)
    ours, theirs = _pipes()
    try:
        await control.new_session(command, theirs)
    except MuxRefused as error:
        _close_all(ours)
        control.close()
        raise LinkFull(str(error)) from error
    except BaseException:
        _close_all(ours)
        control.close()
        raise
    finally:
        _close_all(theirs)
    pipe = _MuxPipe(control, channel, settle)
    channel.attach(pipe)
    await pipe.start(ours)


class _MuxPipe:
    """Serves ``Pipe`` for a channel."""

    def __init__(self, control: MuxControl, channel: Channel, settle: Settle) -> None:
        self._control = control
        self._channel = channel
        self._settle = settle
        self._writing: asyncio.WriteTransport | None = None
        self._reading: asyncio.ReadTransport | None = None
        self._complaints: asyncio.ReadTransport | None = None
        self._output_ended = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._takes = _Writing(channel)
        self._has_ended = False

    async def start(self, ours: tuple[int, int, int]) -> None:
        """Take over our ends of the pipes; whoever is stopped meanwhile leaves none of them open."""
        files = [os.fdopen(ours[0], "wb", 0), os.fdopen(ours[1], "rb", 0), os.fdopen(ours[2], "rb", 0)]
        try:
            await self._take(files)
        except BaseException:
            for file in files:
                file.close()
            self._end()
            raise
        self._watch = asyncio.create_task(self._until_it_ends(), name="a master's channel")

    async def _take(self, files: list[io.FileIO]) -> None:
        """Each file belongs to its transport from here on, and is in the list no longer."""
        loop = asyncio.get_running_loop()
        self._writing, _ = await loop.connect_write_pipe(lambda: self._takes, files.pop(0))
        self._writing.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self._reading, _ = await loop.connect_read_pipe(
            lambda: _Reading(self._channel.received, self._output_ended.set), files.pop(0)
        )
        self._complaints, _ = await loop.connect_read_pipe(
            lambda: _Reading(self._channel.complained, lambda: None), files.pop(0)
        )

    def pause_reading(self) -> None:
        """See ``Pipe``."""
        if self._reading is not None and not self._reading.is_closing():
            self._reading.pause_reading()

    def resume_reading(self) -> None:
        """See ``Pipe``."""
        if self._reading is not None and not self._reading.is_closing():
            self._reading.resume_reading()

    def write(self, data: bytes) -> None:
        """See ``Pipe``."""
        if self._writing is None or self._writing.is_closing():
            raise BrokenPipeError("the program takes nothing more")
        self._writing.write(data)

    def write_eof(self) -> None:
        """See ``Pipe``."""
        if self._writing is not None and not self._writing.is_closing():
            self._writing.write_eof()

    def abort(self) -> None:
        """See ``Pipe``: the master ends the program's channel when we hang up."""
        if self._watch is not None:
            self._watch.cancel()
        self._end()

    async def _until_it_ends(self) -> None:
        """The exit code comes over the control connection; without one the master may be gone."""
        try:
            await self._exit_status()
            # what the program wrote before it ended is still in the pipe
            await self._output_ended.wait()
        finally:
            self._end()

    def _end(self) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        self._control.close()
        # one that is closing with nothing left to write ends by itself, and may be told to only once
        if self._writing is not None and (not self._writing.is_closing() or self._writing.get_write_buffer_size()):
            self._writing.abort()
        for transport in (self._reading, self._complaints):
            if transport is not None:
                transport.close()
        self._channel.gone()

    async def _exit_status(self) -> None:
        try:
            while True:
                word, fields = await self._control.read()
                if word == MuxWord.EXIT_MESSAGE:
                    fields.number()
                    self._channel.exit_status = fields.number()
                    return
        except OSError:
            await self._settle()


class _Writing(asyncio.BaseProtocol):
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def pause_writing(self) -> None:
        self._channel.pause_writing()

    def resume_writing(self) -> None:
        self._channel.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        # a waiting writer must hear that there will be no room
        self._channel.resume_writing()


class _Reading(asyncio.Protocol):
    def __init__(self, received: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._received = received
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        self._received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()


def _pipes() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Our ends and the master's, each in the order stdin, stdout, stderr."""
    (in_theirs, in_ours), (out_ours, out_theirs), (err_ours, err_theirs) = (os.pipe2(os.O_CLOEXEC) for _ in range(3))
    for descriptor in (in_ours, out_ours):
        # the limit of an unprivileged user may be smaller
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    for descriptor in (in_ours, out_ours, err_ours):
        os.set_blocking(descriptor, False)
    return (in_ours, out_ours, err_ours), (in_theirs, out_theirs, err_theirs)


def _close_all(descriptors: tuple[int, int, int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
