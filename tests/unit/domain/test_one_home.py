"""A rule that two modules know is a rule that will differ."""

from __future__ import annotations

from pathlib import Path

import pytest

import rpconsole

PACKAGE = Path(rpconsole.__file__).parent


@pytest.mark.parametrize(
    ("words", "home"),
    [
        # an instance's name back to its key, and the mirror below the root
        ("""replace(":", "/")""", "domain/paths.py"),
        ("/tmp/{", "domain/paths.py"),
        # the directory of a run's lists
        ("/remote_{", "domain/run.py"),
        ("/stage_{", "domain/listfiles.py"),
        ("stask_logs/", "commands/jobscript.py"),
    ],
)
def test_only_one_module_knows_how_a_path_is_mapped(words, home):
    # the practice site plays the other side, and the helper at the site is told every path
    others = ("practice", "remote")
    found = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in others and words in _code(path).replace("'", '"')
    ]
    assert found == [home]


def _code(path: Path) -> str:
    """Without docstrings' prose: lines that hold a statement's text."""
    return "\n".join(line for line in path.read_text().splitlines() if "``" not in line)
