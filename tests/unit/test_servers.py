"""Real servers in tests: skipped where they are absent, required where that was ordered."""

from __future__ import annotations

import pytest
from tests import servers


def test_a_missing_server_skips_with_its_reason(monkeypatch):
    monkeypatch.setattr(servers, "REQUIRED", False)
    with pytest.raises(pytest.skip.Exception, match="slurm: not installed"):
        servers.require("slurm", False, "not installed")


def test_a_missing_server_fails_where_servers_are_required(monkeypatch):
    monkeypatch.setattr(servers, "REQUIRED", True)
    with pytest.raises(pytest.fail.Exception, match="slurm is required here"):
        servers.require("slurm", False, "not installed")


def test_a_server_that_is_there_does_nothing(monkeypatch):
    monkeypatch.setattr(servers, "REQUIRED", True)
    try:
        servers.require("slurm", True, "not installed")
    except pytest.skip.Exception:
        # skipped, this test would look as good as passed
        pytest.fail("it skips though the server is there")
