"""One small site with one engine for each test that wants nothing special."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.main_job.world import MainJob, main_job


@pytest.fixture
async def job(tmp_path: Path) -> AsyncIterator[MainJob]:
    """One exposure of one chip, the chip stage, nobody logged in."""
    async with main_job(tmp_path / "site") as job:
        yield job
