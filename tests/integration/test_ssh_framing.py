"""Our cheaper framing of channel data: the same bytes for every cipher, through a new key exchange, or not used at all."""

from __future__ import annotations

import hashlib

import asyncssh
import pytest

from rpconsole.adapters.ssh.framing import quicken
from rpconsole.adapters.ssh.options import FAST_CIPHERS

SIZES = (1, 15, 16, 17, 32_767, 32_768, 32_769, 300_000)


class Open(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False


async def digest_of_all(process: asyncssh.SSHServerProcess[bytes]) -> None:
    digest = hashlib.sha256()
    while data := await process.stdin.read(1 << 16):
        digest.update(data)
    process.stdout.write(digest.hexdigest().encode())
    process.exit(0)


@pytest.fixture
async def port():
    server = await asyncssh.create_server(
        Open, "127.0.0.1", 0, server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=digest_of_all, encoding=None, encryption_algs=[*FAST_CIPHERS, "aes128-cbc"],
    )  # fmt: skip
    yield server.get_port()
    server.close()
    await server.wait_closed()


async def heard(port: int, cipher: str, *, rekey_bytes: int = 1 << 30, quick: bool) -> tuple[str, str]:
    """What the server computed of what we wrote, and what it should have."""
    async with asyncssh.connect(
        "127.0.0.1", port, known_hosts=None, config=None, encryption_algs=[cipher], rekey_bytes=rekey_bytes
    ) as connection:
        assert quicken(connection) is quick
        written = hashlib.sha256()
        async with connection.create_process("digest", encoding=None) as process:
            for number, size in enumerate(SIZES * 3):
                data = bytes([number]) * size
                written.update(data)
                process.stdin.write(data)
                await process.stdin.drain()
            process.stdin.write_eof()
            return (await process.stdout.read()).decode(), written.hexdigest()


@pytest.mark.parametrize("cipher", FAST_CIPHERS)
async def test_what_is_written_arrives_whatever_the_cipher(port, cipher):
    found, expected = await heard(port, cipher, quick=True)
    assert found == expected


async def test_a_key_exchange_on_the_way_changes_nothing(port):
    found, expected = await heard(port, FAST_CIPHERS[0], rekey_bytes=100_000, quick=True)
    assert found == expected


async def test_a_chained_cipher_keeps_its_guard(port):
    found, expected = await heard(port, "aes128-cbc", quick=False)
    assert found == expected


def test_a_library_that_is_built_otherwise_is_left_alone():
    class Other:
        def get_extra_info(self, name: str) -> str:
            return FAST_CIPHERS[0]

    other = Other()
    assert quicken(other) is False  # type: ignore[arg-type]
    assert vars(other) == {}
