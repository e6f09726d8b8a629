"""Remember what runs have left at the site."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    """Forward only."""
    # a MySQL that was stopped half-way has the table already
    if sa.inspect(op.get_bind()).has_table("rp_holding"):
        return
    op.create_table(
        "rp_holding",
        sa.Column("dbname", sa.String(128), primary_key=True),
        sa.Column("site", sa.String(128), primary_key=True),
        sa.Column("remote_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("label", sa.String(128), nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("oldest", sa.Double),
        sa.Column("looked_at", sa.Double),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("missing", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        **OPTIONS,
    )
