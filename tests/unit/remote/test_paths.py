from __future__ import annotations

import os

import pytest

from rpconsole.remote.faults import Fault
from rpconsole.remote.paths import below, part_path, really_below, root_of, write_whole

HOSTILE = [
    "",
    "x",
    "./x",
    "/r/../etc/passwd",
    "/r/x/../../y",
    "/r",
    "/r/",
    "//r",
    "/rx/y",
    "/r/\0",
    None,
    7,
    ["/r/x"],
    "/",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_is_not_below_its_root_is_refused(path):
    with pytest.raises(Fault) as fault:
        below("/r", path)
    assert fault.value.kind == "refused"


@pytest.mark.parametrize("path", ["/r/x/y", "/r//x/./y", "//r/x/y", "/r/x//y/"])
def test_double_slashes_mean_one(path):
    assert below("/r", path) == "/r/x/y"


@pytest.mark.parametrize("root", ["/", "//", "", "r", "/.."])
def test_the_root_may_not_be_everything_or_nothing(root):
    with pytest.raises(Fault):
        root_of(root)


def test_a_link_on_the_way_out_of_the_root_is_refused(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / "door").symlink_to(tmp_path / "outside")
    with pytest.raises(Fault, match="leads out"):
        really_below(str(tmp_path / "root"), str(tmp_path / "root" / "door" / "x"))
    assert really_below(str(tmp_path / "root"), str(tmp_path / "root" / "door"))


def test_the_temporary_name_of_the_longest_name_is_still_a_name(tmp_path):
    part = part_path(str(tmp_path / ("x" * 255)))
    assert len(os.path.basename(part)) <= 255
    assert os.path.dirname(part) == str(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    target = tmp_path / "list"
    target.write_text("old")
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_whole(str(target), b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["list"]
    assert target.read_text() == "old"
