"""A front end behind a gateway that runs commands and nothing else: each channel is an ``ssh`` of its own there."""

from __future__ import annotations

import asyncio

from rpconsole.adapters.ssh.channel import Channel, ChannelEnded
from rpconsole.adapters.ssh.command_hop import NO_CONNECTION, hop_command, hop_fault
from rpconsole.adapters.ssh.link import Link, LinkFull, OnLost
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.target import Target
from rpconsole.domain.fault import NoAnswer, RpconsoleError, SessionLost, SiteUnreachable

_MARK = b"RPR-THROUGH"
_PROBE = f"echo {_MARK.decode()}"
#: for the exit code, which may come behind the end of the output
_LAST_WORDS_S = 2.0


class CommandLink:
    """Serves ``Link`` over the gateway's link. It is over when the gateway is, or when the front end lets nobody in any more."""

    def __init__(self, options: SshOptions, target: Target, gateway: Link, on_lost: OnLost) -> None:
        self._options = options
        self._target = target
        self._gateway = gateway
        self._on_lost = on_lost
        self._is_over = False
        self._channels: set[Channel] = set()
        self._checking: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        """See ``Link``."""
        return self._is_over or self._gateway.is_closed

    @property
    def since(self) -> float | None:
        """See ``Link``: the login was the gateway's."""
        return self._gateway.since

    async def open(self, command: str) -> Channel:
        """See ``Link``."""
        if self.is_closed:
            raise ConnectionError("the way through the gateway is closed")
        channel = await self._start(command)
        self._channels.add(channel)
        channel.when_closed(lambda: self._ended(channel))
        return channel

    async def check(self) -> None:
        """Go there once. Raises LoginRefused, SiteUnreachable or SiteRefused, each with a sentence."""
        try:
            await self._go_there()
        except LinkFull as error:
            raise SiteUnreachable(f"The gateway opens no channel to {self._target} now: {error}.") from error

    def lose(self, reason: Exception | None) -> None:
        """There is no way any more, for this reason."""
        if not self._is_over:
            self._end()
            self._on_lost(reason)

    def close(self) -> None:
        """See ``Link``: the gateway stays, others go through it."""
        self._end()

    def release(self) -> None:
        """See ``Link``."""
        self._end()

    async def wait_closed(self) -> None:
        """See ``Link``."""

    def abort(self) -> None:
        """See ``Link``."""
        self._end()

    async def answers(self, within_s: float) -> bool:
        """See ``Link``: a login from the gateway to the front end, which takes its own time."""
        try:
            await self._go_there()
        except LinkFull:
            return await self._gateway.answers(within_s)
        except RpconsoleError:
            return False
        return True

    def give_up(self, reason: str) -> None:
        """See ``Link``."""
        self.lose(TimeoutError(reason))

    async def _start(self, command: str) -> Channel:
        return await self._gateway.open(hop_command(self._options, self._target, command))

    async def _go_there(self) -> None:
        limit_s = self._options.connect_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                await self._probe(limit_s)
        except (TimeoutError, NoAnswer):
            raise SiteUnreachable(
                f"{self._target}, port {self._target.port}, did not answer the gateway within {limit_s:g} s."
            ) from None
        except (SessionLost, OSError) as error:
            raise SiteUnreachable(f"The gateway went away on the way to {self._target}: {error}") from error

    async def _probe(self, limit_s: float) -> None:
        channel = await self._start(_PROBE)
        gone = asyncio.Event()
        channel.when_closed(gone.set)
        heard = bytearray()
        try:
            while _MARK not in heard:
                heard = heard[-len(_MARK) :] + await channel.read_some(4096, limit_s)
        except ChannelEnded:
            async with asyncio.timeout(_LAST_WORDS_S):
                await gone.wait()
            raise hop_fault(self._target, channel.exit_status, channel.stderr) from None
        finally:
            channel.close()

    def _ended(self, channel: Channel) -> None:
        self._channels.discard(channel)
        if channel.exit_status == NO_CONNECTION and not self.is_closed and self._checking is None:
            self._checking = asyncio.create_task(self._check_again(), name=f"is {self._target} still there")

    async def _check_again(self) -> None:
        """A program ended with ssh's code: was it the program's own, one cut connection, or is the front end gone?"""
        try:
            await self._go_there()
        except LinkFull:
            # nothing was learned; the next program that ends so asks again
            pass
        except RpconsoleError as error:
            self.lose(error)
        finally:
            self._checking = None

    def _end(self) -> None:
        self._is_over = True
        if self._checking is not None and self._checking is not asyncio.current_task():
            self._checking.cancel()
        for channel in list(self._channels):
            channel.close()
