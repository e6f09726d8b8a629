"""Pulling and pushing by the real file; the storage host's end is the same file without an ssh between, or a liar."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
from tests.integration.remote.conftest import SITE_PYTHON

DATA = random.Random(7).randbytes(2_000_003)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def both(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "storage").mkdir()
    return tmp_path / "site", tmp_path / "storage"


@pytest.fixture
def carrier(stream, helper, both):
    """A pull or push that is told of one storage host and may move whatever it likes."""
    site, storage = both

    def begun(verb, *, argv=None, quiet_s=30.0, may=1 << 40):
        other = {"pull": "give", "push": "receive"}[verb]
        argv = argv or [SITE_PYTHON, "-I", str(helper), other, "--root", str(storage)]
        channel = stream(verb, site)
        channel.write({"hosts": {"c20": {"argv": argv, "program": False}}, "quiet_s": quiet_s}, {"may": may})
        return channel

    return begun


def order(number, source, target, **more):
    return {"n": number, "host": "c20", "from": str(source), "to": str(target), **more}


def answers(channel, count):
    found: dict[int, dict] = {}
    while len(found) < count:
        message = channel.read()
        if "n" in message:
            found[message["n"]] = message
    return found


def children_of(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found += [int(entry.name)] if int(fields[1]) == pid and fields[0] != "Z" else []
    return found


def is_soon(found, patience_s=60.0):
    give_up = time.monotonic() + patience_s
    while not found():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def parts_in(*roots):
    return [name for root in roots for _, _, names in os.walk(root) for name in names if name.endswith(".part")]


@pytest.mark.parametrize("verb", ["pull", "push"])
def test_files_are_carried_with_one_acknowledgement_each_and_bytes_that_add_up(carrier, both, verb):
    source, target = both[::-1] if verb == "pull" else both
    for number in range(1, 40):
        (source / f"f{number}").write_bytes(DATA[: number * 997])
    (source / "large").write_bytes(DATA)
    names = [*(f"f{number}" for number in range(1, 40)), "large"]
    channel = carrier(verb)
    channel.write(*(order(number, source / name, target / "d" / name) for number, name in enumerate(names, 1)))
    moved, found = 0, {}
    channel.write({"end": True})
    while not (message := channel.read()).get("end"):
        moved += message.get("moved", 0)
        if "n" in message:
            found[message["n"]] = message
    assert [found[number]["ok"] for number in range(1, 41)] == [True] * 40
    assert all((target / "d" / name).read_bytes() == (source / name).read_bytes() for name in names)
    assert found[40]["sha256"] == digest(DATA)
    assert found[40]["size"] == len(DATA)
    size = sum((source / name).stat().st_size for name in names)
    assert size <= moved < size * 1.01
    assert channel.end() == 0
    assert parts_in(*both) == []


@pytest.mark.parametrize("verb", ["pull", "push"])
@pytest.mark.parametrize(
    ("source", "target", "kind", "word"),
    [
        ("missing", "x", "permanent", "No such file"),
        ("../../etc/passwd", "x", "refused", "'..'"),
        ("/etc/passwd", "x", "refused", "not below"),
        ("good", "../x", "refused", "'..'"),
        ("good", "/tmp/rpr-outside", "refused", "not below"),
    ],
)  # fmt: skip
def test_a_bad_path_on_either_side_fails_alone(carrier, both, verb, source, target, kind, word):
    here, there = both[::-1] if verb == "pull" else both
    (here / "good").write_bytes(b"good")
    channel = carrier(verb)
    channel.write(
        order(
            1, f"{here}/{source}" if source[0] != "/" else source, f"{there}/{target}" if target[0] != "/" else target
        ),
        order(2, here / "good", there / "fine"),
    )
    found = answers(channel, 2)
    assert (found[1]["ok"], found[1]["kind"]) == (False, kind)
    assert word in found[1]["error"]
    assert found[2]["ok"]
    assert not Path("/tmp/rpr-outside").exists()


def test_a_source_of_another_size_than_it_was_entered_with_is_not_taken(carrier, both):
    site, storage = both
    (storage / "a").write_bytes(b"12345")
    channel = carrier("pull")
    channel.write(order(1, storage / "a", site / "a", size=4))
    assert "5 bytes, not the 4" in answers(channel, 1)[1]["error"]
    assert not (site / "a").exists()


@pytest.mark.parametrize("verb", ["pull", "push"])
def test_nothing_moves_before_it_may(carrier, both, verb):
    source, target = both[::-1] if verb == "pull" else both
    (source / "a").write_bytes(DATA)
    channel = carrier(verb, may=0)
    channel.write(order(1, source / "a", target / "a"))
    channel.write({"may": 1})
    assert 0 < channel.read()["moved"] < (1 << 20) + 500, "no more than one piece ahead"
    assert not (target / "a").exists()
    channel.write({"may": 1 << 22})
    assert answers(channel, 1)[1]["ok"]


@pytest.mark.parametrize("how", ["end of input", "silence", "signal"])
def test_without_whoever_ordered_it_everything_is_ended_and_nothing_half_is_left(carrier, both, how):
    site, storage = both
    (storage / "a").write_bytes(DATA)
    channel = carrier("pull", may=1, quiet_s=4.0 if how == "silence" else 30.0)
    channel.write(order(1, storage / "a", site / "a"))
    assert is_soon(lambda: parts_in(site)), "the file is on its way"
    others = children_of(channel.process.pid)
    if how == "signal":
        channel.process.send_signal(signal.SIGTERM)
    if how == "end of input":
        channel.close_input()
    assert channel.process.wait(60) == 1
    assert parts_in(site) == []
    assert is_soon(lambda: not any(Path(f"/proc/{pid}").exists() for pid in others))


def test_a_carrier_that_is_killed_leaves_no_connection_behind(carrier, both):
    site, storage = both
    (storage / "a").write_bytes(DATA)
    channel = carrier("pull", may=1)
    channel.write(order(1, storage / "a", site / "a"))
    assert is_soon(lambda: parts_in(site))
    others = children_of(channel.process.pid)
    channel.process.kill()
    assert is_soon(lambda: not any(Path(f"/proc/{pid}").exists() for pid in others))


def liar(text: str) -> list[str]:
    """A storage host that says this whatever it is asked, and then waits."""
    return [sys.executable, "-c", f"import sys,time\n{text}\nsys.stdout.flush()\ntime.sleep(60)"]


GREETS = "out=sys.stdout.buffer\nout.write(b'RPR1 {}\\n')\nframe=lambda b: out.write(b'%08x\\n' % len(b) + b)\n"


@pytest.mark.parametrize(
    "text",
    [
        "sys.exit('ssh: connect to host c20 port 22: Connection refused')",
        "print('x' * 300_000)",
        "sys.stdout.buffer.write(bytes(range(256)) * 2000)",
        GREETS + "out.write(b'rm -rf /\\n')",
        GREETS + "frame(b'[1]')",
        GREETS + 'frame(b\'{"path": "/etc/passwd", "size": 3}\')',
        GREETS + 'frame(b\'{"path": "SOURCE", "size": -1}\')',
        GREETS + 'frame(b\'{"path": "SOURCE", "size": true}\')',
        GREETS + 'frame(b\'{"path": "SOURCE", "size": 3}\'); out.write(b"abc"); out.write(b"not a trailer")',
        GREETS + 'frame(b\'{"path": "SOURCE", "size": 3}\'); out.write(b"a"); out.flush(); sys.exit("gone")',
        GREETS + "sys.exit(1)",
    ],
)
def test_whatever_a_storage_host_says_the_file_is_not_taken_and_the_next_one_can_be(carrier, both, helper, text):
    site, storage = both
    source = storage / "a"
    source.write_bytes(b"abc")
    channel = carrier("pull", argv=liar(text.replace("SOURCE", str(source))))
    channel.write(order(1, source, site / "a"), order(2, source, site / "b"))
    found = answers(channel, 2)
    assert [found[number].get("away") for number in (1, 2)] == [True, True]
    assert found[1]["error"].startswith("c20: ")
    assert os.listdir(site) == []
    channel.write({"n": 3, "host": "c21", "from": str(source), "to": str(site / "a")})
    assert "nearest is 'c20'" in answers(channel, 1)[3]["error"]
    assert channel.process.poll() is None


@pytest.mark.parametrize(
    "answer",
    [
        '{"n": 1, "ok": true, "sha256": "0000"}',
        '{"n": 1, "ok": true}',
    ],
)
def test_a_checksum_that_is_not_ours_is_no_delivery(carrier, both, answer):
    site, storage = both
    (site / "a").write_bytes(b"abc")
    lie = GREETS + f"time.sleep(0.5); frame(b'{answer}')"
    channel = carrier("push", argv=liar(lie))
    channel.write(order(1, site / "a", storage / "a"))
    assert answers(channel, 1)[1].get("sha256") is None


def test_an_acknowledgement_of_what_was_not_sent_strands_the_order(carrier, both):
    site, storage = both
    (site / "a").write_bytes(b"abc")
    channel = carrier("push", argv=liar(GREETS + 'frame(b\'{"n": 9, "ok": true}\')'))
    channel.write(order(1, site / "a", storage / "a"))
    assert answers(channel, 1)[1]["away"]


@pytest.mark.parametrize(
    "first",
    [{"hosts": 7}, {"hosts": {"a": 7}}, {"n": 1}, {"hosts": {}, "quiet_s": "x"}, b"garbage!\n"],
)
def test_a_first_frame_that_names_no_hosts_is_refused(stream, tmp_path, first):
    channel = stream("pull", tmp_path)
    channel.write(first)
    assert channel.read()["kind"] == "refused"
    assert channel.process.wait(60) == 3


def test_a_full_disk_fails_its_file_and_spares_the_next(carrier, both, stream, small_disk):
    _, storage = both
    (storage / "big").write_bytes(DATA)
    (storage / "small").write_bytes(b"small")
    channel = stream("pull", small_disk)
    argv = [SITE_PYTHON, "-I", channel.process.args[2], "give", "--root", str(storage)]
    channel.write({"hosts": {"c20": {"argv": argv, "program": False}}}, {"may": 1 << 40})
    channel.write(order(1, storage / "big", small_disk / "big"), order(2, storage / "small", small_disk / "small"))
    found = answers(channel, 2)
    assert found[1]["kind"] == "transient"
    assert "No space left" in found[1]["error"]
    assert found[2]["ok"]
    assert os.listdir(small_disk) == ["small"]
