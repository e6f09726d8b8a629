"""The fences that only running code can show: what a process really loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "rpconsole.domain": {"asyncio", "textual", "asyncssh", "sqlalchemy", "pydantic", "typer"},
    "rpconsole.bootstrap": {"textual", "rich"},
    "rpconsole.daemon": {"textual", "rich"},
    "rpconsole.cli.entry": {"textual", "typer", "pydantic"},
    "rpconsole.cli.seat": {"textual", "typer", "pydantic", "asyncssh", "sqlalchemy"},
    "rpconsole.cli.app": {"textual", "asyncssh", "sqlalchemy", "numpy", "astropy"},
    "rpconsole.protocol": {"textual", "asyncssh", "sqlalchemy"},
    "rpconsole.console.app": {
        "asyncssh",
        "sqlalchemy",
        "typer",
        "pydantic",
        "rpconsole.console.screens.login",
        "rpconsole.engine",
        "rpconsole.config",
    },
}


@pytest.mark.parametrize("module", sorted(HEAVY))
def test_a_process_that_imports_a_layer_does_not_load_what_the_layer_may_not_know(module):
    listing = "import sys, importlib; importlib.import_module(sys.argv[1]); print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", listing, module], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert HEAVY[module].isdisjoint(loaded)
