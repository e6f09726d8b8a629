"""The real command line over the fake configuration: ``python -m tests.fakes.commands FOLDER [WORDS...]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fakes.settings import fake_settings

from rpconsole.cli import app, configured


def main(words: Sequence[str]) -> int:
    """Run the command line and return its exit code; the first word is the folder."""
    folder = Path(words[0])
    configured._read = lambda given: fake_settings(folder, log_file=folder / "engine.log")
    return app.main(list(words[1:]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
