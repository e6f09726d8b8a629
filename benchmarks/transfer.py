"""How near the transfer comes to what the line gives, and how far it is ahead of what was used before.

The line has a round trip of 80 ms and is acted out in user space (``_wan.py``); behind it stands this host's own sshd, stock. Everything is
compared within one run and turn by turn, for machines are noisy. A tool that takes too long is stopped and judged by what had arrived.
"raw" is plain TCP with as many connections as we have sessions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import _others
from _floor import Sink, send_raw
from _others import Run
from _ours import opened, put_with_sftp, same
from _ssh_site import SETS, DataSet, SshSite, bytes_in, make_set
from _tuned import Tuned, measure_tuner
from _wan import Wan

RTT_MS, MBIT, WINDOW = 80.0, 1000.0, 3.4e6
SESSIONS = 4
MB = 1_000_000
#: ``tar | ssh`` is through by then with each set
TAR_S = 45.0
#: the same work as the operators' own, as they had it
SEED = {
    "seed100 j8": partial(_others.seed, jobs=8, bundle_bytes=100 * MB, shared=False),
    "seed10 j16 shared": partial(_others.seed, jobs=16, bundle_bytes=10 * MB, shared=True),
    "seed100 j8 shared": partial(_others.seed, jobs=8, bundle_bytes=100 * MB, shared=True),
    "seed10 j32": partial(_others.seed, jobs=32, bundle_bytes=10 * MB, shared=False),
}
TOOLS: dict[str, Callable[[SshSite, DataSet, Path], str]] = {
    "tar|ssh": _others.tar_ssh, "scp": _others.scp, "rsync": _others.rsync, "rclone": _others.rclone,
}  # fmt: skip
GOALS = {
    "20kB_to_raw": ">=0.9", "1MB_to_raw": ">=0.9", "10MB_to_raw": ">=0.9", "mix_to_raw": ">=0.95",
    "20kB_home_to_raw": ">=0.9", "1MB_home_to_raw": ">=0.9", "10MB_home_to_raw": ">=0.9", "mix_home_to_raw": ">=0.95",
    "20kB_to_seed": ">=1.5", "mix_to_seed": ">=1.6",
    "least_to_scp": ">1", "least_to_rsync": ">1", "least_to_rclone": ">1", "least_to_sftp": ">1",
    "20kB_masters_to_raw": ">=0.9", "1MB_masters_to_raw": ">=0.9", "10MB_masters_to_raw": ">=0.9", "mix_masters_to_raw": ">=0.95",
    "20kB_masters_home_to_raw": ">=0.9", "1MB_masters_home_to_raw": ">=0.9", "10MB_masters_home_to_raw": ">=0.9",
    "mix_masters_home_to_raw": ">=0.95", "tuned_to_all": ">=0.9", "shown_end_error": "<=0.1",
    "carried_to_raw": ">=0.9", "carried_home_to_raw": ">=0.9", "four_front_ends_to_one": ">=3",
    "cpu_to_tar_ssh": "<=2", "loop_lag_p99_ms": "<=50", "twice_to_bundle_a_stream": "<=1",
}  # fmt: skip


@dataclass(kw_only=True, slots=True)
class Measured:
    """Runs by (set, method)."""

    runs: dict[tuple[str, str], list[Run]] = field(default_factory=lambda: defaultdict(list))
    lags: list[float] = field(default_factory=list)
    twice: float = 0.0
    tuned: Tuned | None = None

    def add(self, data: DataSet, method: str, run: Run) -> None:
        self.runs[data.name, method].append(run)
        print(f"  {data.name:5} {method:18} {run.rate / MB:7.1f} MB/s {run.cpu_s:6.2f} s CPU", file=sys.stderr)

    def rate(self, name: str, method: str) -> float:
        return median(run.rate for run in self.runs[name, method])

    def cpu(self, name: str, method: str) -> float:
        return median(run.cpu_s / run.size for run in self.runs[name, method])


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Everything that a measurement needs."""

    site: SshSite
    wan: Wan
    sets: tuple[DataSet, ...]
    home: Path
    limit_s: float

    @property
    def port(self) -> int:
        return self.wan.ports[0]

    @property
    def raw_port(self) -> int:
        return self.wan.ports[1]


async def measure_ours(scene: Scene, found: Measured, rounds: int, adapter: str = "ours") -> None:
    """Both directions of each set, and raw TCP between them; the first round is checked byte by byte and not counted."""
    async with opened(scene.site, scene.port, SESSIONS, adapter) as ours:
        for turn in range(rounds + 1):
            for data in scene.sets:
                there, here = scene.site.target("ours"), scene.home / "back"
                here.mkdir(exist_ok=True)
                await asyncio.sleep(0.5)
                raw_s = await asyncio.to_thread(send_raw, scene.raw_port, data.files, SESSIONS)
                sent = await ours.send(data, there)
                await asyncio.sleep(0.5)
                back = await ours.fetch(data, there, here)
                if turn == 0:
                    _check(data, there, here)
                else:
                    found.add(data, "raw", Run(size=data.size, seconds=raw_s))
                    found.add(data, adapter, sent)
                    found.add(data, f"{adapter} home", back)
                shutil.rmtree(here)
            if turn == 0:
                ours.lags.clear()
        found.lags += ours.lags


