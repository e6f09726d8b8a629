"""The runner inside a job beside GNU parallel and ``xargs -P``: the same list of command lines, on all cores of this machine.

A list is cut into slices that all take in turns, so that a machine that is busy for a while is fair to all. The leader's own cost is
then measured with nodes that only pretend.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rpconsole.adapters.ssh.helper_file import helper_bytes

CORES = len(os.sched_getaffinity(0))
TINY = 10_000
TINY_S = 0.01
GOALS = {
    "tiny_to_better_of_both": "<=1",
    "mix_to_better_of_both": "<=1",
    "seconds_to_ideal": "<=1.05",
}
#: a node that answers as a worker does, a moment after the order, and runs nothing
PRETENDER = """
import json, os, sys
slots, left = int(sys.argv[1]), b""
def say(*messages):
    bodies = [json.dumps(message).encode() for message in messages]
    os.write(1, b"".join(b"%08x\\n" % len(body) + body for body in bodies))
say({"slots": slots, "pid": os.getpid()})
while data := os.read(0, 65536):
    left, due = left + data, []
    while len(left) >= 9 and len(left) >= 9 + int(left[:8], 16):
        size = int(left[:8], 16)
        order, left = json.loads(left[9:9 + size]), left[9 + size:]
        if order["do"] == "run":
            due.append({"ended": order["task"], "attempt": order["attempt"], "start": 1.0, "wall_s": 9.9, "code": 0,
                        "user_s": 9.1, "sys_s": 0.1, "max_rss_kb": 812345, "log": order["log"]})
        elif order["do"] == "give back":
            due.append({"returned": []})
    if due:
        say(*due)
"""


class Bench:
    """A folder with the list, and the three who work through it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rpr.pyz").write_bytes(helper_bytes())
        self.runners: dict[str, Callable[[Path], list[str]]] = {
            "stask": self._stask,
            "parallel": lambda tasks: ["parallel", "--will-cite", "-j", str(CORES), "-a", str(tasks)],
            "xargs": lambda tasks: [
                "xargs",
                "-a",
                str(tasks),
                "-d",
                "\n",
                "-P",
                str(CORES),
                "-I",
                "{}",
                "sh",
                "-c",
                "{}",
            ],
        }

    def makespans(self, seconds: Sequence[float], slices: int = 1) -> dict[str, float]:
        """What each takes in seconds for tasks that sleep so long: the sum of its makespans over the slices."""
        tasks = self.folder / "run.config"
        spent = dict.fromkeys(self.runners, 0.0)
        for turn in range(slices):
            tasks.write_text("".join(f"sleep {each:.3f}\n" for each in seconds[turn::slices]))
            names = list(self.runners)
            for name in names[turn % 3 :] + names[: turn % 3]:
                began = time.perf_counter()
                self._run(self.runners[name](tasks))
                spent[name] += time.perf_counter() - began
        return spent

    def _stask(self, tasks: Path) -> list[str]:
        shutil.rmtree(self.folder / "results", ignore_errors=True)
        results = str(self.folder / "results" / "run.results")
        argv = [sys.executable, "-I", str(self.folder / "rpr.pyz"), "stask", str(tasks), "-", "1"]
        return [*argv, "--results", results, "--slots", str(CORES)]

    def _run(self, argv: list[str]) -> None:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "PBS", "MOAB"))}
        subprocess.run(
            argv, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=clean, check=True
        )

    def leader_cost(self, tasks: int, nodes: int, slots: int) -> dict[str, float]:
        """CPU seconds, peak memory in MB and makespan of the leader alone."""
        (self.folder / "run.config").write_text("".join(f"program --number {n} {'x' * 200}\n" for n in range(tasks)))
        (self.folder / "hosts").write_text("".join(f"mu{n:03d}\n" for n in range(nodes)))
        (self.folder / "pretender").write_text(PRETENDER)
        srun = self.folder / "srun"
        srun.write_text(f"#!/bin/sh\nexec {sys.executable} -I -S {self.folder}/pretender {slots}\n")
        srun.chmod(0o755)
        argv = [*self._stask(self.folder / "run.config"), "--launch", "srun"]
        argv[argv.index("-")] = str(self.folder / "hosts")
        environ = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        began = time.perf_counter()
        with subprocess.Popen(argv, cwd=self.folder, env=environ, stdout=subprocess.DEVNULL) as leader:
            cost = _watched(leader)
        assert leader.returncode == 0, leader.returncode
        return {**cost, "wall_s": time.perf_counter() - began}


