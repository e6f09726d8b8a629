"""The page about schedulers names a test for every trap, or says why it cannot happen; a new scheduler needs its row only."""

from __future__ import annotations

import re

import pytest
from docs.generate import DOCS
from tests.named_tests import known_tests, named_in

from rpconsole.bootstrap import settings_of
from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.commands.remedies import remedy_for
from rpconsole.commands.slurm import Slurm
from rpconsole.config import load_config

PAGE = (DOCS / "schedulers.md").read_text(encoding="utf-8")
TRAPS = [re.split(r" *(?<!\\)\| *", line.strip("| ")) for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
EXAMPLE = DOCS.parent / "etc" / "rpconsole.toml"


def test_all_forty_traps_are_there_in_order():
    assert [int(row[0]) for row in TRAPS] == list(range(1, 41))


@pytest.mark.parametrize("row", TRAPS, ids=lambda row: row[0])
def test_each_trap_names_tests_that_exist_or_says_why_it_cannot_happen(row):
    named = named_in(row[3] if len(row) > 3 else "")
    if not named:
        assert row[-1].startswith("Cannot happen: "), row
    assert named <= known_tests(), sorted(named - known_tests())


def test_each_word_of_a_job_that_does_not_start_has_a_remedy_in_the_code():
    table = PAGE.partition("## A job that does not start")[2].partition("\n## ")[0]
    words = re.findall(r"^\| ((?:[A-Z]\w+(?:, )?)+)", table, re.MULTILINE)
    assert len(words) > 7
    for word in ", ".join(words).split(", "):
        assert remedy_for(word), word


def test_a_new_scheduler_needs_nothing_but_its_row(monkeypatch, tmp_path):
    class Other(Slurm):
        """Another kind."""

    monkeypatch.setitem(KNOWN_SCHEDULERS, "other", lambda bin_dir: Other(bin_dir=bin_dir))
    text = EXAMPLE.read_text(encoding="utf-8").replace('scheduler = "moab"', 'scheduler = "other"')
    file = tmp_path / "rpconsole.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    assert isinstance(settings_of(load_config(file)).scheduler, Other)
