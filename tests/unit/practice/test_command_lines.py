"""The frame of every program: options, exit codes, sentences, staged faults."""

from __future__ import annotations

import json
import os

import pytest

from rpconsole.practice.programs import dvoimageextract, faults, mkstackmdc, ppimage, ppstack, ppstats, psastro, pswarp
from rpconsole.practice.programs.exits import ExitCode
from rpconsole.practice.programs.frame import Outputs, run
from rpconsole.practice.programs.options import Given, Synopsis

ALL = [dvoimageextract, mkstackmdc, ppimage, ppstack, ppstats, psastro, pswarp]
COPY = Synopsis(program="copy", options={"-from": 1, "-log": 1}, arguments=("target",))


def copy(given: Given, outputs: Outputs) -> None:
    outputs.say("copying\n")
    outputs.text(given.arguments[0] + ".a.fits", "a")
    outputs.text(given.arguments[0] + ".b.fits", "b")


@pytest.mark.parametrize("program", ALL)
def test_an_unknown_option_ends_with_3_and_names_the_option(program, capsys):
    assert program.main(["-nonsense"]) == 3
    assert "unknown option -nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("program", ALL)
def test_an_empty_command_line_ends_with_3_and_a_sentence(program, capsys):
    assert program.main([]) == 3
    assert "missing" in capsys.readouterr().err


def test_a_misspelt_option_is_answered_with_the_nearest_right_one(capsys):
    ppimage.main(["-linearty", "x"])
    assert "did you mean -linearity?" in capsys.readouterr().err


def test_an_option_without_its_value_is_refused(capsys):
    assert run(COPY, copy, ["t", "-from"]) == 3
    assert "-from takes 1 value(s)" in capsys.readouterr().err


def test_the_last_of_repeated_options_wins():
    assert COPY.read(["-from", "a", "t", "-from", "b"]).one("-from") == "b"


def test_a_value_may_start_with_a_dash():
    assert COPY.read(["-from", "-x", "t"]).one("-from") == "-x"


def test_a_missing_directory_ends_with_2_for_these_programs_make_none(tmp_path, capsys):
    assert run(COPY, copy, [str(tmp_path / "nowhere" / "t")]) == 2
    assert "no directory" in capsys.readouterr().err


def test_a_bug_ends_with_4_and_not_with_a_traceback(capsys):
    def broken(given: Given, outputs: Outputs) -> None:
        raise ZeroDivisionError("by nothing")

    assert run(COPY, broken, ["t"]) == ExitCode.PROGRAMMING
    assert capsys.readouterr().err == "copy: ZeroDivisionError: by nothing\n"


def test_the_log_is_kept_when_the_program_stops_early(tmp_path):
    log = tmp_path / "x.log"
    assert run(COPY, copy, [str(tmp_path / "nowhere" / "t"), "-log", str(log)]) == 2
    assert "stopped: cannot write" in log.read_text()


def stage(monkeypatch, tmp_path, *rules):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rules))
    monkeypatch.setenv(faults.VARIABLE, str(path))


def test_a_staged_exit_strikes_only_the_lines_it_matches(monkeypatch, tmp_path):
    stage(monkeypatch, tmp_path, {"program": "copy", "match": "XY01", "mode": "exit", "code": 5})
    assert run(COPY, copy, [str(tmp_path / "XY01")]) == 5
    assert run(COPY, copy, [str(tmp_path / "XY02")]) == 0


def test_a_staged_fault_with_a_number_of_times_is_over_after_that(monkeypatch, tmp_path):
    stage(monkeypatch, tmp_path, {"program": "copy", "match": "", "mode": "exit", "times": 2})
    assert [run(COPY, copy, [str(tmp_path / "t")]) for _ in range(4)] == [1, 1, 0, 0]


def test_a_staged_missing_product_leaves_success_and_the_other_products(monkeypatch, tmp_path):
    stage(monkeypatch, tmp_path, {"program": "copy", "mode": "no-product", "product": ".a.fits"})
    assert run(COPY, copy, [str(tmp_path / "t")]) == 0
    assert sorted(os.listdir(tmp_path)) == ["rules.json", "t.b.fits"]


def test_a_staged_empty_product_is_there_with_no_bytes_and_nothing_is_said(monkeypatch, tmp_path, capsys):
    stage(monkeypatch, tmp_path, {"program": "copy", "mode": "empty-product"})
    assert run(COPY, copy, [str(tmp_path / "t")]) == 0
    assert [(tmp_path / name).stat().st_size for name in ("t.a.fits", "t.b.fits")] == [0, 0]
    assert capsys.readouterr().out == ""


def test_a_staged_hang_holds_the_program_before_it_writes_anything(monkeypatch, tmp_path):
    def held(seconds: float) -> None:
        raise KeyboardInterrupt

    stage(monkeypatch, tmp_path, {"program": "copy", "mode": "hang"})
    monkeypatch.setattr("time.sleep", held)
    with pytest.raises(KeyboardInterrupt):
        run(COPY, copy, [str(tmp_path / "t")])
    assert not list(tmp_path.glob("t.*"))


@pytest.mark.parametrize("text", ["{", '[{"program": "copy", "mode": "explode"}]'])
def test_broken_rules_end_with_3_and_a_sentence(monkeypatch, tmp_path, capsys, text):
    path = tmp_path / "rules.json"
    path.write_text(text)
    monkeypatch.setenv(faults.VARIABLE, str(path))
    assert run(COPY, copy, [str(tmp_path / "t")]) == 3
    assert capsys.readouterr().err.startswith("copy: ")