def _watched(leader: subprocess.Popen[bytes]) -> dict[str, float]:
    """What the process itself has used, without its children, as last seen before its end."""
    tick, cpu_s, peak_mb = os.sysconf("SC_CLK_TCK"), 0.0, 0.0
    while leader.poll() is None:
        try:
            fields = Path(f"/proc/{leader.pid}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{leader.pid}/status").read_text()
        except OSError:
            break
        if "VmHWM:" in status:
            cpu_s = (int(fields[11]) + int(fields[12])) / tick
            peak_mb = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        time.sleep(0.05)
    return {"cpu_s": cpu_s, "peak_mb": peak_mb}


def heavy_tailed(count: int) -> list[float]:
    """Seconds: most short, few long, none longer than a tenth of all; the same list each time."""
    draw = random.Random(7)
    return [min(8.0, 0.008 * draw.paretovariate(0.9)) for _ in range(count)]


def ideal_s(seconds: Sequence[float]) -> float:
    """No schedule is shorter."""
    return max(sum(seconds) / CORES, *seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument(
        "--slices", type=int, default=2, help="slices of the list of tiny tasks, each of which all take in turn"
    )
    parser.add_argument("--tiny", type=int, default=TINY, help="how many tasks of 10 ms")
    parser.add_argument("--tasks", type=int, default=100_000, help="tasks of the leader's own cost")
    asked = parser.parse_args()
    mix, seconds = heavy_tailed(1500), [1.0] * 20 * CORES
    with tempfile.TemporaryDirectory(prefix="rpc-bench-") as folder:
        bench = Bench(Path(folder))
        tiny_s, mix_s = bench.makespans([TINY_S] * asked.tiny, asked.slices), bench.makespans(mix)
        second_s = bench.makespans(seconds)
        cost = bench.leader_cost(asked.tasks, 200, 24)
    ratios = {
        "tiny_to_better_of_both": _to_better(tiny_s),
        "mix_to_better_of_both": _to_better(mix_s),
        "seconds_to_ideal": round(second_s["stask"] / ideal_s(seconds), 3),
    }
    notes = "; ".join(
        [
            f"{CORES} cores, load {os.getloadavg()[0]:.1f}; makespans in s: {asked.tiny} of 10 ms in {asked.slices} slices {_told(tiny_s)}",
            f"{len(mix)} heavy-tailed (ideal {ideal_s(mix):.1f}) {_told(mix_s)}",
            f"{len(seconds)} of 1 s (ideal {ideal_s(seconds):.0f}) {_told(second_s)}",
            f"leader of {asked.tasks} tasks on 200 pretended nodes of 24 slots: {cost['cpu_s']:.1f} s CPU, "
            f"{cost['peak_mb']:.0f} MB, {cost['wall_s']:.1f} s in all",
        ]
    )
    if asked.json:
        print(json.dumps({"ratios": ratios, "goals": GOALS, "notes": notes}))
    else:
        print("\n".join([*(f"{name} {ratios[name]} (goal {GOALS[name]})" for name in ratios), notes]))


def _to_better(makespans: dict[str, float]) -> float:
    return round(makespans["stask"] / min(makespans["parallel"], makespans["xargs"]), 3)


def _told(makespans: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in makespans.items())


if __name__ == "__main__":
    main()
