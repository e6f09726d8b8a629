"""Keep books of transfers: hauls ordered by hand, what became of each file, what was learned of the line."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    """Forward only; a MySQL that was stopped half-way has some of the tables already."""
    there = set(sa.inspect(op.get_bind()).get_table_names())
    for name, make in (("rp_haul", _make_haul), ("rp_moved_file", _make_moved_file), ("rp_learned", _make_learned)):
        if name not in there:
            make(name)


def _key() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return sa.Column("dbname", sa.String(128), primary_key=True), sa.Column("site", sa.String(128), primary_key=True)


def _make_haul(name: str) -> None:
    counts = ("files", "bytes", "files_done", "bytes_done", "files_there", "files_parked")
    op.create_table(
        name,
        *_key(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("ordered_at", sa.Double, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        *(sa.Column(count, sa.BigInteger, nullable=False) for count in counts),
        sa.Column("ended_at", sa.Double),
        **OPTIONS,
    )


def _make_moved_file(name: str) -> None:
    op.create_table(
        name,
        *_key(),
        sa.Column("way", sa.String(8), primary_key=True),
        sa.Column("path_hash", sa.String(64), primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bundle", sa.Integer, nullable=False),
        sa.Column("stream", sa.String(128), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("remote_id", sa.BigInteger),
        sa.Column("haul", sa.Integer),
        sa.Index("rp_moved_file_run", "dbname", "site", "remote_id"),
        sa.Index("rp_moved_file_haul", "dbname", "site", "haul"),
        **OPTIONS,
    )


def _make_learned(name: str) -> None:
    op.create_table(
        name,
        *_key(),
        sa.Column("topic", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        **OPTIONS,
    )
