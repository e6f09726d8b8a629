"""What every executor of the practice site's spool shares: it turns when a client rings, a child ends or time is up, until it is ended."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from abc import ABC, abstractmethod
from contextlib import suppress

from rpconsole.practice import launching
from rpconsole.practice.faults import Faults
from rpconsole.practice.moab.spool import ENDED, Job, Spool
from rpconsole.practice.paths import SitePaths, read_settings, write_whole
from rpconsole.practice.processes import send
from rpconsole.practice.scratch import Sweeper


class SpoolLoop(ABC):
    """The loop; on SIGTERM every job's processes end first."""

    def __init__(self, paths: SitePaths, *, tied: bool) -> None:
        self._paths = paths
        self._spool = Spool(paths.spool)
        self._faults = Faults(paths)
        self._settings = read_settings(paths)
        self._tied = tied
        self._sweeper = Sweeper(paths, self._settings, self._faults)
        self._stopped = False
        self._alarm, self._ringer = socket.socketpair()

    def run(self) -> None:
        """Until somebody ends it."""
        self._listen()
        self._clear_up()
        write_whole(self._paths.state / "executor.pid", f"{os.getpid()}\n")
        while not self._stopped:
            with self._spool.changing():
                self._turn(self._spool.jobs())
            self._sweeper.turn()
            self._sleep(self._nap_s())
        self._end_all()
        # servers that somebody froze could not see the end of the line by which they are tied
        send(launching.running(self._paths).values(), signal.SIGCONT)
        (self._paths.state / "executor.pid").unlink(missing_ok=True)

    @abstractmethod
    def _clear_up(self) -> None:
        """What an earlier executor left behind."""

    @abstractmethod
    def _turn(self, jobs: list[Job]) -> None:
        """Do what is due; the spool's lock is held."""

    @abstractmethod
    def _nap_s(self) -> float:
        """How long nothing will be due by itself."""

    @abstractmethod
    def _end_all(self) -> None:
        """End every job."""

    def _forget(self, jobs: list[Job]) -> None:
        limit = time.time() - self._faults.number("purge_s", self._settings.purge_s)
        for job in jobs:
            if job.state in ENDED and job.ended_at < limit:
                self._spool.forget(job)

    def _listen(self) -> None:
        for end in (self._alarm, self._ringer):
            end.setblocking(False)
        signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with suppress(FileExistsError):
            os.mkfifo(self._spool.doorbell)
        # open for reading and writing: it never sees an end while no client has it open
        self._doorbell = os.open(self._spool.doorbell, os.O_RDWR | os.O_NONBLOCK)

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def _sleep(self, nap_s: float) -> None:
        sources = [self._doorbell, self._alarm.fileno(), *([0] if self._tied else [])]
        ready, _, _ = select.select(sources, [], [], nap_s)
        for source in ready:
            if source == 0:
                self._stopped = self._stopped or not os.read(0, 1)
                continue
            with suppress(BlockingIOError):
                os.read(source, 4096)
