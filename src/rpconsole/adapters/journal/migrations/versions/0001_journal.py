"""The first schema: runs, stories, attempts, ledger, operators' switches, the owner's lease."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# a MySQL that was stopped half-way has some of the tables already: it cannot take back a CREATE TABLE
OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "if_not_exists": True,
}


def upgrade() -> None:
    """Forward only."""
    for create in (_act, _delivered, _gate, _job, _label, _owner, _run, _session, _story, _traffic, _verdict):
        create()


def _act() -> None:
    op.create_table(
        "rp_act",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "site", "number"),
        **OPTIONS,
    )


def _delivered() -> None:
    op.create_table(
        "rp_delivered",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("path_hash", sa.String(length=64), nullable=False),
        sa.Column("remote", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("site_mtime_ns", sa.BigInteger(), nullable=True),
        sa.Column("local", sa.Text(), nullable=False),
        sa.Column("local_mtime_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("dbname", "site", "path_hash"),
        **OPTIONS,
    )


def _gate() -> None:
    op.create_table(
        "rp_gate",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "site", "name"),
        **OPTIONS,
    )


def _job() -> None:
    op.create_table(
        "rp_job",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("remote_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("intended_at", sa.Double(), nullable=False),
        sa.Column("job", sa.String(length=128), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "remote_id", "number"),
        **OPTIONS,
    )


def _label() -> None:
    op.create_table(
        "rp_label",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "site", "label", "stage"),
        **OPTIONS,
    )


def _owner() -> None:
    op.create_table(
        "rp_owner",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("beat", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "site"),
        **OPTIONS,
    )


def _run() -> None:
    op.create_table(
        "rp_run",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("remote_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("path_base", sa.Text(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.Column("attempt_number", sa.Integer(), nullable=True),
        sa.Column("attempt_nonce", sa.String(length=64), nullable=True),
        sa.Column("attempt_intended_at", sa.Double(), nullable=True),
        sa.Column("attempt_job", sa.String(length=128), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.Double(), nullable=True),
        sa.Column("hold", sa.Text(), nullable=True),
        sa.Column("fault", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.String(length=16), nullable=True),
        sa.Column("cancel_wanted", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "remote_id"),
        **OPTIONS,
    )


def _session() -> None:
    op.create_table(
        "rp_session",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("user", sa.String(length=128), nullable=False),
        sa.Column("opened_by", sa.String(length=128), nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("end", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "site", "number"),
        **OPTIONS,
    )


def _story() -> None:
    op.create_table(
        "rp_story",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("remote_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("step_before", sa.String(length=16), nullable=False),
        sa.Column("step_after", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "remote_id", "number"),
        **OPTIONS,
    )


def _traffic() -> None:
    op.create_table(
        "rp_traffic",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("remote_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dbname", "remote_id"),
        **OPTIONS,
    )


def _verdict() -> None:
    op.create_table(
        "rp_verdict",
        sa.Column("dbname", sa.String(length=128), nullable=False),
        sa.Column("remote_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stage_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("dbname", "remote_id", "stage_id", "item"),
        **OPTIONS,
    )
