"""Write down what came of each act of a person; of those before it nobody knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward only; a MySQL that was stopped half-way has the column already."""
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("rp_act")}
    if "outcome" not in there:
        op.add_column("rp_act", sa.Column("outcome", sa.Text))
