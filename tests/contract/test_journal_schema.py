"""The journal's schema: made, upgraded with its rows, refused when it is newer."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from tests.builders.runs import row_of

from rpconsole.adapters.journal import journal_revision, open_journal
from rpconsole.adapters.journal.schema import MIGRATIONS, bring_up_to_date
from rpconsole.adapters.journal.tables import REVISION, REVISIONS, VERSION_TABLE, metadata
from rpconsole.adapters.sql import open_database
from rpconsole.domain.fault import BadConfiguration, DatabaseRefused
from rpconsole.domain.run import Run, Step
from rpconsole.domain.stage import Stage

RUN = Run(remote_id=7, stage=Stage.CHIP, label="LAP", path_base="/data", step=Step.SHIP)


@pytest.fixture
async def database(journal_url):
    journal = await open_journal(journal_url, database="gpc1")
    await journal.runs.save(RUN)
    await journal.close()
    opened = open_database(journal_url)
    yield opened
    await opened.close()


@pytest.fixture
def next_migrations(tmp_path):
    """The migrations of a later version, which adds a column."""
    later = tmp_path / "100% later" / "migrations"
    shutil.copytree(MIGRATIONS, later)
    (later / "versions" / "9000_priority.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision = '9000'\n"
        f"down_revision = {REVISION!r}\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('rp_run') as table:\n"
        "        table.add_column(sa.Column('priority', sa.Integer(), nullable=False, server_default='5'))\n"
    )
    return later


async def test_an_empty_database_gets_the_newest_schema(journal_url):
    await (await open_journal(journal_url, database="gpc1")).close()
    assert await journal_revision(journal_url) == REVISION


async def test_the_migrations_arrive_at_the_tables_that_the_program_uses(database):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        return compare_metadata(context, metadata)

    assert await database.read(differences) == []


def test_the_program_names_the_newest_migration_and_all_before_it():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [REVISION]
    assert {script.revision for script in scripts.walk_revisions()} == set(REVISIONS)


async def test_finding_a_schema_up_to_date_takes_one_query(database):
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    await bring_up_to_date(database)
    assert [statement for statement in asked if not statement.startswith(("BEGIN", "COMMIT"))] == [
        f"SELECT version_num FROM {VERSION_TABLE}"
    ]


async def test_an_upgrade_keeps_the_rows(database, journal_url, next_migrations):
    await bring_up_to_date(database, to="9000", known=(*REVISIONS, "9000"), migrations=next_migrations)
    row = await database.read(lambda connection: connection.execute(text("SELECT * FROM rp_run")).one())
    assert (row.remote_id, row.step, row.priority) == (7, "ship", 5)
    assert await journal_revision(journal_url) == "9000"


async def test_a_newer_schema_is_refused_with_both_versions_and_left_alone(database, journal_url, next_migrations):
    await bring_up_to_date(database, to="9000", known=(*REVISIONS, "9000"), migrations=next_migrations)
    with pytest.raises(
        DatabaseRefused, match=f"schema 9000, which is newer than this rpconsole knows \\({REVISION}\\)"
    ):
        await open_journal(journal_url, database="gpc1")
    assert await journal_revision(journal_url) == "9000"


async def test_a_migration_that_fails_leaves_the_rows(database, journal_url, next_migrations):
    broken = next_migrations / "versions" / "9000_priority.py"
    broken.write_text(broken.read_text() + "    op.execute('THIS IS NO SQL')\n")
    with pytest.raises(DatabaseRefused):
        await bring_up_to_date(database, to="9000", known=(*REVISIONS, "9000"), migrations=next_migrations)
    assert await journal_revision(journal_url) == REVISION
    journal = await open_journal(journal_url, database="gpc1")
    assert await journal.runs.load([row_of(RUN)]) == {7: RUN}
    await journal.close()


OPEN_AND_SAVE = """
import asyncio, sys
from rpconsole.adapters.journal import open_journal
async def main():
    journal = await open_journal(sys.argv[1], database="gpc1")
    await journal.ledger.add_bytes(1, sent=1)
    await journal.close()
asyncio.run(main())
"""


async def test_engines_that_start_together_on_an_empty_journal_all_open_it(journal_url):
    starts = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", OPEN_AND_SAVE, journal_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    said = [(await start.communicate())[1] for start in starts]
    assert [(start.returncode, text) for start, text in zip(starts, said, strict=True)] == [(0, b"")] * 4
    journal = await open_journal(journal_url, database="gpc1")
    assert await journal.ledger.bytes_of([1]) == {1: (4, 0)}
    await journal.close()


async def test_journals_opened_side_by_side_in_one_process_do_not_mix(tmp_path):
    urls = [f"sqlite:///{tmp_path}/{n}.db" for n in range(4)]
    journals = await asyncio.gather(*(open_journal(url, database="gpc1") for url in urls))
    for journal in journals:
        await journal.close()
    assert [await journal_revision(url) for url in urls] == [REVISION] * 4


async def test_asking_for_the_revision_makes_no_file(tmp_path):
    path = tmp_path / "none" / "journal.db"
    assert await journal_revision(f"sqlite:///{path}") is None
    assert not path.parent.exists()


async def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path):
    path = tmp_path / "journal.db"
    path.write_bytes(b"my notes\n" * 500)
    with pytest.raises(DatabaseRefused, match=r"journal.db refused: file is not a database"):
        await open_journal(f"sqlite:///{path}", database="gpc1")
    assert path.read_bytes() == b"my notes\n" * 500


async def test_a_directory_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadConfiguration, match=r"directory .*/file/state cannot be made: Not a directory"):
        await open_journal(f"sqlite:///{tmp_path}/file/state/journal.db", database="gpc1")


def test_migrations_run_from_any_working_directory(tmp_path):
    url = f"sqlite:///{tmp_path}/journal.db"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OPEN_AND_SAVE, url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in Path(tmp_path).iterdir()] == ["journal.db"]


async def test_a_journal_of_before_jobs_were_counted_takes_every_attempt_for_one(journal_url):
    await (await open_journal(journal_url, database="gpc1")).close()
    database = open_database(journal_url)
    await database.write(lambda connection: connection.execute(text("ALTER TABLE rp_run DROP COLUMN jobs")))
    await database.write(
        lambda connection: connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0001'"))
    )
    row = "'gpc1', 7, 'chip', 'LAP', '/data', 'poll', 0, 3, 0, 0, 0, 0, 0"
    columns = "dbname, remote_id, stage, label, path_base, step, parked, attempts, tries, fault, cancel_wanted, passed, failed"
    await database.write(lambda connection: connection.execute(text(f"INSERT INTO rp_run ({columns}) VALUES ({row})")))
    await database.close()
    journal = await open_journal(journal_url, database="gpc1")
    assert (await journal.runs.load([row_of(RUN)]))[7].jobs == 3
    await journal.close()
