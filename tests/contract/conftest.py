"""What the contract suites share."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["sqlite"])
def journal_url(tmp_path):
    """URL of an empty journal."""
    return f"sqlite:///{tmp_path}/state/journal.db"