async def measure_tuned(scene: Scene, data: DataSet) -> Tuned:
    """On sessions of its own."""
    async with opened(scene.site, scene.port, SESSIONS) as ours:
        return await measure_tuner(ours, scene.site, data)


async def measure_carried(scene: Scene, found: Measured, rounds: int) -> None:
    """The front ends' own streams over the line, one from each of them: four front ends against one, and raw TCP beside them."""
    data = scene.sets[-1]
    there, here = scene.site.target("carried"), scene.home / "carried-home"
    async with (
        opened(scene.site, scene.port, 1, carried=scene.home) as one,
        opened(scene.site, scene.port, SESSIONS, carried=scene.home) as all_of_them,
    ):
        for turn in range(rounds + 1):
            here.mkdir()
            await asyncio.sleep(0.5)
            raw_s = await asyncio.to_thread(send_raw, scene.raw_port, data.files, SESSIONS)
            runs = {
                "carried by one": await one.send(data, there),
                "carried": await all_of_them.send(data, there),
                "carried home": await all_of_them.fetch(data, there, here),
                "raw beside carried": Run(size=data.size, seconds=raw_s),
            }
            if turn == 0:
                _check(data, there, here)
            else:
                for method, run in runs.items():
                    found.add(data, method, run)
            shutil.rmtree(here)


def _check(data: DataSet, *folders: Path) -> None:
    for folder in folders:
        wrong = [path.name for path in data.files if not same(path, folder / path.name)]
        if wrong:
            raise SystemExit(f"{wrong[0]} is not in {folder} as it should be")


