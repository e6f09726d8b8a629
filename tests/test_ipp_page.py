"""The page about the IPP names every fault once, and tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
PAGE = (ROOT.parent / "docs" / "ipp.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| `([\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)


def test_each_of_the_39_faults_has_one_row():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 40))


@pytest.mark.parametrize(("file", "name"), [row[3:] for row in ROWS], ids=lambda word: word.rpartition("/")[2])
def test_the_named_test_exists(file, name):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}
