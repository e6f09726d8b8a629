"""transfer: what is sent and fetched by hand, ordered and shown; bad words get a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpconsole.domain.haul import HaulState, Way
from rpconsole.ports.hauls import FileLine


@pytest.fixture
def source(tmp_path, monkeypatch):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a").write_text("a")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cat"


def test_a_source_at_home_is_made_absolute_and_keeps_its_slash(shell, source):
    assert shell("transfer", "send", "cat/", "cat", "--to", "/refs").code == 0
    assert shell.engine.asked[-1][:2] == ("haul", (Way.SEND, (f"{source}/", str(source)), "/refs"))


def test_what_is_fetched_goes_to_a_directory_from_here(shell, source):
    said = shell("transfer", "fetch", "/refs/x", "--to", "home")
    assert said.code == 0
    assert shell.engine.asked[-1][1] == (Way.FETCH, ("/refs/x",), str(source.parent / "home"))
    assert "no engine runs" in said.out


def test_sources_come_from_a_file_too(shell, source, tmp_path):
    (tmp_path / "list").write_text(f"# tessellations\n{source}/a\n\n{source}\n")
    assert shell("transfer", "send", "--files-from", "list", "--to", "/refs").code == 0
    assert shell.engine.asked[-1][1][1] == (f"{source}/a", str(source))


def test_a_listed_name_is_not_cut_where_only_other_programs_see_the_end_of_a_line(shell, source, tmp_path):
    name = "line\u2028separator"
    (source / name).write_text("x")
    (tmp_path / "list").write_text(f"{source}/{name}\n", encoding="utf-8")
    said = shell("transfer", "send", "--files-from", "list", "--to", "/refs")
    assert said.code == 3
    assert "control characters" in said.err
    assert "is not there" not in said.err


def test_a_name_that_is_no_text_gets_a_sentence_that_says_what_to_name_instead(shell, source, tmp_path):
    (tmp_path / "list").write_bytes(b"cat/caf\xe9\n")
    said = shell("transfer", "send", "--files-from", "list", "--to", "/refs")
    assert said.code == 5
    assert "name the directory" in said.err
    assert not shell.engine.asked


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["send", "none", "--to", "/refs"], 5, "none is not there"),
        (["send", "--to", "/refs"], 3, "at least one file"),
        (["send", "cat"], 3, "--to"),
        (["send", "cat", "--to", "refs"], 3, "absolute path"),
        (["send", "cat", "--to", "/re\x1b[2Jfs"], 3, "absolute path"),
        (["send", "--files-from", "nolist", "--to", "/refs"], 5, "nolist cannot be read"),
        (["fetch", "relative", "--to", "x"], 3, "absolute path"),
        (["stop", "7"], 5, "no haul 7"),
        (["stop", "0"], 3, "number"),
        (["stop", "x"], 3, "valid integer"),
        (["resume", "99999999999"], 3, "number"),
        (["show", "1", "-n", "0"], 3, "greater than or equal to 1"),
        (["bench", "--sizes", "much"], 3, "'much' is no size"),
        (["bench", "--sizes", "0MB"], 3, "is no size"),
        (["bench", "--streams", "-1"], 3, "no number"),
        (["bench", "--front-ends", "65"], 3, "no number"),
        (["bench"], 3, "no engine runs"),
        (["sent"], 3, "did you mean"),
    ],
)
def test_bad_words_get_a_sentence(shell, source, words, code, sentence):
    said = shell("transfer", *words)
    assert said.code == code
    assert sentence in said.err
    assert "\x1b" not in said.err


def test_hauls_are_listed_and_steered(shell, source):
    shell("transfer", "send", "cat", "--to", "/refs")
    one = shell.engine.hauls.known[1]
    shell.engine.hauls.known[1] = replace(one, state=HaulState.MOVING, files=4, bytes=4_000_000, files_done=1)
    said = shell("transfer", "list")
    assert "moving" in said.out
    assert "1/4" in said.out
    assert shell("transfer", "stop", "1").out == "haul 1 is stopped: stopped by a person\n"
    assert "waiting" in shell("transfer", "resume", "1").out
    assert shell("transfer", "list", "--json").json["hauls"][0]["haul"]["number"] == 1


def test_the_ledger_is_shown_with_foreign_names_made_visible(shell):
    shell.engine.hauls.lines = [
        FileLine(
            way=Way.SEND, source="/a", target="/refs/\x1b[31mred", size=7, sha256="ab" * 32, bundle=2, stream="fe1/1",
            attempts=3, state="missed", sentence="the disk is full", at=0.0, haul=1,
        )
    ]  # fmt: skip
    for words in (("show", "1"), ("show", "1", "--missed"), ("files", "--run", "7")):
        said = shell("transfer", *words)
        assert said.code == 0
        assert "the disk is full" in said.out
        assert "\x1b" not in said.out
    assert shell("transfer", "show", "1", "--json").json["files"][0]["bundle"] == 2


def test_a_plan_is_told_with_its_doubts(shell, source):
    said = shell("transfer", "plan", "cat", "--to", "/refs")
    assert "6.0 MB" in said.out
    assert "2 s at 2.0 MB/s" in said.out
    assert "it does not fit" in said.out
    assert "unknown without a session" in said.out
    assert shell("transfer", "plan", "cat", "--to", "/refs", "--json").json["plan"]["files"] == 3