async def measure_cut(scene: Scene, data: DataSet) -> float:
    """Bytes that go twice when every session ends half way, as a part of one bundle for each stream."""
    there = scene.site.target("cut")
    before = scene.wan.order("count")["up"]
    async with opened(scene.site, scene.port, SESSIONS) as ours:
        streams = sum(session.streams.limit for session in ours.sessions.live())
        sending = asyncio.create_task(ours.send_until_cut(data, there))
        while scene.wan.order("count")["up"] - before < data.size / 2:  # noqa: ASYNC110  the line is another process
            await asyncio.sleep(0.02)
        scene.wan.order("cut")
        arrived = await sending
    rest = tuple(path for path in data.files if path.name not in arrived)
    left = DataSet(name=data.name, folder=data.folder, files=rest, size=sum(path.stat().st_size for path in rest))
    async with opened(scene.site, scene.port, SESSIONS) as ours:
        await ours.send(left, there)
    _check(data, there)
    total = scene.wan.order("count")["up"] - before
    bundle = min(max(data.size // (streams * 4), 4 * MB), 100 * MB)
    return max(0.0, total - data.size) / (bundle * streams)


def measure_others(scene: Scene, found: Measured, *, full: bool) -> None:
    """The seed's way on the two sets that it is compared on, the usual tools on all."""
    for data in scene.sets:
        for name, command in TOOLS.items():
            target = scene.site.target("other")
            # the CPU of what is stopped is not counted, and this one's is compared
            limit_s = max(scene.limit_s, TAR_S) if name == "tar|ssh" else scene.limit_s
            found.add(data, name, _others.run_shell(command(scene.site, data, target), target, limit_s))
        target = scene.site.target("other")
        seconds = asyncio.run(put_with_sftp(scene.site, scene.port, data, target, scene.limit_s))
        found.add(data, "sftp", Run(size=bytes_in(target), seconds=seconds))
    with _others.shared_master(scene.site):
        for data in scene.sets:
            if data.name not in ("20kB", "mix"):
                continue
            for name, build in list(SEED.items())[: None if full else 2]:
                target = scene.site.target("other")
                found.add(data, name, _others.run_shell(build(scene.site, data, target), target, 4 * scene.limit_s))


def ratios_of(found: Measured, names: list[str], *, others: bool) -> dict[str, float]:
    """What GOALS asks for, as far as it was measured."""
    ratios = {f"{name}_to_raw": found.rate(name, "ours") / found.rate(name, "raw") for name in names}
    ratios |= {f"{name}_home_to_raw": found.rate(name, "ours home") / found.rate(name, "raw") for name in names}
    for name, way in (pair for pair in found.runs if pair[1].startswith("masters")):
        ratios[f"{name}_{way.replace(' ', '_')}_to_raw"] = found.rate(name, way) / found.rate(name, "raw")
    if found.tuned is not None:
        ratios["tuned_to_all"] = found.tuned.rate / found.rate(names[-1], "ours")
        ratios["shown_end_error"] = found.tuned.eta_error
    ratios["loop_lag_p99_ms"] = quantiles(found.lags, n=100)[98] * 1000
    ratios["twice_to_bundle_a_stream"] = found.twice
    if others:
        ratios |= _to_others(found, names)
    return {name: round(value, 3) for name, value in ratios.items()}


def _to_others(found: Measured, names: list[str]) -> dict[str, float]:
    ratios: dict[str, float] = {}
    for name in {"20kB", "mix"} & set(names):
        best = max(found.rate(name, method) for method in SEED if (name, method) in found.runs)
        ratios[f"{name}_to_seed"] = found.rate(name, "ours") / best
    for tool in ("scp", "rsync", "rclone", "sftp"):
        ratios[f"least_to_{tool}"] = min(found.rate(name, "ours") / max(1.0, found.rate(name, tool)) for name in names)
    ratios["cpu_to_tar_ssh"] = found.cpu(names[-1], "ours") / found.cpu(names[-1], "tar|ssh")
    return ratios


def carried_ratios_of(found: Measured, name: str) -> dict[str, float]:
    """Front ends add up until the line is full: then they are as fast as raw TCP with as many connections."""
    raw = found.rate(name, "raw beside carried")
    ratios = {
        "carried_to_raw": found.rate(name, "carried") / raw,
        "carried_home_to_raw": found.rate(name, "carried home") / raw,
        "four_front_ends_to_one": found.rate(name, "carried") / found.rate(name, "carried by one"),
    }
    return {name: round(value, 3) for name, value in ratios.items()}


def measure(asked: argparse.Namespace) -> Measured:
    """Everything, in a folder that goes away."""
    found = Measured()
    folder = Path(tempfile.mkdtemp(prefix="rpc-bench-", dir=asked.dir))
    try:
        (folder / "home").mkdir()
        (folder / "raw").mkdir()
        sets = tuple(make_set(folder, name, 0.5 if asked.quick else 1.0) for name in asked.sets)
        site = SshSite(folder)
        with site.running(), Sink(folder / "raw") as sink:
            ports = [site.port, sink.port]
            with Wan(ports, rtt_ms=asked.rtt, mbit=asked.mbit, window=asked.window) as wan:
                site.known_at(wan.ports[0])
                limit_s = 25.0 if asked.full else 6.0
                scene = Scene(site=site, wan=wan, sets=sets, home=folder, limit_s=limit_s)
                if asked.carried:
                    asyncio.run(measure_carried(scene, found, asked.rounds))
                    return found
                asyncio.run(measure_ours(scene, found, asked.rounds))
                if asked.masters:
                    asyncio.run(measure_ours(scene, found, asked.rounds, "masters"))
                if asked.tuner:
                    found.tuned = asyncio.run(measure_tuned(scene, sets[-1]))
                found.twice = asyncio.run(measure_cut(scene, sets[-1]))
                if not asked.ours:
                    measure_others(scene, found, full=asked.full)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--quick", action="store_true", help="half the files, one round")
    parser.add_argument(
        "--full", action="store_true", help="more rounds and ways, and four times as long for slow tools"
    )
    parser.add_argument("--masters", action="store_true", help="our own also over OpenSSH masters")
    parser.add_argument(
        "--tuner", action="store_true", help="the live tuner, and how true the shown end is, on the last set"
    )
    parser.add_argument("--ours", action="store_true", help="only raw TCP and our own")
    parser.add_argument("--carried", action="store_true", help="only raw TCP and what front ends carry by themselves")
    parser.add_argument("--rounds", type=int, help="medians of so many (3, with --full 5)")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS), help="which data")
    parser.add_argument("--rtt", type=float, default=RTT_MS, help="round trip in ms")
    parser.add_argument("--mbit", type=float, default=MBIT, help="what the line carries")
    parser.add_argument("--window", type=float, default=WINDOW, help="bytes that one connection has in flight at most")
    memory = Path("/dev/shm")
    parser.add_argument(
        "--dir",
        default=str(memory) if memory.is_dir() else None,
        help="where both ends lie; memory, for disks are noisy",
    )
    asked = parser.parse_args()
    asked.rounds = asked.rounds or (1 if asked.quick else 5 if asked.full else 3)
    return asked


def main() -> None:
    """Measure and print."""
    asked = _asked()
    began = time.monotonic()
    found = measure(asked)
    rates = [f"{name} {method} {found.rate(name, method) / MB:.1f}" for name, method in found.runs]
    notes = f"MB/s: {', '.join(rates)}; {time.monotonic() - began:.0f} s in all"
    if found.tuned is not None:
        notes += f"; the tuner found {found.tuned.found}"
    names = asked.sets
    ratios = carried_ratios_of(found, names[-1]) if asked.carried else ratios_of(found, names, others=not asked.ours)
    if asked.json:
        print(json.dumps({"ratios": ratios, "goals": {name: GOALS[name] for name in ratios}, "notes": notes}))
    else:
        print("\n".join([*(f"{name} {value} (goal {GOALS[name]})" for name, value in ratios.items()), notes]))


if __name__ == "__main__":
    main()
