"""Find the runs at a step without reading every run that there ever was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forward only; a MySQL that was stopped half-way has the index already."""
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("rp_run")}
    if "rp_run_step" not in there:
        op.create_index("rp_run_step", "rp_run", ["dbname", "step"])
