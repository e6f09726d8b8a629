"""The command line in this process, over a fake configuration."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.engine import FakeEngine, a_run_row
from tests.fakes.settings import fake_settings

from rpconsole.cli import configured
from rpconsole.cli.app import main
from rpconsole.cli.configured import Configured


@dataclass
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs commands and keeps what they say."""

    def __init__(self, capsys: pytest.CaptureFixture[str], settings: Configured, engine: FakeEngine) -> None:
        self._capsys, self.settings, self.engine = capsys, settings, engine

    def __call__(self, *words: str) -> Said:
        self._capsys.readouterr()
        code = main(list(words))
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.err
        return Said(code, captured.out, captured.err)

    def change(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)


@pytest.fixture
def shell(capsys, monkeypatch):
    engine = FakeEngine(rows=[a_run_row(7), a_run_row(8, label="DEMO.B")])
    with tempfile.TemporaryDirectory(prefix="rp") as folder:
        made = Shell(capsys, fake_settings(Path(folder), engine), engine)
        monkeypatch.setattr(configured, "_read", lambda given: made.settings)
        yield made
