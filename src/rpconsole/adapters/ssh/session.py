"""One authenticated connection to one front end, and the channels over it."""

from __future__ import annotations

import asyncio
import secrets

from rpconsole.adapters.ssh.bulk_streams import BulkStreams
from rpconsole.adapters.ssh.channel import Channel, NoChannel
from rpconsole.adapters.ssh.heartbeat import Heartbeat
from rpconsole.adapters.ssh.helper_client import HelperClient
from rpconsole.adapters.ssh.link import Link, LinkFull
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.traffic import Traffic
from rpconsole.domain.fault import NoAnswer, SessionLost

#: between two tries to open a channel where the front end says that it has enough
_CHANNEL_PAUSE_S = 0.25
#: a channel that was just closed may still count at the front end
_SHORT_PATIENCE_S = 1.0


class Session:
    """Opens channels while the connection lives, never more than the front end allows."""

    def __init__(self, name: str, options: SshOptions, link: Link) -> None:
        self.name = name
        self._options = options
        self._link = link
        self._slots = asyncio.Semaphore(options.session_channels)
        self.channels = 0
        #: set when we end it ourselves
        self.is_closing = False
        #: no new bundle of files is begun
        self.is_draining = False
        #: by which its helpers at the site are known as ours, and as this session's
        self.badge = f"{options.owner}.{secrets.token_hex(6)}"
        self.helper = HelperClient(name, options, self.open_channel, self.badge)
        self.streams = BulkStreams(name, options, self.try_channel, self.badge)
        self.traffic = Traffic()
        self._heartbeat = Heartbeat(name, options, link, self.helper)
        self._heard()
        self._watching = asyncio.create_task(self._heartbeat.watch(), name=f"signs of life from {name}")

    @property
    def is_live(self) -> bool:
        """True while the connection stands, as far as we know."""
        return not self.is_closing and not self._link.is_closed

    def is_over(self, link: Link | None) -> bool:
        """Whether this session stands on that connection."""
        return self._link is link

    async def open_channel(self, command: str) -> Channel:
        """Start a program at the front end; waits while all channels are taken."""
        return await self._open(command, self._options.answer_timeout_s)

    async def try_channel(self, command: str) -> Channel:
        """Likewise, but NoChannel soon where the front end gives none."""
        return await self._open(command, _SHORT_PATIENCE_S)

    async def _open(self, command: str, patience_s: float) -> Channel:
        if not self.is_live:
            raise self._lost()
        await self._slots.acquire()
        try:
            channel = await self._opened(command, patience_s)
        except BaseException:
            self._slots.release()
            raise
        self.channels += 1
        channel.on_life = self._heard
        self._heard()
        channel.when_closed(self._release)
        return channel

    def close(self) -> None:
        """End the session in order."""
        self._end()
        self._link.close()

    def release(self) -> None:
        """Let go of the session; where it can live without us it lives on."""
        self._end()
        self._link.release()

    def _end(self) -> None:
        self.is_closing = True
        self.helper.close()
        self.streams.close()
        self.forget()

    def forget(self) -> None:
        """Nobody asks for signs of life any more."""
        if self._watching is not asyncio.current_task():
            self._watching.cancel()

    async def wait_closed(self) -> None:
        """Return when the connection is gone; a peer that does not say goodbye is cut off."""
        try:
            async with asyncio.timeout(2.0):
                await self._link.wait_closed()
        except TimeoutError:
            self._link.abort()

    async def _opened(self, command: str, patience_s: float) -> Channel:
        give_up = asyncio.get_running_loop().time() + patience_s
        while True:
            try:
                async with asyncio.timeout(self._options.answer_timeout_s):
                    return await self._link.open(command)
            except TimeoutError:
                raise NoAnswer(f"{self.name} opened no channel within {self._options.answer_timeout_s:g} s.") from None
            except LinkFull as error:
                if not self.is_live:
                    raise self._lost() from error
                if asyncio.get_running_loop().time() + _CHANNEL_PAUSE_S > give_up:
                    raise NoChannel(f"{self.name} opens no more than {self.channels} channels: {error}.") from error
                await asyncio.sleep(_CHANNEL_PAUSE_S)
            except OSError as error:
                raise self._lost() from error

    def _heard(self) -> None:
        self._heartbeat.heard_at = asyncio.get_running_loop().time()

    def _release(self) -> None:
        self.channels -= 1
        self._slots.release()

    def _lost(self) -> SessionLost:
        return SessionLost(f"The session to {self.name} has ended.")
