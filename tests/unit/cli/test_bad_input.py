"""Whatever is typed gets a sentence and the right exit code."""

from __future__ import annotations

import pytest

from rpconsole.cli import configured
from rpconsole.domain.fault import BadConfiguration


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("stauts",), "there is no command 'stauts'; did you mean 'status'"),
        (("run", "sho", "7"), "there is no command 'sho'; did you mean 'show'"),
        (("xyzzy",), "there is no command 'xyzzy' (see 'rpconsole --help')"),
        (("remote.pol.off",), "there is no command 'remote.pol.off'"),
        (("status", "--jsn"), "there is no option --jsn; did you mean '--json'"),
        (("run", "show"), "Missing argument 'ID'"),
        (("run", "show", "seven"), "valid integer"),
        (("run", "show", "-5"), "no option -5"),
        (("run", "show", "--", "-5"), "greater than or equal to 1"),
        (("run", "show", "0"), "greater than or equal to 1"),
        (("run", "show", "9" * 40), "remote_id: "),
        (("run", "show", "7", "8"), "unexpected extra argument"),
        (("pause",), "Missing argument"),
        (("pause", "pol"), "or all; did you mean 'poll'"),
        (("pause", "\x1b[2J"), "control character"),
        (("runs", "--stage", "chop"), "'chop' is not a stage; the stages are chip, camera, warp, stack"),
        (("runs", "--state", "fulll"), "Input should be 'new'"),
        (("define", "--label", "", "--stage", "chip"), "label: "),
        (("define", "--label", "L" * 100, "--stage", "chip"), "at most 64"),
        (("define", "--label", "L", "--stage", "chip", "--limit", "-1"), "limit: "),
        (("plan", "--stage", "chop", "--commands", "3"), "'chop' is not a stage"),
        (("plan", "--stage", "chip", "--commands", "-3"), "'--commands'"),
        (("plan", "--stage", "chip", "--commands", "3", "--site", "practise"), "did you mean 'practice'"),
        (("--daemon", "status"), "--daemon runs the engine; it takes no command"),
        (("logs", "-f", "--json"), "cannot be followed"),
        (
            (
                "login",
                "nowhere\n",
            ),
            "",
        ),
    ],
)
def test_a_wrong_word_gets_a_sentence_and_code_3(shell, words, sentence):
    said = shell(*words)
    assert said.code == 3
    assert said.err.startswith("rpconsole: ")
    assert sentence.lower() in said.err.lower()
    assert "\x1b" not in said.err
    assert not shell.engine.asked


def test_a_run_that_is_not_there_ends_with_code_5(shell):
    said = shell("run", "story", "99")
    assert (said.code, said.err) == (5, "rpconsole: there is no run 99\n")


def test_a_configuration_that_cannot_be_used_ends_every_command_with_code_3(shell, monkeypatch):
    def refuse(given):
        raise BadConfiguration("rp.toml, line 3: there is no key 'databse'; did you mean 'database'")

    monkeypatch.setattr(configured, "_read", refuse)
    for words in (("status",), (), ("--daemon",), ("run", "why", "7"), ("login",), ("doctor",)):
        said = shell(*words)
        assert said.code == 3
        assert "did you mean 'database'" in said.err + said.out


def test_a_log_that_is_not_there_is_named_with_code_2(shell):
    shell.change(log_file=shell.settings.socket_path.parent / "no.log")
    said = shell("logs")
    assert said.code == 2
    assert "no.log" in said.err


def test_without_a_log_file_the_command_says_where_the_log_is(shell):
    said = shell("logs")
    assert said.code == 3
    assert "journalctl" in said.err


def test_what_was_not_foreseen_is_one_line_and_a_traceback_only_with_debug(shell, monkeypatch, capsys):
    shell.engine.runs = None
    said = shell("runs")
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "--debug" in said.err

    from rpconsole.cli.app import main

    assert main(["--debug", "runs"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe" * 100,
        b"x" * (2 << 20),
        b"rm -rf / ; chiptool -addprocessedimfile\n",
        "ωφ\n".encode(),
        b"chiptool\n" * 1000,
    ],
    ids=["empty", "binary", "two megabytes", "a shell line", "not ascii", "many lines"],
)
def test_a_file_that_is_no_dbinfo_is_named_with_what_is_wrong(shell, tmp_path, content):
    path = tmp_path / "bad.dbinfo"
    path.write_bytes(content)
    said = shell("dbinfo", "check", str(path))
    assert said.code == 5
    assert "bad.dbinfo" in said.err
    assert len(said.err) < 2000


def test_a_good_dbinfo_is_shown_beside_a_bad_one_and_nothing_is_applied(shell, tmp_path):
    good, bad = tmp_path / "good.dbinfo", tmp_path / "bad.dbinfo"
    good.write_text("warptool -addwarped -warp_id 3 -skycell_id skycell.1.2 -tess_id T.V3 -path_base /w/p -xmin -5\n")
    bad.write_text("rm -rf /\n")
    said = shell("dbinfo", "check", str(good), str(bad))
    assert said.code == 5
    assert said.out.splitlines()[1].split("\t")[1] == "warp"
    assert "bad.dbinfo" in said.err
    assert not shell.engine.asked


def test_a_dbinfo_that_cannot_be_read_does_not_hide_the_others(shell, tmp_path):
    said = shell("dbinfo", "check", str(tmp_path / "none"), str(tmp_path), "--json")
    assert said.code == 2
    assert [one["ok"] for one in said.json["files"]] == [False, False]
