"""How quick the console stays, as a process on a terminal of its own, over the socket of an engine's real server.

Idle and flooded (1,000 runs of 100 components, all of them different each quarter of a second, 20 alerts a second): from a key to the
row that it moves to, the process's share of a core, and what it writes to the terminal. Then its first frame against that of an empty
Textual application with as many panes, and what an engine with 2,000 runs sends at the attaching and each second, with and without
1,000,000 components.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ
from typing import Any

from _table import print_measured

from rpconsole.protocol.messages import PROTOCOL

ROOT = Path(__file__).parents[1]
RUNS, COMPONENTS = 1000, 100
MANY_RUNS, MANY_COMPONENTS = 2000, 500
#: runs that a console asks for at the attaching, and how long its stream is listened to
FIRST, STREAM_S = 60, 3.0
#: removed at the end
BYTE_CODE = tempfile.TemporaryDirectory(prefix="rpconsole-bench-")
KEYS, STARTS, IDLE_S = 40, 5, 8.0
KEY_MS, TERMINAL_KIB = 50.0, 40.0
GOALS = {
    "key_p90_ms_of_50_idle": "<=1",
    "key_p90_ms_of_50_flooded": "<=1",
    "cpu_of_a_core_idle": "<=0.02",
    "cpu_of_a_core_flooded": "<=0.15",
    "kib_a_second_to_the_terminal_of_40": "<=1",
    "first_frame_to_empty_textual": "<=1.5",
    "attach_bytes_with_a_million_components": "<=1.05",
    "attach_bytes_of_2000_runs_to_60": "<=1.05",
    "attach_bytes_to_all_runs_whole": "<=0.1",
    "flood_bytes_to_all_runs_whole": "<=0.1",
    "foreign_modules_loaded": "<=0",
}
EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    CSS = "Static { height: 1fr; }"
    def compose(self):
        for number in range(8):
            yield Static(f"pane {number} painted")
Empty().run()
"""
LOADED = (
    "import sys; import rpconsole.console.app; print(sum(name in sys.modules for name in ('asyncssh', 'sqlalchemy')))"
)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_CURSOR = re.compile(r"▌\s*(\d+) chip")


def plain(written: str) -> str:
    """What was written without the escapes that colour it; taken together, as a piece may end within one."""
    return _ESCAPES.sub("", written.encode("latin-1").decode(errors="replace"))


