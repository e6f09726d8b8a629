"""The pipes of a program that a master runs."""

from __future__ import annotations

import asyncio
import os

from rpconsole.adapters.ssh.channel import Channel
from rpconsole.adapters.ssh.mux_channel import _MuxPipe, _pipes


class SilentMaster:
    """Says nothing and takes everything."""

    async def read(self):
        await asyncio.Event().wait()

    def close(self) -> None:
        pass


async def test_a_channel_that_is_cut_right_behind_its_last_byte_ends_once():
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    ours, theirs = _pipes()
    channel = Channel("fe1", lambda: False)
    pipe = _MuxPipe(SilentMaster(), channel, lambda: asyncio.sleep(0))  # type: ignore[arg-type]
    channel.attach(pipe)
    await pipe.start(ours)
    channel.write_end()
    channel.close()
    await asyncio.sleep(0.01)
    for descriptor in theirs:
        os.close(descriptor)
    assert complaints == []
