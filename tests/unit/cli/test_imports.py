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


@pytest.mark.parametrize("words", [["demo", "--headless"], ["practice", "up"]])
def test_without_the_practice_extra_the_sentence_says_what_to_install(words, tmp_path):
    program = (
        "import sys; sys.modules['numpy'] = None; from rpconsole.cli.app import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, *words, "--dir", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert "pip install 'rpconsole[practice]'" in done.stderr
    assert not (tmp_path / "site").exists()
