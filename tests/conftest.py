"""What every test may use: real servers, started once and only when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.servers import found
from tests.servers.mariadb import PrivateMariadb, require_mariadb
from tests.servers.slurm import PrivateSlurm, require_slurm
from tests.servers.sshd import PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard


def pytest_report_header() -> str:
    return found.report()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs against real servers first: begun last, a single file of them would keep one worker busy and the others idle."""
    items.sort(key=lambda item: "/integration/" not in item.path.as_posix())


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Names what failed at once: a run that is stopped at its limit never comes to its summary."""
    if report.failed and os.environ.get("CI"):
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = crash.message if crash else report.longreprtext.rstrip().rpartition("\n")[2]
        print(f"\n{report.nodeid} failed in {report.when}: {reason[:400]}", flush=True)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[PrivateMariadb]:
    """A private MariaDB for the whole session; make a database of your own in it, and do not stop it."""
    require_mariadb()
    with PrivateMariadb() as server:
        yield server


@pytest.fixture(scope="session")
def sshd() -> Iterator[PrivateSshd]:
    """A real front end for the whole run; each test makes its own logins."""
    require_sshd()
    with PrivateSshd([TokenCard()]) as server:
        yield server


@pytest.fixture(scope="session")
def slurm(mariadb_server: PrivateMariadb) -> Iterator[PrivateSlurm]:
    """A private Slurm of three nodes; end your own jobs, and leave nodes and controller as you found them."""
    require_slurm()
    with PrivateSlurm(mariadb_server) as cluster:
        yield cluster
