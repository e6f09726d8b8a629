"""Signs of life: a session that says nothing is asked, its helper first, which costs the site no process."""

from __future__ import annotations

import asyncio

from rpconsole.adapters.ssh.helper_client import HelperClient
from rpconsole.adapters.ssh.link import Link, LinkFull
from rpconsole.adapters.ssh.options import SshOptions

#: for a channel to be opened or refused; a front end under load needs longer than its network
LEAST_PATIENCE_S = 5.0
#: how many times rarer a session without a helper is asked: each time costs the site a process
_RARELY = 6


async def opens(link: Link, within_s: float) -> bool:
    """Whether the other end says anything when it is asked for a channel; a refusal is a sign of life too."""
    try:
        async with asyncio.timeout(within_s):
            channel = await link.open(":")
    except TimeoutError:
        return False
    except (LinkFull, OSError):
        # a connection that is over has said so by itself
        return True
    channel.close()
    return True


class Heartbeat:
    """Watches one session. Bytes that move are life enough; silence of the helper alone is the helper's, and it is begun anew."""

    def __init__(self, name: str, options: SshOptions, link: Link, helper: HelperClient) -> None:
        self._name = name
        self._options = options
        self._link = link
        self._helper = helper
        #: monotonic seconds of the last sign of life
        self.heard_at = 0.0

    async def watch(self) -> None:
        """Until the link is closed; gives it up when it has fallen silent."""
        pause_s = self._options.keepalive_s
        while not self._link.is_closed:
            await asyncio.sleep(pause_s if self._helper.is_running else pause_s * _RARELY)
            if not self._is_quiet():
                continue
            if await self._helper.answers(pause_s * self._options.keepalive_count) or not self._is_quiet():
                continue
            await self._look_at_the_link()

    async def _look_at_the_link(self) -> None:
        patience_s = max(LEAST_PATIENCE_S, self._options.keepalive_s)
        if not await self._link.answers(patience_s):
            if not self._link.is_closed and self._is_quiet():
                self._link.give_up(f"{self._name} has not answered for {self._quiet_s():.0f} s")
        elif self._helper.is_running and not await self._helper.answers(self._options.answer_timeout_s):
            self._helper.restart()

    def _is_quiet(self) -> bool:
        return self._quiet_s() >= self._options.keepalive_s

    def _quiet_s(self) -> float:
        return asyncio.get_running_loop().time() - self.heard_at
