"""The practice site's two processes: starting them, waiting until they serve, ending them and all that they started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rpconsole.domain.fault import AlreadyOwned, SiteFailed
from rpconsole.practice.configuring import remove_private_folder
from rpconsole.practice.moab.spool import Spool
from rpconsole.practice.paths import SitePaths
from rpconsole.practice.processes import alive, end_marked, marked, send

MODULES = {"servers": "rpconsole.practice.servers", "executor": "rpconsole.practice.executor"}
_READY_S = 30.0
_ENDED_S = 10.0


@dataclass(frozen=True, slots=True)
class Launched:
    """What was started; as long as this object lives, so does the line by which a tied site knows that we do."""

    children: tuple[subprocess.Popen[bytes], ...]


def launch(paths: SitePaths, *, tied: bool) -> Launched:
    """Start both; a tied site ends by itself as soon as this process is gone, however that comes about."""
    if found := running(paths):
        raise AlreadyOwned(f"the practice site in {paths.root} is up already (process {min(found.values())})")
    children = []
    for name, module in MODULES.items():
        argv = [sys.executable, "-m", module, "--dir", str(paths.root), *(["--tied"] if tied else [])]
        with (paths.logs / f"{name}.log").open("ab") as log:
            children.append(
                subprocess.Popen(
                    argv,
                    cwd="/",
                    stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                    start_new_session=True,
                )
            )
    if not tied:
        _LEFT_RUNNING.extend(children)
    return Launched(tuple(children))


#: a Popen that is forgotten while its process runs is taken for a mistake
_LEFT_RUNNING: list[subprocess.Popen[bytes]] = []


def wait_until_ready(paths: SitePaths, launched: Launched) -> None:
    """Return once both serve; SiteFailed shows the end of the log of the one that did not."""
    give_up = time.monotonic() + _READY_S
    while len(running(paths)) < len(MODULES):
        for name, child in zip(MODULES, launched.children, strict=True):
            if child.poll() is not None or time.monotonic() > give_up:
                end(paths, launched)
                raise SiteFailed(f"the practice site's {name} did not start: {_last_line(paths.logs / f'{name}.log')}")
        time.sleep(0.02)


def running(paths: SitePaths) -> dict[str, int]:
    """The site's processes that serve: name -> pid."""
    found = {}
    for name, module in MODULES.items():
        pid = _pid(paths.state / ("servers.json" if name == "servers" else "executor.pid"))
        if pid is not None and alive(pid) and module in _command(pid):
            found[name] = pid
    return found


def end(paths: SitePaths, launched: Launched | None = None) -> None:
    """End both, politely at first, then whatever still runs in the site's name; also what a killed site left behind."""
    pids = set(running(paths).values()) | {
        child.pid for child in (launched.children if launched else ()) if child.poll() is None
    }
    send(pids, signal.SIGTERM)
    send(pids, signal.SIGCONT)
    give_up = time.monotonic() + _ENDED_S
    while any(alive(pid) for pid in pids) and time.monotonic() < give_up:
        time.sleep(0.02)
    send((pid for pid in pids if alive(pid)), signal.SIGKILL)
    end_marked(paths.root)
    for child in _LEFT_RUNNING:
        child.poll()
    for child in launched.children if launched else ():
        if child.stdin is not None:
            child.stdin.close()
        child.wait()
    for name in ("servers.json", "executor.pid"):
        (paths.state / name).unlink(missing_ok=True)
    remove_private_folder(paths)


def _pid(path: Path) -> int | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found["pid"] if isinstance(found, dict) else int(found)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")


def kill_job(paths: SitePaths, job: str) -> None:
    """SIGKILL to all processes of one job; one that the executor is just starting has begun by then."""
    with Spool(paths.spool).changing():
        send(marked(paths.root, job), signal.SIGKILL)
