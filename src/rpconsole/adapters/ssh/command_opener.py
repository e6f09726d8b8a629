"""Ways in through a gateway that runs commands only: one login there serves every front end."""

from __future__ import annotations

from rpconsole.adapters.ssh.command_link import CommandLink
from rpconsole.adapters.ssh.link import Link, OnLost
from rpconsole.adapters.ssh.opener import Opener
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.target import Target
from rpconsole.domain.fault import RpconsoleError
from rpconsole.ports.sessions import Ask


class CommandOpener:
    """Serves ``Opener``; whoever speaks ssh opens the gateway, and the front ends are reached by ``ssh`` there."""

    def __init__(self, options: SshOptions, inner: Opener) -> None:
        self._options = options
        self._inner = inner
        self.can_adopt = inner.can_adopt
        self._links: set[CommandLink] = set()
        #: front ends that let nobody in: only a person's order tries them again
        self._shut: set[str] = set()

    async def open(self, target: Target, ask: Ask, *, gateway: Link | None, on_lost: OnLost) -> Link:
        """See ``Opener``. Behind the gateway nobody is asked."""
        if gateway is None:
            link = await self._inner.open(target, ask, gateway=None, on_lost=self._losing_all(on_lost))
            self._shut.clear()
            return link
        return await self._through(target, gateway, on_lost)

    async def adopt(self, target: Target, *, gateway: Link | None, on_lost: OnLost) -> Link | None:
        """See ``Opener``. A front end that refused is left alone until somebody orders a login."""
        if gateway is None:
            if self._options.is_gateway(target.host, target.port):
                return await self._inner.adopt(target, gateway=None, on_lost=self._losing_all(on_lost))
            return None
        if not self.can_adopt or target.name in self._shut:
            return None
        return await self._through(target, gateway, on_lost)

    async def _through(self, target: Target, gateway: Link, on_lost: OnLost) -> Link:
        def lost(reason: Exception | None) -> None:
            self._links.discard(link)
            self._shut.add(target.name)
            on_lost(reason)

        link = CommandLink(self._options, target, gateway, lost)
        try:
            await link.check()
        except RpconsoleError:
            self._shut.add(target.name)
            raise
        self._shut.discard(target.name)
        self._links = {one for one in self._links if not one.is_closed} | {link}
        return link

    def _losing_all(self, on_lost: OnLost) -> OnLost:
        def lost(reason: Exception | None) -> None:
            on_lost(reason)
            for link in list(self._links):
                link.lose(reason)
            self._shut.clear()

        return lost
