"""Our own tables, all named ``rp_…``: the newest schema, which the migrations arrive at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text

#: the revision that these tables are; the newest file in ``migrations/versions``
REVISION = "0007"
#: every revision that this program can bring up to date
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
VERSION_TABLE = "rp_schema"

#: words are compared byte for byte on every server, as SQLite does: 'Nightly' and 'nightly' are two labels
OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

metadata = MetaData()


def _database() -> Column[str]:
    """The gpc1 database: one journal may serve several, and their run numbers overlap."""
    return Column("dbname", String(128), primary_key=True)


def _site() -> Column[str]:
    return Column("site", String(128), primary_key=True)


run = Table(
    "rp_run",
    metadata,
    _database(),
    Column("remote_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stage", String(16), nullable=False),
    Column("label", String(128), nullable=False),
    Column("path_base", Text, nullable=False),
    Column("step", String(16), nullable=False),
    Column("parked", Boolean, nullable=False),
    Column("attempt_number", Integer),
    Column("attempt_nonce", String(64)),
    Column("attempt_intended_at", Double),
    Column("attempt_job", String(128)),
    Column("attempts", Integer, nullable=False),
    Column("jobs", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", Double),
    Column("hold", Text),
    Column("fault", Integer, nullable=False),
    Column("stopped_at", String(16)),
    Column("cancel_wanted", Boolean, nullable=False),
    Column("passed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Index("rp_run_step", "dbname", "step"),
    **OPTIONS,
)

story = Table(
    "rp_story",
    metadata,
    _database(),
    Column("remote_id", BigInteger, primary_key=True, autoincrement=False),
    # counted by run, so that a story lies together on disk
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("event", String(64), nullable=False),
    Column("step_before", String(16), nullable=False),
    Column("step_after", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    **OPTIONS,
)

job = Table(
    "rp_job",
    metadata,
    _database(),
    Column("remote_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("nonce", String(64), nullable=False),
    Column("intended_at", Double, nullable=False),
    Column("job", String(128)),
    Column("state", String(16), nullable=False),
    **OPTIONS,
)

delivered = Table(
    "rp_delivered",
    metadata,
    _database(),
    _site(),
    # a path is longer than what a server can index
    Column("path_hash", String(64), primary_key=True),
    Column("remote", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("site_mtime_ns", BigInteger),
    Column("local", Text, nullable=False),
    Column("local_mtime_ns", BigInteger),
    **OPTIONS,
)

verdict = Table(
    "rp_verdict",
    metadata,
    _database(),
    Column("remote_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stage_id", BigInteger, primary_key=True, autoincrement=False),
    Column("item", String(128), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("sha256", String(64)),
    **OPTIONS,
)

traffic = Table(
    "rp_traffic",
    metadata,
    _database(),
    Column("remote_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sent", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    **OPTIONS,
)

gate = Table(
    "rp_gate",
    metadata,
    _database(),
    _site(),
    Column("name", String(32), primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("who", String(128), nullable=False),
    Column("at", Double, nullable=False),
    **OPTIONS,
)

act = Table(
    "rp_act",
    metadata,
    _database(),
    _site(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("who", String(128), nullable=False),
    Column("what", Text, nullable=False),
    Column("outcome", Text),
    **OPTIONS,
)

session = Table(
    "rp_session",
    metadata,
    _database(),
    _site(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("host", String(255), nullable=False),
    Column("user", String(128), nullable=False),
    Column("opened_by", String(128), nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("end", Text, nullable=False),
    **OPTIONS,
)

label = Table(
    "rp_label",
    metadata,
    _database(),
    _site(),
    Column("label", String(128), primary_key=True),
    Column("stage", String(16), primary_key=True),
    **OPTIONS,
)

owner = Table(
    "rp_owner",
    metadata,
    _database(),
    _site(),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("since", Double, nullable=False),
    Column("beat", Double, nullable=False),
    **OPTIONS,
)

task_cost = Table(
    "rp_task_cost",
    metadata,
    _database(),
    _site(),
    Column("remote_id", BigInteger, primary_key=True, autoincrement=False),
    Column("filter", String(64), primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("label", String(128), nullable=False),
    Column("tasks", Integer, nullable=False),
    Column("wall_s", Double, nullable=False),
    Column("longest_s", Double, nullable=False),
    Column("max_rss_kb", BigInteger, nullable=False),
    **OPTIONS,
)

holding = Table(
    "rp_holding",
    metadata,
    _database(),
    _site(),
    Column("remote_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stage", String(16), nullable=False),
    Column("label", String(128), nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("oldest", Double),
    Column("looked_at", Double),
    Column("seen", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    **OPTIONS,
)

haul = Table(
    "rp_haul",
    metadata,
    _database(),
    _site(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("way", String(8), nullable=False),
    Column("sources", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("who", String(128), nullable=False),
    Column("ordered_at", Double, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("files_done", BigInteger, nullable=False),
    Column("bytes_done", BigInteger, nullable=False),
    Column("files_there", BigInteger, nullable=False),
    Column("files_parked", BigInteger, nullable=False),
    Column("ended_at", Double),
    **OPTIONS,
)

moved_file = Table(
    "rp_moved_file",
    metadata,
    _database(),
    _site(),
    Column("way", String(8), primary_key=True),
    # of the target
    Column("path_hash", String(64), primary_key=True),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bundle", Integer, nullable=False),
    Column("stream", String(128), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("remote_id", BigInteger),
    Column("haul", Integer),
    Index("rp_moved_file_run", "dbname", "site", "remote_id"),
    Index("rp_moved_file_haul", "dbname", "site", "haul"),
    **OPTIONS,
)

learned = Table(
    "rp_learned",
    metadata,
    _database(),
    _site(),
    Column("topic", String(64), primary_key=True),
    # a JSON object
    Column("value", Text, nullable=False),
    **OPTIONS,
)
