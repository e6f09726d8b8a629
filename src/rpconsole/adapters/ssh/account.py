"""As whom a connection is open that somebody else opened."""

from __future__ import annotations

import asyncio
import re

from rpconsole.adapters.ssh.link import Link, LinkFull
from rpconsole.domain.fault import RpconsoleError

_MARK = "RPR-ACCOUNT"
_FOUND = re.compile(rf"{_MARK} ([^\s]+)")


async def account_of(link: Link, timeout_s: float) -> str | None:
    """The account at the other end; None where it does not say within the time."""
    heard = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            channel = await link.open(f"/bin/sh -c 'echo {_MARK} `id -un`'")
            while True:
                heard += await channel.read_some(4096, timeout_s)
    except (RpconsoleError, LinkFull, OSError, TimeoutError):
        found = _FOUND.search(heard.decode("utf-8", "replace"))
        return found[1] if found else None
