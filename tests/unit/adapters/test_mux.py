"""The protocol of OpenSSH's masters: its bytes, and what happens to those who speak something else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from rpconsole.adapters.ssh import mux
from rpconsole.adapters.ssh.mux import Fields, MuxBroken, MuxControl, MuxRefused, MuxWord, packet, text, u32

HELLO = packet(MuxWord.HELLO, u32(4))


@asynccontextmanager
async def a_master(path, *answers):
    """Says these bytes to whoever connects, and hangs up where None stands."""

    callers: list[asyncio.Task[None]] = []

    async def serve(reader, writer):
        caller = asyncio.current_task()
        assert caller is not None
        callers.append(caller)
        await reader.readexactly(len(HELLO))
        for answer in answers:
            if answer is None:
                break
            writer.write(answer)
        else:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield path
    finally:
        server.close()
        await asyncio.gather(*callers, return_exceptions=True)


def test_a_message_is_its_length_its_word_and_its_fields():
    assert packet(MuxWord.ALIVE_CHECK, u32(7)) == bytes.fromhex("00000008 10000004 00000007")
    assert text("true") == b"\0\0\0\4true"


@pytest.mark.parametrize("body", [b"", b"\0\0", b"\0\0\0\x09abc"])
def test_a_message_that_is_too_short_is_the_masters_fault(body):
    with pytest.raises(MuxBroken, match="too short"):
        Fields(body).words()


async def test_nobody_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        await MuxControl.connect(tmp_path / "none")


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", packet(MuxWord.HELLO, u32(3)), packet(MuxWord.OK, u32(1)), u32(0)]
)
async def test_who_speaks_something_else_is_no_master(tmp_path, said):
    async with a_master(tmp_path / "s", said, None) as path:
        with pytest.raises(MuxBroken):
            await MuxControl.connect(path)


async def test_who_says_nothing_is_no_master(tmp_path, monkeypatch):
    monkeypatch.setattr(mux, "ANSWER_S", 0.05)
    async with a_master(tmp_path / "s") as path:
        with pytest.raises(MuxBroken, match="says nothing"):
            await MuxControl.connect(path)


async def test_a_refusal_is_told_in_the_masters_words(tmp_path):
    said = packet(MuxWord.FAILURE, u32(1), text("Session open refused by peer"))
    async with a_master(tmp_path / "s", HELLO, said) as path:
        control = await MuxControl.connect(path)
        with pytest.raises(MuxRefused, match="refused by peer"):
            await control.alive()
        control.close()


async def test_a_master_that_hangs_up_in_the_middle_is_gone(tmp_path):
    async with a_master(tmp_path / "s", HELLO, b"\0\0", None) as path:
        control = await MuxControl.connect(path)
        with pytest.raises(OSError, match="hung up"):
            await control.read()
        control.close()


async def test_a_message_of_absurd_length_is_not_waited_for(tmp_path):
    async with a_master(tmp_path / "s", HELLO, u32(1 << 30)) as path:
        control = await MuxControl.connect(path)
        with pytest.raises(MuxBroken, match="does not speak"):
            await control.read()
        control.close()
