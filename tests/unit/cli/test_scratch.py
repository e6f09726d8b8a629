"""scratch, as a person types it."""

from __future__ import annotations

import pytest


def test_room_purges_readers_and_what_waits_are_shown(shell):
    out = shell("scratch").out
    assert "80.0 TB of 100 TB (80%), by the quota" in out
    assert "files are purged 14 days after their last access" in out
    assert "7\tchip\tDEMO.A\tneeded\t240\t5.4 GB\t14 d 0 h" in out
    assert "run 9 waits: scratch would overflow" in out


def test_the_same_as_an_object(shell):
    found = shell("scratch", "--json").json
    assert found["version"] == 1
    assert found["room"] == {"used": 80 * 10**12, "total": 100 * 10**12, "at": 1.4e9, "source": "quota"}
    assert found["holdings"][0]["holding"]["remote_id"] == 7
    assert found["holdings"][0]["readers"] == [8]
    assert found["waiting"] == [{"remote_id": 9, "sentence": "scratch would overflow"}]


def test_what_is_safe_to_remove_is_listed_and_nothing_is_removed(shell):
    said = shell("scratch", "safe")
    assert "7\tintermediate\t2048\t/scratch/a.trace" in said.out
    assert "run 7: 1 intermediates may go, 2.0 kB" in said.out
    assert "2 components failed" in said.out
    assert shell.engine.asked == []
    found = shell("scratch", "safe", "7", "8", "--limit", "0", "--json").json
    assert [(run["remote_id"], run["files"], run["paths"]) for run in found["runs"]] == [(7, 1, []), (8, 1, [])]


def test_nothing_is_removed_unasked(shell):
    said = shell("scratch", "clean", "7")
    assert said.code == 3
    assert "1 files (2.0 kB) would be removed; say --yes where nobody can be asked" in said.err.replace("\n", " ")
    assert shell.engine.asked == []


def test_with_yes_it_is_removed(shell):
    assert "run 7: 1 files removed, 2.0 kB" in shell("scratch", "clean", "7", "--yes").out
    assert shell.engine.asked[0][:2] == ("scratch_clean", ((7,),))


def test_a_person_who_says_no_keeps_the_files(shell, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *words, **options: False)
    said = shell("scratch", "clean", "7")
    assert (said.code, "nothing was removed" in said.err) == (0, True)
    assert shell.engine.asked == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("clean",), 3, "ID"),
        (("clean", "seven"), 3, "valid integer"),
        (("clean", "99", "--yes"), 5, "there is no run 99"),
        (("clean", "0", "--yes"), 3, "remote_id"),
        (("safe", "-1"), 3, ""),
        (("safe", "--limit", "-1"), 3, "'--limit'"),
        (("wipe",), 3, "there is no command 'wipe'"),
    ],
)
def test_bad_input_is_a_sentence(shell, words, code, sentence):
    said = shell("scratch", *words)
    assert said.code == code
    assert sentence in said.err
    assert shell.engine.asked == []
