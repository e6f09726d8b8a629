"""Our own tables, in SQLite or MariaDB: runs and their stories, the ledger, operators' switches, the owner's lease."""

from __future__ import annotations

from rpconsole.adapters.journal.opening import Journal, journal_revision, open_journal

__all__ = ["Journal", "journal_revision", "open_journal"]
