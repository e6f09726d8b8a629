"""The helper's look at a whole tree, and the roots that its streams keep to."""

from __future__ import annotations

import os

import pytest

from rpconsole.remote.faults import Fault
from rpconsole.remote.main import main
from rpconsole.remote.paths import below_any
from rpconsole.remote.walking import walk


def test_every_plain_file_is_told_with_size_and_time_and_nothing_else(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "ü.fits").write_bytes(b"12345")
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / ".rpr-a.5.1.part").write_bytes(b"half")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "round").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    found = walk({"path": str(tmp_path)})
    assert found["base"] == f"{tmp_path}/"
    assert [(name, size) for name, size, _ in found["files"]] == [("a", 0), ("b/c/ü.fits", 5)]
    assert found["files"][0][2] == (tmp_path / "a").stat().st_mtime_ns


def test_a_single_file_is_a_tree_of_one(tmp_path):
    (tmp_path / "a").write_bytes(b"xyz")
    found = walk({"path": str(tmp_path / "a")})
    assert found["base"] + found["files"][0][0] == str(tmp_path / "a")


@pytest.mark.parametrize("path", ["relative", "/a/../etc", "", None, 7, "/a\0b"])
def test_a_path_that_cannot_be_is_refused(path):
    with pytest.raises(Fault):
        walk({"path": path})


def test_a_tree_that_is_not_there_is_a_failure_and_not_empty(tmp_path):
    with pytest.raises(FileNotFoundError):
        walk({"path": str(tmp_path / "none")})
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Fault):
        walk({"path": str(tmp_path / "fifo")})


def test_one_of_several_roots_must_hold_the_path():
    assert below_any(["/a", "/b/c"], "/b/c/./d") == "/b/c/d"
    for outside in ("/b/x", "/a", "/ab/c", "/a/../b/x"):
        with pytest.raises(Fault):
            below_any(["/a", "/b/c"], outside)


@pytest.mark.parametrize(
    "words", [["receive"], ["receive", "--root"], ["give", "--root", "/a", "/b"], ["give", "--rot", "/a"]]
)
def test_streams_want_their_roots_by_name(words, capsys):
    assert main(["rpr", *words]) == 3
    assert "usage" in capsys.readouterr().err
