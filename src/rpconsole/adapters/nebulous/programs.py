"""Nebulous' own commands, ``neb-touch`` and ``neb-repair``, where a site has them and not its server's address."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from rpconsole.domain.fault import BadConfiguration, DiskFailed, StorageAway

PROGRAMS = ("neb-touch", "neb-repair")
#: in what a command prints: the server is the matter, not the key
AWAY_WORDS = (
    "can't connect",
    "cannot connect",
    "connection refused",
    "timed out",
    "timeout",
    "no route to host",
    "500 can",
)


class NebPrograms:
    """Serves ``Maker``; each call is a process of its own, ``connections`` at once."""

    def __init__(
        self, directory: Path | None, *, server: str | None = None, connections: int = 8, timeout_s: float = 60.0
    ) -> None:
        self._directory = directory
        self._environ: Mapping[str, str] = {**os.environ, **({"NEB_SERVER": server} if server else {})}
        self._room = asyncio.Semaphore(connections)
        self._timeout_s = timeout_s

    async def make(self, key: str) -> None:
        """``neb-touch``: an object with one empty instance, unless there is such an object."""
        await self._run("neb-touch", key)

    async def repair(self, key: str) -> None:
        """``neb-repair``: bring back copies of an object; that it cannot is no failure here, the next look will tell."""
        with contextlib.suppress(DiskFailed):
            await self._run("neb-repair", key)

    async def look(self) -> str:
        """Whether the programs are there; they are not started."""
        places = str(self._directory) if self._directory else self._environ.get("PATH", "")
        found = [shutil.which(program, path=places) for program in PROGRAMS]
        missing = [program for program, path in zip(PROGRAMS, found, strict=True) if path is None]
        if missing:
            where = f"in {self._directory}" if self._directory else "on the PATH"
            raise BadConfiguration(f"there is no {' and no '.join(missing)} {where}; see storage.nebulous.programs_dir")
        return f"{' and '.join(str(path) for path in found)} are there"

    async def close(self) -> None:
        """Nothing stays open."""

    async def _run(self, program: str, key: str) -> None:
        async with self._room:
            code, said = await self._ended(program, key)
        if code == 0:
            return
        if any(word in said.lower() for word in AWAY_WORDS):
            raise StorageAway(f"{program} does not reach nebulous' server: {said}")
        raise DiskFailed(f"{program} failed for '{key}': {said or f'exit code {code}'}")

    async def _ended(self, program: str, key: str) -> tuple[int, str]:
        path = str(self._directory / program) if self._directory else program
        try:
            process = await asyncio.create_subprocess_exec(
                path,
                key,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=self._environ,
                start_new_session=True,
            )
        except OSError as error:
            raise BadConfiguration(
                f"{path} cannot be started: {error.strerror}; see storage.nebulous.programs_dir"
            ) from None
        try:
            async with asyncio.timeout(self._timeout_s):
                _, errors = await process.communicate()
        except TimeoutError:
            raise StorageAway(f"{program} did not end within {self._timeout_s:g} s for '{key}'") from None
        finally:
            if process.returncode is None:
                # its children too: they would hold its terminal's end open
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return process.returncode or 0, _last_line(errors)


def _last_line(errors: bytes) -> str:
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    return "".join(letter if letter.isprintable() else "?" for letter in lines[-1][:200]) if lines else ""
