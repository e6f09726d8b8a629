"""Small files that are asked for in lists come some in one frame, larger ones by themselves in between."""

from __future__ import annotations

import os
import random
from hashlib import sha256
from typing import Any

from rpconsole.remote.handful import SMALL_BYTES


def answers(channel, count):
    """What comes for so many files, in order: (what is said, bytes)."""
    found: list[tuple[Any, bytes]] = []
    while len(found) < count:
        message = channel.read()
        if "some" not in message:
            body = b"" if "error" in message else channel.take(message["size"])
            found.append((message if "error" in message else channel.read(), body))
            continue
        assert message["first"] == len(found) + 1
        sizes = [one[0] if isinstance(one, list) else 0 for one in message["some"]]
        found += [(said, channel.take(size)) for said, size in zip(message["some"], sizes, strict=True)]
    return found


def ask(channel, *paths):
    channel.write({"paths": [str(path) for path in paths]})


def test_small_and_large_files_come_in_the_order_in_which_they_were_asked_for(stream, tmp_path):
    dice = random.Random(5)
    paths = [tmp_path / str(number) for number in range(90)]
    for number, path in enumerate(paths):
        path.write_bytes(dice.randbytes(SMALL_BYTES + 1 if number % 30 == 20 else number * 400))
    paths[3].chmod(0o755)
    channel = stream("give", tmp_path)
    ask(channel, *paths[:50])
    ask(channel, *paths[50:])
    found = answers(channel, 90)
    assert [body for _, body in found] == [path.read_bytes() for path in paths]
    for number, (path, (said, body)) in enumerate(zip(paths, found, strict=True)):
        if number % 30 == 20:
            assert said == {"sha256": sha256(body).hexdigest(), "ok": True}
        else:
            facts = path.stat()
            assert said == [len(body), facts.st_mode & 0o777, facts.st_mtime_ns, sha256(body).hexdigest()]
    channel.write({"end": True})
    assert channel.read() == {"end": True, "files": 90, "failed": 0}
    assert channel.process.wait(60) == 0


def test_what_cannot_be_given_is_named_in_its_place(stream, tmp_path):
    (tmp_path / "good").write_bytes(b"good")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    names = ["none", "good", "folder", "pipe", "../x", "good"]
    channel = stream("give", tmp_path)
    channel.write({"paths": [*(f"{tmp_path}/{name}" for name in names), "/etc/passwd", None, 7]}, {"end": True})
    found = answers(channel, 9)
    kinds = [said.get("kind") if isinstance(said, dict) else "given" for said, _ in found]
    assert kinds == ["permanent", "given", "refused", "refused", "refused", "given", "refused", "refused", "refused"]
    assert channel.read() == {"end": True, "files": 2, "failed": 7}


def test_a_list_that_is_none_ends_the_stream_with_a_sentence(stream, tmp_path):
    channel = stream("give", tmp_path)
    channel.write({"paths": "everything"})
    assert "must be a list" in channel.read()["error"]
    assert channel.process.wait(60) == 3


def test_what_is_gathered_does_not_wait_for_the_next_question(stream, tmp_path):
    (tmp_path / "one").write_bytes(b"1")
    channel = stream("give", tmp_path)
    for _ in range(3):
        ask(channel, tmp_path / "one")
        assert channel.read()["some"][0][0] == 1
        assert channel.take(1) == b"1"
