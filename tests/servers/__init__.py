"""Real servers for tests: found where they are installed, started privately, ended surely."""

from __future__ import annotations

import os

import pytest

REQUIRED = os.environ.get("RPCONSOLE_REQUIRE_SERVICES") == "1"


def require(name: str, found: bool, reason: str) -> None:
    """Skip the test that asks when a server is not there; fail it where servers are required, as in CI."""
    if found:
        return
    if REQUIRED:
        pytest.fail(f"{name} is required here (RPCONSOLE_REQUIRE_SERVICES=1) and missing: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")
