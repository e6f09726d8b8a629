"""How connections come about: a person's order opens one, and one that lives already may be taken over."""

from __future__ import annotations

import asyncssh

from rpconsole.adapters.ssh.asyncssh_link import AsyncsshLink
from rpconsole.adapters.ssh.command_opener import CommandOpener
from rpconsole.adapters.ssh.link import Link, OnLost
from rpconsole.adapters.ssh.login import log_in
from rpconsole.adapters.ssh.master import MasterOpener
from rpconsole.adapters.ssh.opener import Opener
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.target import Target
from rpconsole.ports.sessions import Ask


class AsyncsshOpener:
    """Serves ``Opener`` inside our own process; nothing lives that could be taken over."""

    can_adopt = False

    def __init__(self, options: SshOptions) -> None:
        self._options = options

    async def open(self, target: Target, ask: Ask, *, gateway: Link | None, on_lost: OnLost) -> Link:
        """See ``Opener``."""
        tunnel: asyncssh.SSHClientConnection | None = None
        if gateway is not None:
            assert isinstance(gateway, AsyncsshLink)
            tunnel = gateway.connection
        link: AsyncsshLink | None = None

        def lost(reason: Exception | None) -> None:
            on_lost(link.reason or reason if link is not None else reason)

        connection = await log_in(self._options, target, ask, tunnel=tunnel, on_lost=lost)
        link = AsyncsshLink(target.name, connection)
        return link

    async def adopt(self, target: Target, *, gateway: Link | None, on_lost: OnLost) -> Link | None:
        """See ``Opener``."""
        return None


def opener_of(options: SshOptions) -> Opener:
    """The way that the options name."""
    speaker: Opener = MasterOpener(options) if options.control_path else AsyncsshOpener(options)
    return CommandOpener(options, speaker) if options.hops_by_commands else speaker