def as_installed() -> dict[str, str]:
    """An environment in which our modules are found, with the byte code that an installed package comes with, as Textual has it."""
    wrong = ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "COLUMNS", "LINES", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    environ = {name: value for name, value in os.environ.items() if name not in wrong}
    return {**environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONPYCACHEPREFIX": BYTE_CODE.name}


class Terminal:
    """A program on a pseudo terminal of 120 by 40."""

    def __init__(self, home: Path, *words: str) -> None:
        self._master, slave = pty.openpty()
        ioctl(self._master, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environ = {**as_installed(), "TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": str(home)}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *words], stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        os.close(slave)
        self.read_bytes = 0
        self._seen = ""

    def read(self, wait_s: float) -> str:
        """What it wrote meanwhile."""
        if not select.select([self._master], [], [], wait_s)[0]:
            return ""
        found = os.read(self._master, 1 << 16)
        self.read_bytes += len(found)
        return found.decode("latin-1")

    def until(self, pattern: str, limit_s: float = 60.0) -> float:
        """Seconds from the start until it wrote what the pattern says."""
        end = time.perf_counter() + limit_s
        while not re.search(pattern, plain(self._seen)):
            if time.perf_counter() > end:
                raise TimeoutError(f"{pattern!r} never came; the last was {plain(self._seen)[-500:]!r}")
            self._seen += self.read(0.1)
        return time.perf_counter() - self.began

    def drain(self, seconds: float) -> None:
        """Let it write."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def key_ms(self, key: str, row: int, limit_s: float = 10.0) -> float:
        """From a key until the row that the cursor is to be on was written with it."""
        began, seen = time.perf_counter(), ""
        os.write(self._master, key.encode())
        while str(row) not in _CURSOR.findall(plain(seen)):
            if time.perf_counter() - began > limit_s:
                raise TimeoutError(f"the cursor never came to run {row}: {plain(seen)[-500:]!r}")
            seen += self.read(0.5)
        return (time.perf_counter() - began) * 1000

    def cpu_s(self) -> float:
        """Processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@contextmanager
def engine(folder: Path, runs: int, components: int, kind: str) -> Iterator[Path]:
    """An engine process; the path of its socket."""
    path = folder / kind / f"{components}.sock"
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    words = [sys.executable, "-m", "benchmarks._engine", str(path), str(runs), str(components), kind]
    process = subprocess.Popen(words, env=environ)
    try:
        while not path.exists():
            if process.poll() is not None:
                raise RuntimeError(f"the engine ended with {process.returncode}")
            time.sleep(0.05)
        yield path
    finally:
        process.kill()
        process.wait()


def console_times(path: Path) -> dict[str, Any]:
    """Keys, processor and bytes of one console."""
    terminal = Terminal(path.parent, *console_words(path))
    try:
        terminal.until(r"▌\s*1 chip")
        # what is loaded once the first frame stands is no part of being idle
        terminal.drain(5.0)
        used, began, read = terminal.cpu_s(), time.perf_counter(), terminal.read_bytes
        terminal.drain(IDLE_S)
        seconds = time.perf_counter() - began
        cpu, rate = (terminal.cpu_s() - used) / seconds, (terminal.read_bytes - read) / seconds
        times = []
        for number in range(KEYS):
            terminal.drain(0.1 + 0.013 * (number % 7))
            times.append(terminal.key_ms("j", number + 2))
        return {"keys_ms": times, "cpu": cpu, "bytes_s": rate}
    finally:
        terminal.end()


def console_words(path: Path) -> list[str]:
    """The console as a person opens it, on the engine at this socket."""
    config = path.with_suffix(".toml")
    example = (ROOT / "etc" / "rpconsole.toml").read_text(encoding="utf-8")
    config.write_text(example.replace("[paths]", f'[paths]\nsocket = "{path}"'), encoding="utf-8")
    return ["-m", "rpconsole", "-c", str(config), "attach"]


def first_frame_s(path: Path) -> dict[str, float]:
    """Shortest time from the start to the first frame; both programs are taken in turns, after each has written its byte code."""
    times: dict[str, list[float]] = {"console": [], "empty": []}
    for number in range(STARTS + 1):
        for name, words, pattern in (
            ("console", console_words(path), r"\d Runs"),
            ("empty", ["-c", EMPTY], r"pane 7 painted"),
        ):
            terminal = Terminal(path.parent, *words)
            try:
                time_s = terminal.until(pattern)
            finally:
                terminal.end()
            if number:
                times[name].append(time_s)
    return {name: min(values) for name, values in times.items()}


async def attach_bytes(path: Path, first: int | None = FIRST) -> tuple[int, float]:
    """What an engine sends to who attaches and follows, until the first view is whole, and then each second; None = all runs."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=64 << 20)
    for message in ({"kind": "hello", "protocol": PROTOCOL, "version": "0"}, {"kind": "follow", "first": first}):
        writer.write(json.dumps(message).encode() + b"\n")
    size = len(await reader.readline()) + len(await reader.readline())
    streamed, began = 0, time.perf_counter()
    while (left := began + STREAM_S - time.perf_counter()) > 0:
        with suppress(TimeoutError):
            streamed += len(await asyncio.wait_for(reader.read(1 << 20), left))
    writer.close()
    return size, streamed / STREAM_S


def measure() -> dict[str, Any]:
    """Everything, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with engine(folder, RUNS, COMPONENTS, "quiet") as path:
            idle = console_times(path)
            frames = first_frame_s(path)
        with engine(folder, RUNS, COMPONENTS, "flood") as path:
            flooded = console_times(path)
        found = {}
        for runs, components in ((FIRST, 0), (MANY_RUNS, 0), (MANY_RUNS, MANY_COMPONENTS)):
            with engine(folder / str(runs), runs, components, "quiet") as path:
                found[runs, components] = asyncio.run(attach_bytes(path))[0]
                whole = asyncio.run(attach_bytes(path, None))[0]
        sizes = list(found.values())
        with engine(folder / "many", MANY_RUNS, MANY_COMPONENTS, "flood") as path:
            streams = [asyncio.run(attach_bytes(path, first))[1] for first in (FIRST, None)]
    environ = as_installed()
    loaded = subprocess.run([sys.executable, "-c", LOADED], env=environ, capture_output=True, text=True, check=True)
    p90 = {
        one: statistics.quantiles(found["keys_ms"], n=10)[-1] for one, found in (("idle", idle), ("flooded", flooded))
    }
    ratios = {
        "key_p90_ms_of_50_idle": p90["idle"] / KEY_MS,
        "key_p90_ms_of_50_flooded": p90["flooded"] / KEY_MS,
        "cpu_of_a_core_idle": idle["cpu"],
        "cpu_of_a_core_flooded": flooded["cpu"],
        "kib_a_second_to_the_terminal_of_40": flooded["bytes_s"] / 1024 / TERMINAL_KIB,
        "first_frame_to_empty_textual": frames["console"] / frames["empty"],
        "attach_bytes_with_a_million_components": sizes[2] / sizes[1],
        "attach_bytes_of_2000_runs_to_60": sizes[1] / sizes[0],
        "attach_bytes_to_all_runs_whole": sizes[2] / whole,
        "flood_bytes_to_all_runs_whole": streams[0] / streams[1],
        "foreign_modules_loaded": float(loaded.stdout),
    }
    notes = [
        *(
            f"{one}: key to row median {statistics.median(found['keys_ms']):.1f}, p90 {p90[one]:.1f} ms; "
            f"{found['cpu']:.1%} of a core; {found['bytes_s'] / 1024:.1f} KiB/s to the terminal"
            for one, found in (("idle", idle), ("flooded", flooded))
        ),
        f"first frame of 'rpconsole attach' {frames['console']:.2f} s, of an empty application with eight panes {frames['empty']:.2f} s",
        f"attaching to {FIRST} runs: {sizes[0]:,} bytes; to {MANY_RUNS:,} {sizes[1]:,}; with {MANY_RUNS * MANY_COMPONENTS:,} components "
        f"{sizes[2]:,}, without a window {whole:,}",
        f"all {MANY_RUNS:,} runs change four times a second: {streams[0] / 1024:,.0f} KiB/s, without a window {streams[1] / 1024:,.0f}",
    ]
    return {"ratios": {name: round(value, 3) for name, value in ratios.items()}, "goals": GOALS, "notes": notes}


if __name__ == "__main__":
    print_measured(measure, __doc__)
