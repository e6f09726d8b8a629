"""The real command line over the fake configuration: ``python -m tests.fakes.commands FOLDER [WORDS...]``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fakes.settings import fake_settings

from rpconsole.cli import app, configured

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    configured._read = lambda given: fake_settings(folder, log_file=folder / "engine.log")
    raise SystemExit(app.main(sys.argv[2:]))
