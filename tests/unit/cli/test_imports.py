"""What a quick command must not load."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_version_and_help_load_nothing_heavy(word):
    program = "import sys; from rpconsole.cli.app import main; main(sys.argv[1:]); print(*sys.modules, sep='\\n', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program, word], capture_output=True, text=True, check=True, timeout=60)
    heavy = {"textual", "asyncssh", "sqlalchemy", "pydantic", "numpy"}
    assert heavy.isdisjoint(done.stderr.split())
    assert "rpconsole" in done.stdout
