"""Programs end with the channel that asked for them, also one that has just been started."""

from __future__ import annotations

import signal
import subprocess
import threading

import pytest

from rpconsole.remote.processes import ChannelOver, Live


def sleeping() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"], start_new_session=True)


def test_a_program_that_runs_before_its_starter_knows_its_number_ends_with_the_channel():
    live, runs, may_go_on = Live(), threading.Event(), threading.Event()
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        started.append(sleeping())
        runs.set()
        assert may_go_on.wait(60)
        return started[0]

    starting = threading.Thread(target=live.start, args=[begin])
    starting.start()
    assert runs.wait(60)
    ending = threading.Thread(target=live.kill)
    ending.start()
    may_go_on.set()
    ending.join(60)
    starting.join(60)
    assert started[0].wait(60) == -signal.SIGKILL


def test_nothing_is_started_any_more_once_the_channel_has_ended():
    live = Live()
    running = live.start(sleeping)
    live.kill()
    assert running.wait(60) == -signal.SIGKILL
    with pytest.raises(ChannelOver):
        live.start(lambda: pytest.fail("it was started"))
