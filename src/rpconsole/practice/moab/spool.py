"""The scheduler's spool: one JSON file a job, changed under one lock."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

FIRST_ID = 1104001


class State(StrEnum):
    """Moab's words, as it prints them."""

    IDLE = "Idle"
    USER_HOLD = "UserHold"
    BATCH_HOLD = "BatchHold"
    RUNNING = "Running"
    CANCELING = "Canceling"
    COMPLETED = "Completed"
    REMOVED = "Removed"


WAITING = frozenset({State.IDLE})
HELD = frozenset({State.USER_HOLD, State.BATCH_HOLD})
ACTIVE = frozenset({State.RUNNING, State.CANCELING})
ENDED = frozenset({State.COMPLETED, State.REMOVED})


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job as the spool keeps it; times in epoch seconds."""

    job: str
    name: str
    user: str
    group: str
    state: State
    cwd: str
    nodes: int = 1
    ppn: int = 1
    walltime_s: int = 3600
    out: str = ""
    err: str = ""
    account: str = ""
    queue: str = "practice"
    environment: dict[str, str] = field(default_factory=dict)
    submitted_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    #: as showq prints it: ``0``, ``3``, ``CNCLD``
    code: str = ""
    node_names: tuple[str, ...] = ()
    pid: int = 0
    #: its id below Moab, where a real Slurm runs it
    rm_job: str = ""
    cancel_wanted: bool = False
    #: why it waits
    message: str = ""

    @property
    def procs(self) -> int:
        return self.nodes * self.ppn


class Spool:
    """All jobs of the site. Readers need no lock: each file is replaced whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock that every change of a job needs."""
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def new_id(self) -> str:
        """The next number; only under the lock."""
        path = self.folder / "next_id"
        number = int(path.read_text()) if path.exists() else FIRST_ID
        path.write_text(str(number + 1))
        return str(number)

    def jobs(self) -> list[Job]:
        """Every job that is remembered, in the order of submission."""
        names = sorted(
            (name for name in os.listdir(self.folder) if name.endswith(".json")), key=lambda name: (len(name), name)
        )
        found = [self._read(self.folder / name) for name in names]
        return [job for job in found if job is not None]

    def finished(self) -> list[Job]:
        return [job for job in self.jobs() if job.state in ENDED]

    def job(self, number: str) -> Job | None:
        return self._read(self.folder / f"{number}.json") if number.isdigit() else None

    def write(self, job: Job) -> Job:
        path = self.folder / f"{job.job}.json"
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(asdict(job)), encoding="utf-8")
        os.replace(temporary, path)
        return job

    def change(self, job: Job, **changes: Any) -> Job:
        """Write a job with fields changed."""
        return self.write(replace(job, **changes))

    def forget(self, job: Job) -> None:
        """What the purge does to finished jobs."""
        for suffix in (".json", ".cmd"):
            (self.folder / f"{job.job}{suffix}").unlink(missing_ok=True)

    def script(self, number: str) -> Path:
        """Where the scheduler keeps its own copy of a job's script."""
        return self.folder / f"{number}.cmd"

    @property
    def doorbell(self) -> Path:
        """A named pipe: a byte in it wakes the executor."""
        return self.folder / "doorbell"

    def ring(self) -> None:
        """Wake the executor at once; without one the job simply waits."""
        try:
            pipe = os.open(self.doorbell, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENXIO):
                return
            raise
        with suppress(BlockingIOError):
            os.write(pipe, b"!")
        os.close(pipe)

    def _read(self, path: Path) -> Job | None:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        found["state"] = State(found["state"])
        found["node_names"] = tuple(found["node_names"])
        return Job(**found)
