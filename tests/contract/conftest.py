"""What the contract suites share: databases on each kind of server."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text
from tests.builders.gpc1 import Gpc1Rows
from tests.contract.site_worlds import World, in_process_world, master_world, memory_world, sshd_world

from rpconsole.adapters.gpc1.create import create_schema
from rpconsole.adapters.gpc1.engine import Gpc1, open_gpc1
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.adapters.gpc1.tables import metadata

BACKENDS = ["sqlite", pytest.param("mariadb", marks=pytest.mark.needs_mariadb)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema in it, to be copied."""
    path = tmp_path_factory.mktemp("gpc1") / "template.sqlite"
    asyncio.run(create_schema(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def mariadb_gpc1(mariadb_server) -> str:
    """URL of a database with the schema in it."""
    url = mariadb_server.create_database("gpc1_contract")
    asyncio.run(create_schema(url))
    return str(url)


@pytest.fixture(params=BACKENDS)
def gpc1_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A gpc1 with no rows but its version."""
    if request.param == "sqlite":
        path = tmp_path / "gpc1.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    return str(request.getfixturevalue("mariadb_gpc1"))


@pytest.fixture
async def gpc1(gpc1_url: str) -> AsyncIterator[Gpc1]:
    database = open_gpc1(gpc1_url)
    if database.engine.dialect.name == "mysql":
        await database.write(_empty)
    yield database
    await database.close()


def _empty(connection) -> None:
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
    for table in metadata.tables.values():
        if table.name != "dbversion":
            connection.execute(table.delete())
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


@pytest.fixture
def rows(gpc1: Gpc1) -> Gpc1Rows:
    return Gpc1Rows(gpc1.engine)


@pytest.fixture
def store(gpc1: Gpc1) -> SqlRunStore:
    return SqlRunStore(gpc1)


@pytest.fixture
def survey(gpc1: Gpc1) -> SqlSurvey:
    return SqlSurvey(gpc1)


@pytest.fixture
def statements(gpc1: Gpc1) -> Iterator[list[str]]:
    """Every statement that is sent, as text."""
    sent: list[str] = []

    def keep(connection, cursor, statement, *rest) -> None:
        sent.append(statement)

    event.listen(gpc1.engine, "before_cursor_execute", keep)
    yield sent
    event.remove(gpc1.engine, "before_cursor_execute", keep)


@pytest.fixture(params=BACKENDS)
def journal_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty journal."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/journal.db"
    return str(request.getfixturevalue("mariadb_server").create_database("journal_contract"))


SSHD = [pytest.param(name, marks=pytest.mark.needs_sshd) for name in ("sshd", "master")]


@pytest.fixture(params=["memory", "in process", *SSHD])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A site with two front ends."""
    match request.param:
        case "memory":
            opening = memory_world(tmp_path)
        case "in process":
            opening = in_process_world(tmp_path)
        case "master":
            opening = master_world(tmp_path, request.getfixturevalue("sshd"))
        case _:
            opening = sshd_world(tmp_path, request.getfixturevalue("sshd"))
    async with opening as found:
        yield found
