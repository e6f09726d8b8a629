"""What a dead session leaves at the site: found by its records, ended and removed; strangers and living sessions are not touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from tests.servers.processes import is_alive, wait_for

DEAD, LIVING = "mine.dead", "mine.living"
#: takes no notice of SIGTERM
STUBBORN = "trap '' TERM; echo $$ > {path}; while :; do sleep 60; done"


@pytest.fixture
def records(helper):
    """The records that lie beside the helper, those of earlier tests taken away."""
    folder = helper.parent / "live"
    for path in folder.glob("*"):
        path.unlink()
    return lambda badge="": sorted(folder.glob(f"{badge}*"))


@pytest.fixture
def hung(serve, records, tmp_path):
    """A command that hangs in a session: its number, and the service that waits for it."""
    started: list[int] = []

    def start(badge=DEAD, script=STUBBORN):
        service = serve(badge)
        path = tmp_path / f"pid{len(started)}"
        service.ask("run", argv=["/bin/sh", "-c", script.format(path=path)], timeout_s=600)
        wait_for(lambda: path.exists() and path.read_text().strip())
        started.append(int(path.read_text()))
        return started[-1], service

    yield start
    for pid in started:
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def hunt(serve, *keep):
    return serve(LIVING).call("hunt", owner="mine", keep=["living", *keep])


def test_a_command_that_outlived_its_helper_is_ended_with_what_it_started(serve, hung, records):
    pid, service = hung()
    wait_for(lambda: f"+{pid} " in records(DEAD)[0].read_text())
    service.process.kill()
    service.process.wait()
    assert is_alive(pid)
    (entry,) = hunt(serve)
    assert (entry["helper"], entry["commands"], entry["left"]) == (False, 2, 0)
    assert not is_alive(pid)
    assert records(DEAD) == []


@pytest.mark.parametrize("number", [0, signal.SIGSTOP])
def test_a_helper_that_nobody_listens_to_any_more_is_ended_even_when_it_is_frozen(serve, hung, records, number):
    pid, service = hung()
    os.kill(service.process.pid, number)
    (entry,) = hunt(serve)
    assert (entry["helper"], entry["left"]) == (True, 0)
    service.process.wait(60)
    wait_for(lambda: not is_alive(pid))
    assert records(DEAD) == []


def test_a_command_that_its_stopped_helper_had_no_time_to_write_down_is_ended_too(serve, hung, records):
    pid, service = hung()
    wait_for(lambda: f"+{pid} " in records(DEAD)[0].read_text())
    os.kill(service.process.pid, signal.SIGSTOP)
    records(DEAD)[0].write_text(records(DEAD)[0].read_text().splitlines()[0] + "\n")
    (entry,) = hunt(serve)
    assert (entry["helper"], entry["left"]) == (True, 0)
    assert entry["commands"] > 0
    assert not is_alive(pid)


def test_living_sessions_and_other_engines_are_left_alone(serve, hung, records):
    (kept, _), (foreign, _) = hung("mine.other"), hung("theirs.dead")
    assert hunt(serve, "other") == []
    assert is_alive(kept)
    assert is_alive(foreign)
    assert len(records()) == 3


def test_a_helper_younger_than_the_one_that_hunts_is_left_alone(serve, hung):
    hunter = serve(LIVING)
    pid, _ = hung("mine.young")
    assert hunter.call("hunt", owner="mine", keep=["living"]) == []
    assert is_alive(pid)


@pytest.mark.parametrize("change", [{"start": 1}, {"boot": "of last year"}, {"host": "elsewhere"}])
def test_a_process_that_has_the_number_of_a_dead_one_is_a_stranger(serve, records, change):
    service = serve(DEAD)
    (path,) = records(DEAD)
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    head = {**json.loads(path.read_text().splitlines()[0]), "pid": stranger.pid, **change}
    path.write_text(f"{json.dumps(head)}\n+{stranger.pid} 1\n")
    service.process.kill()
    found = hunt(serve)
    assert stranger.poll() is None
    assert [entry["commands"] for entry in found] == ([] if "host" in change else [0])
    assert len(records(DEAD)) == len(records(DEAD) if "host" in change else [])
    stranger.kill()
    stranger.wait()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_a_record_that_another_account_wrote_is_not_believed(serve, records):
    service = serve(DEAD)
    victim = subprocess.Popen(["sleep", "60"])
    (path,) = records(DEAD)
    start = Path(f"/proc/{victim.pid}/stat").read_text().rpartition(")")[2].split()[19]
    path.write_text(path.read_text() + f"+{victim.pid} {start}\n")
    os.chown(path, 4711, 4711)
    service.process.kill()
    assert hunt(serve) == []
    assert victim.poll() is None
    victim.kill()
    victim.wait()


def test_a_program_that_went_its_own_way_is_not_ended(serve, hung, records, tmp_path):
    script = "setsid sh -c 'echo $$ > {path}.daemon; exec sleep 60' & echo $$ > {path}; sleep 60"
    pid, service = hung(script=script)
    daemon = tmp_path / "pid0.daemon"
    wait_for(lambda: daemon.exists() and daemon.read_text().strip())
    wait_for(lambda: f"+{pid} " in records(DEAD)[0].read_text())
    service.process.kill()
    service.process.wait()
    hunt(serve)
    assert not is_alive(pid)
    assert is_alive(int(daemon.read_text()))
    os.kill(int(daemon.read_text()), signal.SIGKILL)


def test_what_ended_in_order_leaves_no_record(serve, stream, records, tmp_path):
    services = [serve(DEAD), stream("receive", tmp_path, DEAD), stream("give", tmp_path, DEAD)]
    assert len(records(DEAD)) == 3
    services[0].call("run", argv=["true"])
    for service in services:
        service.end()
    assert records(DEAD) == []


def test_a_record_stays_short_however_much_was_run(serve, records):
    service = serve(DEAD)
    for _ in range(300):
        service.call("run", argv=["true"])
    assert records(DEAD)[0].stat().st_size < 8192


def test_damaged_records_harm_nobody(serve, records, helper):
    serve(DEAD).end()
    folder = helper.parent / "live"
    for name, text in {"a": "", "b": "{", "c": "[]", "d": '{"pid":1}', "e": "\0" * 100}.items():
        (folder / f"mine.dead.{name}").write_text(text)
    (folder / "mine.dead.link").symlink_to("/etc/passwd")
    assert hunt(serve) == []
    assert all(path.unlink() is None for path in records(DEAD))


def test_a_folder_that_cannot_be_written_keeps_nobody_from_working(serve, helper, records):
    folder = helper.parent / "live"
    folder.rmdir() if folder.is_dir() else None
    folder.write_text("")
    service = serve(DEAD)
    assert service.call("run", argv=["echo", "x"])["out"] == "x\n"
    assert service.call("hunt", owner="mine", keep=[]) == []
    folder.unlink()


def test_the_half_file_of_a_receiver_that_was_killed_is_removed_at_once_and_no_other(serve, stream, tmp_path):
    receiver = stream("receive", tmp_path, DEAD)
    receiver.write({"path": f"{tmp_path}/x.fits", "size": 4 << 20}, bytes(2 << 20))
    wait_for(lambda: list(tmp_path.glob(".rpr-x.fits.*.part")))
    (tmp_path / ".rpr-y.fits.0123456789abcdef.1.part").write_text("being written")
    receiver.process.kill()
    receiver.process.wait()
    hunter = serve(LIVING)
    (entry,) = hunter.call("hunt", owner="mine", keep=["living"])
    answer = hunter.call("clean", root=str(tmp_path), keep=[], dead=[entry["tag"]])
    assert [Path(path).name[:11] for path in answer["removed"]] == [".rpr-x.fits"]
    assert len(list(tmp_path.glob(".rpr-*"))) == 1


def test_a_sign_of_life_does_not_wait_for_slow_looks(serve, tmp_path):
    service = serve()
    os.mkfifo(tmp_path / "never")
    slow = [service.ask("run", argv=["sleep", "60"], timeout_s=60) for _ in range(40)]
    assert service.call("ping") is None
    assert len(slow) == 40


@pytest.mark.parametrize(
    "words", [["serve", "no badge!"], ["receive", "--root"], ["give", "x.y"], ["serve", "a.b", "c"]]
)
def test_odd_words_are_a_usage(helper_argv, words):
    done = subprocess.run([*helper_argv, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 3
    assert b"usage" in done.stderr
