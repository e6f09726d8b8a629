"""A small file is right or it is named: nothing of one that changed goes out."""

from __future__ import annotations

import os

import pytest

from rpconsole.remote.faults import TRANSIENT, Fault
from rpconsole.remote.handful import SMALL_BYTES, read_small


@pytest.mark.parametrize(("change", "word"), [(-1, "shrank"), (1, "changed")])
def test_a_file_that_changes_while_it_is_read_is_named(tmp_path, monkeypatch, change, word):
    path = tmp_path / "x"
    path.write_bytes(b"x" * 1000)
    read = os.read

    def meddling(handle, count):
        os.truncate(path, 1000 + change)
        return read(handle, count)

    monkeypatch.setattr(os, "read", meddling)
    with pytest.raises(Fault, match=word) as caught:
        read_small(str(path), str(path))
    assert caught.value.kind == TRANSIENT


def test_a_disk_that_gives_less_at_once_is_asked_again(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    read = os.read
    monkeypatch.setattr(os, "read", lambda handle, count: read(handle, min(count, 3)))
    assert read_small(str(path), str(path))[1] == b"0123456789"


def test_a_larger_file_goes_by_itself(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(bytes(SMALL_BYTES + 1))
    assert read_small(str(path), str(path)) is None
