"""Run by Alembic, on the connection and the open transaction that ``schema.upgrade`` hands over."""

from __future__ import annotations

from alembic import context

from rpconsole.adapters.journal.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite changes a table by writing it anew
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
