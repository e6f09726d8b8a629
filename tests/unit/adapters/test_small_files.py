"""What a site says of small files is checked before a byte of them is believed."""

from __future__ import annotations

from hashlib import sha256

import pytest

from rpconsole.adapters.ssh.landing import Landing, Spoiled
from rpconsole.adapters.ssh.small_files import Small, land_all, sizes_in
from rpconsole.domain.fault import SiteFailed
from rpconsole.ports.site import Shipment


def small(path, data, digest=None):
    shipment = Shipment(source="/site/x", target=str(path))
    return Small(shipment, len(data), 0o644, 1, digest or sha256(data).hexdigest(), memoryview(data))


@pytest.mark.parametrize(
    "said",
    [None, {}, [], "text", [[1, 2, 3]], [[1, 2, 3, None]], [[-1, 2, 3, ""]], [[True, 2, 3, ""]], [[1 << 40, 2, 3, ""]], [7],
     [[1, 2, 3, ""]] * 2000, [[1, None, 3, ""]]],
)  # fmt: skip
def test_what_cannot_be_a_handful_is_said_to_be_none(said):
    with pytest.raises(SiteFailed, match="small files"):
        sizes_in(said, "fe1")


def test_a_file_that_could_not_be_given_has_no_bytes():
    assert sizes_in([[5, 420, 1, "ab"], {"error": "gone", "kind": "permanent"}], "fe1") == [5, 0]


def test_one_that_is_damaged_or_cannot_be_written_leaves_nothing_and_the_others_land(tmp_path):
    (tmp_path / "file").write_text("in the way")
    some = [
        small(tmp_path / "new" / "a", b"aaa"),
        small(tmp_path / "damaged", b"bbb", "0" * 64),
        small(tmp_path / "file" / "c", b"ccc"),
        small(tmp_path / "d", b""),
    ]
    faults = land_all(some)
    assert [type(fault) for fault in faults] == [type(None), Spoiled, NotADirectoryError, type(None)]
    assert (tmp_path / "new" / "a").read_bytes() == b"aaa"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d", "file", "new"]


def test_a_disk_that_fills_up_while_they_are_flushed_leaves_only_those_that_are_whole(tmp_path, monkeypatch):
    flush, flushed = Landing.flush, list[Landing]()

    def full_after_one(landing):
        if flushed:
            raise OSError(28, "No space left on device")
        flushed.append(landing)
        flush(landing)

    monkeypatch.setattr(Landing, "flush", full_after_one)
    faults = land_all([small(tmp_path / name, b"data") for name in ("a", "b", "c")])
    assert [fault is None for fault in faults] == [True, False, False]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
