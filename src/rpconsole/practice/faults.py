"""Staged faults of the practice site: one small file that its programs read as they go."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rpconsole.practice.paths import SitePaths, write_whole

#: knob -> (what it may be set to, what it does)
KNOBS: dict[str, tuple[tuple[str, ...], str]] = {
    "msub": (
        ("lost", "hang", "timeout", "refuse", "full"),
        "lost: takes the job, prints nothing, exit 1; hang: takes the job and never answers; timeout: takes it and says that "
        "the server did not answer; refuse and full: takes no job",
    ),
    "showq": (("timeout", "hang", "garbage", "empty"), "the queue cannot be read"),
    "checkjob": (("timeout", "hang", "garbage"), "a job cannot be looked at"),
    "canceljob": (("timeout", "refuse"), "a job cannot be ended"),
    "hold": (("batch", "user"), "jobs that come in are held"),
    "login": (
        ("refuse", "nologin"),
        "refuse: every token is wrong; nologin: the token is burned, then the account is refused",
    ),
    "session_s": (("SECONDS",), "logins, open ones too, live only so long"),
    "max_sessions": (("COUNT",), "sessions on one connection"),
    "lfs": (("refuse", "hang", "garbage"), "the quota on scratch cannot be read"),
    "scratch_used": (("GB",), "the quota counts so much as used, whatever lies there"),
    "scratch_purge_s": (("SECONDS",), "scratch files that nobody looked at or changed for so long are purged"),
    "purge_s": (("SECONDS",), "finished jobs are forgotten after so long"),
}


class Faults:
    """The faults file of a site. Absent, empty or broken, nothing is staged."""

    def __init__(self, paths: SitePaths) -> None:
        self._path = paths.faults

    def read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def stage(self, knob: str, value: str | float, times: int | None = None) -> None:
        """Set a knob; ``times`` None = until it is cleared."""
        with self._changing() as faults:
            faults[knob] = {"value": value, "times": times}

    def clear(self, knob: str | None = None) -> None:
        """Clear one knob, or all."""
        with self._changing() as faults:
            if knob is None:
                faults.clear()
            else:
                faults.pop(knob, None)

    def value(self, knob: str) -> Any:
        """What a knob is set to, without using it up; None = not staged."""
        staged = self.read().get(knob)
        return staged.get("value") if isinstance(staged, dict) else None

    def number(self, knob: str, standing: float) -> float:
        """A knob that is a number, else the site's standing value."""
        value = self.value(knob)
        return float(value) if isinstance(value, (int, float)) else standing

    def take(self, knob: str) -> str | None:
        """Use a knob up by one."""
        if self.value(knob) is None:
            return None
        with self._changing() as faults:
            staged = faults.get(knob)
            if not isinstance(staged, dict):
                return None
            if isinstance(staged.get("times"), int):
                staged["times"] -= 1
                if staged["times"] <= 0:
                    del faults[knob]
            return str(staged.get("value"))

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        with _lock_beside(self._path):
            faults = self.read()
            yield faults
            write_whole(self._path, json.dumps(faults, indent=1) + "\n")


@contextmanager
def _lock_beside(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
