"""An engine that the console starts as a child: in a session of its own, so that a closed terminal does not take it along."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rpconsole.domain.fault import ExitCode, RpconsoleError

if TYPE_CHECKING:
    from rpconsole.cli.configured import Configured
    from rpconsole.cli.given import Given

START_S = 30.0
STOP_S = 20.0


class EngineDidNotStart(RpconsoleError):
    """The engine that the console started ended before it answered."""

    exit_code = ExitCode.SYSTEM


def engine_answers(socket_path: Path) -> bool:
    """Whether somebody listens there."""
    import socket

    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(socket_path))
        except OSError:
            return False
    return True


def begin_engine(settings: Configured, given: Given) -> subprocess.Popen[bytes]:
    """Start one."""
    words = [sys.executable, "-m", "rpconsole"]
    if given.config_file is not None:
        words += ["-c", str(given.config_file)]
    # where no log file is configured its words would be drawn over the console
    place = _words_of(settings)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with place.open("wb") as out:
        return subprocess.Popen(
            [*words, "--daemon"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


async def until_it_answers(child: subprocess.Popen[bytes], settings: Configured) -> None:
    """Raises EngineDidNotStart with its last words when it ends at once, or does not answer in time."""
    place = _words_of(settings)
    try:
        async with asyncio.timeout(START_S):
            while not await asyncio.to_thread(engine_answers, settings.socket_path):
                if child.poll() is not None:
                    raise EngineDidNotStart(f"the engine ended at once: {_last_words(place)}")
                await asyncio.sleep(0.1)
    except TimeoutError:
        stop_engine(child)
        raise EngineDidNotStart(
            f"the engine did not answer within {START_S:.0f} s; what it said is in {place}"
        ) from None


def stop_engine(child: subprocess.Popen[bytes]) -> None:
    """In order, then by force."""
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _words_of(settings: Configured) -> Path:
    return settings.socket_path.parent / "engine.out"


def _last_words(place: Path) -> str:
    lines = place.read_text(errors="backslashreplace").strip().splitlines()
    return lines[-1].removeprefix("rpconsole: ") if lines else f"it said nothing ({place})"
