"""The practice commands, as a trainee types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from rpconsole.cli.practice import app
from rpconsole.domain.fault import BadConfiguration, BadData
from rpconsole.practice.disturbing import ACTS
from rpconsole.practice.faults import KNOBS
from rpconsole.practice.site import PracticeSite


class Trainee:
    """Types commands about one directory."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self._capsys = capsys

    def types(self, *words: str) -> str:
        command = typer.main.get_command(app)
        command.main([*words, "--dir", str(self.directory)], standalone_mode=False)
        return self._capsys.readouterr().out


@pytest.fixture
def trainee(tmp_path, capsys):
    someone = Trainee(tmp_path / "site", capsys)
    yield someone
    if (someone.directory / "site.json").exists():
        someone.types("down")


@pytest.fixture
def made(trainee):
    """A site that was made and is down."""
    site = PracticeSite(trainee.directory)
    site._make()
    return site


def test_a_site_goes_up_stays_up_and_goes_down(trainee):
    trainee.types("up", "--exposures", "1", "--otas", "1", "--nodes", "3")
    found = json.loads(trainee.types("status", "--json"))
    assert (found["up"], found["nodes"], found["jobs"], found["logins"]) == (True, 3, [], {})
    assert (trainee.directory / "gpc1.sqlite").exists()
    trainee.types("down")
    assert trainee.types("status").startswith(f"practice site in {trainee.directory}: down")


def test_the_card_shows_another_token_each_time(trainee, made):
    first, second = trainee.types("card").strip(), trainee.types("card").strip()
    assert first != second
    assert len(first) == len(second) == 6


def test_nobody_without_a_card_gets_a_token(trainee, made):
    with pytest.raises(BadData, match="cards: operator, relief"):
        trainee.types("card", "--user", "mallory")


def test_a_directory_without_a_site_gets_a_sentence(trainee):
    with pytest.raises(BadConfiguration, match="practice up --dir"):
        trainee.types("card")


def test_a_path_that_shells_read_differently_is_refused(tmp_path, capsys):
    with pytest.raises(BadConfiguration, match="cannot lie in"):
        Trainee(tmp_path / "two words", capsys).types("up")


def test_a_knob_is_set_listed_and_cleared(trainee, made):
    trainee.types("fault", "msub", "lost", "--times", "2")
    assert "[staged: lost]" in trainee.types("fault")
    assert made.faults.take("msub") == "lost"
    trainee.types("fault", "msub", "--clear")
    assert made.faults.read() == {}


def test_every_disturbance_is_listed(trainee, made):
    listed = trainee.types("fault")
    assert all(name in listed for name in (*ACTS, *KNOBS))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["msbu", "lost"], "nearest is 'msub'"),
        (["msub", "explode"], "takes lost or hang"),
        (["session_s", "soon"], "takes a number"),
        (["kill", "77"], "has no job '77'"),
        (["cut"], "is not up"),
        (["sweep", "soon"], "sweep takes a number of seconds, not 'soon'"),
        (["scratch_used", "much"], "takes a number"),
        (["program", "ppImage=explode"], "with a mode of"),
    ],
)
def test_a_wrong_word_gets_the_right_ones(trainee, made, words, sentence):
    with pytest.raises(BadData, match=sentence):
        trainee.types("fault", *words)


def test_a_programs_fault_is_a_rule_that_the_stand_ins_read(trainee, made):
    trainee.types("fault", "program", "ppImage=exit,XY33", "--times", "1")
    rules = json.loads(made.paths.program_faults.read_text())
    assert rules == [{"program": "ppImage", "match": "XY33", "mode": "exit", "times": 1}]
    trainee.types("fault", "--clear")
    assert not made.paths.program_faults.exists()
