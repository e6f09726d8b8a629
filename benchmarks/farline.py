"""Whether a console keeps up with its terminal over a far and slow line: a real ssh, a real sshd, 300 ms and 10 KiB/s between them.

The engine is flooded: 1,000 runs that all change four times a second. What a person waits for is measured as he has it: from a key to the
row that it moves to, after a while of flooding. The same with a terminal that answers no question shows what would be without the pacing.
"""

from __future__ import annotations

import os
import shlex
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _ssh_site import SshSite
from _table import print_measured
from _wan import Wan

from console import RUNS, Terminal, as_installed, console_words, engine

RTT_MS, KIB_S, WINDOW = 300.0, 10.0, 64 << 10
FLOOD_S, KEYS = 20.0, 12
QUESTION, ANSWER = "\x1b[6n", b"\x1b[1;1R"
#: the round trip, one whole screen, and some
KEY_S = 2.0
GOALS = {"key_p90_s_of_2_over_a_slow_line": "<=1"}


class FarTerminal(Terminal):
    """ssh on a terminal here, the console there; ``answers``: whether this terminal says where its cursor is."""

    answers = True

    def read(self, wait_s: float) -> str:
        found = super().read(wait_s)
        if self.answers and QUESTION in found:
            os.write(self._master, ANSWER * found.count(QUESTION))
        return found


def words_of(site: SshSite, path: Path) -> list[str]:
    """The console over ssh, as a person types it."""
    environ = [
        f"{name}={value}" for name, value in as_installed().items() if name in ("PYTHONPATH", "PYTHONPYCACHEPREFIX")
    ]
    there = [*environ, "TERM=xterm-256color", "COLORTERM=truecolor", f"HOME={path.parent}", sys.executable]
    command = shlex.join(["env", *there, *console_words(path)])
    return [
        "-c",
        "import os, sys; os.execvp('ssh', sys.argv[1:])",
        "ssh",
        "-tt",
        "-F",
        str(site.folder / "ssh_config"),
        "direct",
        command,
    ]


def key_times(site: SshSite, path: Path, *, answers: bool) -> list[float]:
    """Seconds from a key to its row, after a flood."""
    terminal = FarTerminal(path.parent, *words_of(site, path))
    terminal.answers = answers
    try:
        terminal.until(r"▌\s*1 chip", 120.0)
        terminal.drain(FLOOD_S)
        times = []
        for number in range(KEYS if answers else 1):
            times.append(terminal.key_ms("j", number + 2, 120.0) / 1000)
            terminal.drain(0.2 + 0.13 * (number % 5))
        return times
    finally:
        terminal.end()


def measure() -> dict[str, Any]:
    """Both, one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = SshSite(folder)
        with site.running(), Wan([site.port], rtt_ms=RTT_MS, mbit=KIB_S * 1024 * 8 / 1e6, window=WINDOW) as line:
            site.known_at(line.ports[0])
            with engine(folder, RUNS, 100, "flood") as path:
                paced = key_times(site, path, answers=True)
                began, sent = time.perf_counter(), line.order("count")["down"]
                blind = key_times(site, path, answers=False)
                rate = (line.order("count")["down"] - sent) / (time.perf_counter() - began)
    p90 = statistics.quantiles(paced, n=10)[-1]
    notes = [
        f"key to row after {FLOOD_S:.0f} s of flood over {RTT_MS:.0f} ms and {KIB_S:.0f} KiB/s: "
        f"median {statistics.median(paced):.2f}, p90 {p90:.2f} s; "
        f"with a terminal that answers nothing {blind[0]:.1f} s (its line carried {rate / 1024:.1f} KiB/s)"
    ]
    return {"ratios": {"key_p90_s_of_2_over_a_slow_line": round(p90 / KEY_S, 3)}, "goals": GOALS, "notes": notes}


if __name__ == "__main__":
    print_measured(measure, __doc__)
