"""Real servers for one test, which may do to them what it likes."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.masters.world import masters_in
from tests.servers.mariadb import PrivateMariadb, require_mariadb
from tests.servers.processes import tell
from tests.servers.sshd import SYSTEM_PATH, PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard

from rpconsole.practice.paths import SitePaths


@pytest.fixture
def site_folder() -> Iterator[Path]:
    """A socket's path is short, so pytest's own directories are too deep."""
    with tempfile.TemporaryDirectory(prefix="rpc-real-") as path:
        yield Path(path)


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A folder for masters' sockets, with a short name: a socket's path may have some ninety bytes."""
    with tempfile.TemporaryDirectory(prefix="rpm-") as folder:
        yield Path(folder)
        for pid in masters_in(folder):
            tell(pid, signal.SIGKILL)


@pytest.fixture
def front_end(site_folder: Path) -> Iterator[PrivateSshd]:
    """Where a login finds the IPP's programs on its PATH; jobs inherit it."""
    require_sshd()
    environ = {"PATH": f"{SitePaths(site_folder).bin}:{SYSTEM_PATH}"}
    with PrivateSshd([TokenCard()], environ=environ) as server:
        yield server


@pytest.fixture
def gateway() -> Iterator[PrivateSshd]:
    require_sshd()
    with PrivateSshd([TokenCard()], forwards=True) as server:
        yield server


@pytest.fixture
def own_mariadb() -> Iterator[PrivateMariadb]:
    """A server that the test may stop."""
    require_mariadb()
    with PrivateMariadb() as server:
        yield server
