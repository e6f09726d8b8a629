"""Front ends that a test may bend, and sites before them whose connections masters hold."""

from __future__ import annotations

import time

import pytest
from tests.integration.masters.world import connections
from tests.integration.ssh_site import ssh_site
from tests.servers.sshd import USER, PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard


@pytest.fixture
def start_sshd():
    """Start one of its own, for tests that bend it."""
    require_sshd()
    started = []

    def start(**changes):
        started.append(PrivateSshd([TokenCard()], **changes).__enter__())
        # the one that saw it listen is in the log before anybody counts
        while connections(started[-1]) < 1:
            time.sleep(0.01)
        return started[-1]

    yield start
    for server in started:
        server.__exit__(None, None, None)


@pytest.fixture
async def site_at(tmp_path, sockets):
    """A site before these servers whose connections masters hold; let go of at the end."""
    made = []

    def make(*servers, known=(), control_path="%C", **changes):
        path = tmp_path / "known_hosts"
        path.write_text("".join(server.known_hosts_line() for server in (*servers, *known)))
        ports = [server.port for server in servers]
        options = {"user": USER, "control_path": f"{sockets}/{control_path}", "keepalive_s": 1.0, **changes}
        made.append(ssh_site(tmp_path, ports, str(path), **options))
        return made[-1]

    yield make
    for site in made:
        await site.sessions.close()
        await site.sessions.release()
