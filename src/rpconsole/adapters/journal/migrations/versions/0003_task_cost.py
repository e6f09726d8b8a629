"""Remember what finished tasks cost, by run and filter."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    """Forward only."""
    # a MySQL that was stopped half-way has the table already
    if sa.inspect(op.get_bind()).has_table("rp_task_cost"):
        return
    op.create_table(
        "rp_task_cost",
        sa.Column("dbname", sa.String(128), primary_key=True),
        sa.Column("site", sa.String(128), primary_key=True),
        sa.Column("remote_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("filter", sa.String(64), primary_key=True),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("label", sa.String(128), nullable=False),
        sa.Column("tasks", sa.Integer, nullable=False),
        sa.Column("wall_s", sa.Double, nullable=False),
        sa.Column("longest_s", sa.Double, nullable=False),
        sa.Column("max_rss_kb", sa.BigInteger, nullable=False),
        **OPTIONS,
    )
