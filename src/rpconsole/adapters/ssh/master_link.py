"""A connection that an OpenSSH master holds, in a process of its own that outlives ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from rpconsole.adapters.ssh.channel import Channel
from rpconsole.adapters.ssh.heartbeat import opens
from rpconsole.adapters.ssh.link import OnLost
from rpconsole.adapters.ssh.mux import MuxControl, MuxRefused
from rpconsole.adapters.ssh.mux_channel import open_mux_channel


class MasterLink:
    """Serves ``Link`` over a control socket."""

    def __init__(self, name: str, path: Path, watch: MuxControl, on_lost: OnLost) -> None:
        self._name = name
        self.path = path
        #: the socket is as old as the master
        self.since = _born(path)
        self._control = watch
        self._on_lost = on_lost
        self._is_closed = False
        self._is_closing = False
        self._closed = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None
        self._watch = asyncio.create_task(self._until_it_hangs_up(), name=f"master of {name}")

    @property
    def is_closed(self) -> bool:
        """See ``Link``."""
        return self._is_closed

    async def open(self, command: str) -> Channel:
        """See ``Link``."""
        if self._is_closed:
            raise ConnectionError("the master is gone")
        channel = Channel(self._name, lambda: self._is_closed)
        try:
            await open_mux_channel(self.path, command, channel, settle=self._settle)
        except OSError as error:
            await self._settle()
            if not self._is_closed:
                self._over(error)
            raise
        return channel

    def close(self) -> None:
        """See ``Link``: the master ends, whoever began it."""
        self._is_closing = True
        self._ending = asyncio.create_task(self._terminate(), name=f"ending the master of {self._name}")

    def release(self) -> None:
        """See ``Link``: the master lives on."""
        self._is_closing = True
        self._over(None)

    async def wait_closed(self) -> None:
        """See ``Link``."""
        await self._closed.wait()
        if self._ending is not None:
            await asyncio.wait({self._ending})

    def abort(self) -> None:
        """See ``Link``."""
        self._over(None)

    async def answers(self, within_s: float) -> bool:
        """See ``Link``: the master's own word says nothing of its peer."""
        return await opens(self, within_s)

    def give_up(self, reason: str) -> None:
        """See ``Link``."""
        self._over(TimeoutError(reason))

    async def _until_it_hangs_up(self) -> None:
        """The master says nothing on this connection; its end is the master's end."""
        try:
            while True:
                await self._control.read()
        except OSError:
            self._over(None)

    async def _terminate(self) -> None:
        with suppress(OSError, MuxRefused, TimeoutError):
            control = await MuxControl.connect(self.path)
            try:
                await control.terminate()
                await self._closed.wait()
            finally:
                control.close()
        self._over(None)

    async def _settle(self) -> None:
        """Find out whether the master is gone, where one of its channels ended without a word."""
        try:
            control = await MuxControl.connect(self.path)
        except OSError as error:
            self._over(error)
            return
        try:
            await control.alive()
        except (OSError, MuxRefused, TimeoutError) as error:
            self._over(error)
        finally:
            control.close()

    def _over(self, reason: Exception | None) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._closed.set()
        if asyncio.current_task() is not self._watch:
            self._watch.cancel()
        self._control.close()
        if not self._is_closing:
            self._on_lost(reason)


def _born(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
