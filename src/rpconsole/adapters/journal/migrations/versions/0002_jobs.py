"""Count a run's jobs apart from its orders: one that the scheduler had no room for made none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward only."""
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("rp_run")}
    # a MySQL that was stopped half-way has the column already
    if "jobs" not in known:
        op.add_column("rp_run", sa.Column("jobs", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE rp_run SET jobs = attempts WHERE jobs = 0")
