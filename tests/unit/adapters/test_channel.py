"""What is said of a silence is as long as the silence, whenever somebody began to wait."""

from __future__ import annotations

import pytest

from rpconsole.adapters.ssh.channel import Channel
from rpconsole.domain.fault import NoAnswer


@pytest.mark.parametrize("side", ["read", "write"])
async def test_a_silence_that_began_before_the_waiting_is_told_whole(monkeypatch, side):
    clock = [1000.0]
    # not that of the loop, which must go on
    monkeypatch.setattr("rpconsole.adapters.ssh.channel.monotonic", lambda: clock[0])
    channel = Channel("fe1", lambda: False)
    channel.received(b"x")
    await channel.read_exactly(1, 1.0)
    clock[0] += 17
    with pytest.raises(NoAnswer, match=r"fe1 was silent for 17 s"):
        await (channel.read_some(1, 0.01) if side == "read" else blocked_write(channel))


async def blocked_write(channel):
    class Pipe:
        def write(self, data):
            channel.pause_writing()

    channel.attach(Pipe())
    await channel.write(b"x", 0.01)
