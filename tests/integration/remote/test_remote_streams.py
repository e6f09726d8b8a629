"""Files in and out through the real file."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time

import pytest
from tests.integration.remote.conftest import frame_of


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sent(path, data: bytes, **header) -> bytes:
    head = {"path": str(path), "size": len(data), **header}
    return frame_of(head) + data + frame_of({"sha256": digest(data)})


def acks(channel, count: int) -> dict[int, dict]:
    found = [channel.read() for _ in range(count)]
    return {ack["n"]: ack for ack in found}


def parts_in(root) -> list[str]:
    return [name for _, _, names in os.walk(root) for name in names if name.endswith(".part")]


# --- receive


def test_files_arrive_whole_with_their_mode_and_time(stream, tmp_path):
    channel = stream("receive", tmp_path)
    big = random.Random(1).randbytes(3_000_001)
    channel.write(
        sent(tmp_path / "a" / "b" / "big.fits", big, mode=0o600, mtime_ns=1_400_000_000_123_456_789),
        sent(tmp_path / "empty", b""),
    )
    answers = acks(channel, 2)
    assert answers[1]["sha256"] == digest(big)
    assert [answers[number]["ok"] for number in (1, 2)] == [True, True]
    path = tmp_path / "a" / "b" / "big.fits"
    assert path.read_bytes() == big
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mtime_ns == 1_400_000_000_123_456_789
    assert (tmp_path / "empty").read_bytes() == b""
    assert channel.end() == 0
    assert channel.read() == {"end": True, "files": 2, "failed": 0}


def test_hundreds_of_small_files_are_each_acknowledged(stream, tmp_path):
    channel = stream("receive", tmp_path)
    files = {number: f"{number}".encode() * number for number in range(1, 401)}
    channel.write(b"".join(sent(tmp_path / f"{number}.txt", data) for number, data in files.items()))
    answers = acks(channel, 400)
    assert {number: answer["sha256"] for number, answer in answers.items()} == {n: digest(d) for n, d in files.items()}
    assert all((tmp_path / f"{number}.txt").read_bytes() == data for number, data in files.items())
    assert channel.end() == 0


@pytest.mark.parametrize(
    "path",
    ["relative", "/etc/rpr-test", "ROOT", "ROOT/../x", "ROOT/a/../../x", "ROOT/a\0b", "ROOT/file/below", "ROOT/dir", "", None, 7,
     "ROOT/" + "n" * 300],
)  # fmt: skip
def test_a_bad_path_fails_alone_and_the_stream_goes_on(stream, tmp_path, path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "dir").mkdir()
    channel = stream("receive", tmp_path)
    bad = path.replace("ROOT", str(tmp_path)) if isinstance(path, str) else path
    header = frame_of({"path": bad, "size": 5})
    channel.write(header + b"12345" + frame_of({"sha256": digest(b"12345")}), sent(tmp_path / "good", b"good"))
    answers = acks(channel, 2)
    assert not answers[1]["ok"]
    assert answers[1]["error"]
    assert answers[2]["ok"]
    assert (tmp_path / "good").read_bytes() == b"good"
    assert channel.end() == 0
    assert parts_in(tmp_path) == []


def test_bytes_that_do_not_match_their_checksum_never_get_the_name(stream, tmp_path):
    (tmp_path / "x").write_text("old")
    channel = stream("receive", tmp_path)
    channel.write(frame_of({"path": str(tmp_path / "x"), "size": 3}) + b"new" + frame_of({"sha256": digest(b"nex")}))
    channel.write(frame_of({"path": str(tmp_path / "x"), "size": 3, "sha256": digest(b"nex")}) + b"new")
    channel.write(frame_of({"sha256": digest(b"new")}))
    channel.write(
        frame_of({"path": str(tmp_path / "x"), "size": 3}) + b"new" + frame_of({"ok": False, "error": "shrank"})
    )
    channel.write(frame_of({"path": str(tmp_path / "x"), "size": 3}) + b"new" + frame_of({}))
    answers = acks(channel, 4)
    assert [answers[n]["ok"] for n in range(1, 5)] == [False] * 4
    assert [answers[n]["kind"] for n in range(1, 5)] == ["transient", "transient", "transient", "refused"]
    assert (tmp_path / "x").read_text() == "old"
    assert channel.end() == 0
    assert parts_in(tmp_path) == []


@pytest.mark.parametrize("size", [None, -1, "5", True, 1.5, 1 << 60])
def test_a_header_without_a_usable_size_ends_the_stream_with_a_sentence(stream, tmp_path, size):
    channel = stream("receive", tmp_path)
    channel.write(frame_of({"path": str(tmp_path / "x"), "size": size}))
    answer = channel.read()
    assert (answer["n"], answer["ok"]) == (None, False)
    assert "size" in answer["error"]
    assert channel.process.wait(60) == 3


def test_a_stream_cut_anywhere_leaves_whole_files_and_no_half_one(stream, tmp_path):
    data = [b"first" * 20, b"", random.Random(2).randbytes(5000), b"last"]
    dice = random.Random(9)
    for place in range(26):
        root = tmp_path / f"{place:02d}"
        root.mkdir()
        pieces = [sent(root / "d" / str(number), content) for number, content in enumerate(data)]
        borders = [sum(map(len, pieces[:count])) for count in range(len(pieces) + 1)]
        near = [border + step for border in borders for step in (-1, 0, 1, 8, 9, 10)]
        cuts = sorted({cut for cut in near if 0 < cut < borders[-1]} | set(dice.sample(range(1, borders[-1]), 8)))
        cut = cuts[place * len(cuts) // 26]
        channel = stream("receive", root)
        channel.write(b"".join(pieces)[:cut])
        assert channel.end() == (0 if cut in borders else 1)
        arrived = {path.name: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        whole = sum(border <= cut for border in borders[1:])
        assert arrived == {str(number): data[number] for number in range(whole)}


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_file_leaves_nothing(stream, tmp_path, number):
    channel = stream("receive", tmp_path)
    channel.write(frame_of({"path": str(tmp_path / "x"), "size": 1 << 20}) + b"half")
    give_up = time.monotonic() + 60
    while not parts_in(tmp_path):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    channel.process.send_signal(number)
    assert channel.process.wait(60) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_fails_its_file_and_spares_the_next(stream, small_disk):
    channel = stream("receive", small_disk)
    channel.write(sent(small_disk / "huge", b"x" * (4 << 20)), sent(small_disk / "small", b"fits"))
    answers = acks(channel, 2)
    assert (answers[1]["ok"], answers[1]["kind"]) == (False, "transient")
    assert "No space left" in answers[1]["error"]
    assert answers[2]["ok"]
    assert channel.end() == 0
    assert [path.name for path in small_disk.iterdir()] == ["small"]


# --- give


def given(channel) -> list[tuple[dict, bytes, dict]]:
    found: list[tuple[dict, bytes, dict]] = []
    while True:
        header = channel.read()
        if header.get("end"):
            return found
        body = b"" if "error" in header else channel.take(header["size"])
        found.append((header, body, {} if "error" in header else channel.read()))


def test_asked_files_come_in_order_with_their_checksums(stream, tmp_path):
    big = random.Random(3).randbytes(2_500_000)
    (tmp_path / "big").write_bytes(big)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "big")
    channel = stream("give", tmp_path)
    channel.write(*[{"path": str(tmp_path / name)} for name in ("big", "empty", "link")], {"end": True})
    answers = given(channel)
    assert [body for _, body, _ in answers] == [big, b"", big]
    assert [trailer for _, _, trailer in answers] == [
        {"sha256": digest(big), "ok": True},
        {"sha256": digest(b""), "ok": True},
        {"sha256": digest(big), "ok": True},
    ]
    assert answers[0][0]["mtime_ns"] == (tmp_path / "big").stat().st_mtime_ns
    assert channel.process.wait(60) == 0


def test_a_file_that_cannot_be_given_is_named_and_the_others_come(stream, tmp_path):
    (tmp_path / "good").write_bytes(b"good")
    (tmp_path / "dir").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    names = ["none", "dir", "pipe", "dangling", "../x", "good"]
    channel = stream("give", tmp_path)
    channel.write(
        *[{"path": f"{tmp_path}/{name}"} for name in names], {"path": "/etc/passwd"}, {"path": None}, {"end": True}
    )
    answers = given(channel)
    assert [header.get("kind") for header, _, _ in answers] == [
        "permanent",
        "refused",
        "refused",
        "permanent",
        "refused",
        None,
        "refused",
        "refused",
    ]
    assert answers[5][1] == b"good"
    assert channel.process.wait(60) == 0


def test_a_file_that_shrinks_while_it_is_given_is_padded_and_disowned(stream, tmp_path):
    path, after = tmp_path / "x", tmp_path / "y"
    size = 24 << 20
    path.write_bytes(b"x" * size)
    after.write_bytes(b"after")
    channel = stream("give", tmp_path)
    channel.write({"path": str(path)}, {"path": str(after)}, {"end": True})
    header = channel.read()
    # the pipe holds 64 kB and the reader one more chunk: most of the file is still to be read
    with path.open("r+b") as file:
        file.truncate(4 << 20)
    assert len(channel.take(header["size"])) == size
    trailer = channel.read()
    assert not trailer["ok"]
    assert "shrank" in trailer["error"]
    assert channel.read()["size"] == 5


def test_a_file_that_grows_while_it_is_given_is_disowned(stream, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"x" * (24 << 20))
    channel = stream("give", tmp_path)
    channel.write({"path": str(path)}, {"end": True})
    header = channel.read()
    with path.open("ab") as file:
        file.write(b"more")
    channel.take(header["size"])
    trailer = channel.read()
    assert (trailer["ok"], trailer["kind"]) == (False, "transient")


def test_a_receiver_that_goes_away_ends_the_giver(stream, tmp_path):
    (tmp_path / "x").write_bytes(b"x" * (8 << 20))
    channel = stream("give", tmp_path)
    channel.write({"path": str(tmp_path / "x")}, {"end": True})
    channel.process.stdout.close()
    assert channel.process.wait(60) == 1


def test_what_is_given_can_be_received(stream, tmp_path):
    """The trailer of one end is read by the other as it is."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    (source / "x").write_bytes(b"content")
    giver, receiver = stream("give", source), stream("receive", target)
    giver.write({"path": str(source / "x")}, {"end": True})
    ((header, body, trailer),) = given(giver)
    receiver.write(frame_of({**header, "path": str(target / "x")}) + body + frame_of(trailer))
    assert receiver.read()["ok"]
    assert (target / "x").stat().st_mtime_ns == (source / "x").stat().st_mtime_ns
