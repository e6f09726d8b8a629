"""A connection that asyncssh speaks on, inside our own process."""

from __future__ import annotations

import asyncssh

from rpconsole.adapters.ssh.channel import WINDOW_BYTES, WRITE_HIGH_BYTES, Channel
from rpconsole.adapters.ssh.framing import quicken
from rpconsole.adapters.ssh.heartbeat import opens
from rpconsole.adapters.ssh.link import LinkFull


class AsyncsshLink:
    """Serves ``Link``; it ends with the process."""

    since = None

    def __init__(self, name: str, connection: asyncssh.SSHClientConnection) -> None:
        self._name = name
        self.connection = connection
        #: why we gave it up
        self.reason: Exception | None = None
        quicken(connection)

    @property
    def is_closed(self) -> bool:
        """See ``Link``."""
        return self.connection.is_closed()

    async def open(self, command: str) -> Channel:
        """See ``Link``."""
        channel = Channel(self._name, self.connection.is_closed)
        try:
            await self.connection.create_session(
                lambda: _Events(channel), command, encoding=None, window=WINDOW_BYTES, request_pty=False
            )
        except asyncssh.ChannelOpenError as error:
            if self.is_closed:
                raise ConnectionError(str(error)) from error
            # "open failed" is what sshd says at MaxSessions
            raise LinkFull(str(error)) from error
        except asyncssh.Error as error:
            raise ConnectionError(str(error)) from error
        return channel

    def close(self) -> None:
        """See ``Link``."""
        self.connection.close()

    def release(self) -> None:
        """See ``Link``; it cannot live without us."""
        self.connection.close()

    async def wait_closed(self) -> None:
        """See ``Link``."""
        await self.connection.wait_closed()

    def abort(self) -> None:
        """See ``Link``."""
        self.connection.abort()

    async def answers(self, within_s: float) -> bool:
        """See ``Link``."""
        return await opens(self, within_s)

    def give_up(self, reason: str) -> None:
        """See ``Link``."""
        self.reason = TimeoutError(reason)
        self.connection.abort()


class _Events(asyncssh.SSHClientSession[bytes]):
    """What asyncssh says of a channel, told to ours."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        chan.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self._channel.attach(chan)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype is None:
            self._channel.received(data)
        else:
            self._channel.complained(data)

    def eof_received(self) -> bool:
        self._channel.ended()
        return False

    def exit_status_received(self, status: int) -> None:
        self._channel.exit_status = status

    def connection_lost(self, exc: Exception | None) -> None:
        self._channel.gone()

    def pause_writing(self) -> None:
        self._channel.pause_writing()

    def resume_writing(self) -> None:
        self._channel.resume_writing()
