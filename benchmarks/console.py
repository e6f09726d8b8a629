"""How quick the console stays: from a key to the painted row, idle and while an engine with 1,000 runs floods it.

The engine sends one delta each quarter of a second whatever happens; here each names every run, as 4,000 changes a second would.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual import events

from rpconsole import __version__
from rpconsole.console.app import ConsoleApp, Options
from rpconsole.console.model import Model
from rpconsole.console.theme import load, shipped
from rpconsole.domain.run import ComponentState, RunState, Step
from rpconsole.domain.snapshot import GATES, GateView, RunView, Snapshot
from rpconsole.domain.stage import Stage
from rpconsole.protocol.codec import decode_from_engine, encode
from rpconsole.protocol.delta import delta_of
from rpconsole.protocol.messages import PROTOCOL, Change, EngineHello, WholeSnapshot

RUNS, BEATS, KEYS = 1000, 32, 40
EVERY_S = 0.25
GOALS = {"key_p90_ms_of_50_idle": "<=1", "key_p90_ms_of_50_flooded": "<=1", "cpu_of_a_core_flooded": "<=0.15"}


class NoOrders:
    """An engine that answers nothing but looks at runs."""

    async def call(self, verb: str, **args: object) -> dict[str, Any]:
        return {"story": [], "components": [], "jobs": [], "failures": [], "files": {}}


def snapshot(sequence: int) -> Snapshot:
    """A busy moment; every run differs from the moment before."""
    run = RunView(
        remote_id=1, stage=Stage.CHIP, label="LAP.2014", state=RunState.RUN, step=Step.POLL, job="901122", attempts=1,
        tries=0, next_try_at=None, why=("its job is with the scheduler; the next poll will tell more",), fault=0,
        components={ComponentState.PREP_DONE: 100}, tasks=6000,
    )  # fmt: skip
    return Snapshot(
        at=1.4e9 + sequence * EVERY_S, sequence=sequence, site="lanl", database="gpc1", owner="host:1", sessions=(),
        gates=tuple(GateView(name=name, open=True) for name in GATES), alerts=(),
        runs=tuple(replace(run, remote_id=number, tasks_done=sequence) for number in range(1, RUNS + 1)),
    )  # fmt: skip


def deltas() -> list[bytes]:
    """What crosses the socket, ready to be read."""
    moments = [snapshot(sequence) for sequence in range(BEATS + 1)]
    return [encode(Change(delta=delta_of(a, b))) for a, b in itertools.pairwise(moments)]


async def flood(app: ConsoleApp, lines: list[bytes]) -> None:
    """Feed the console as its link would."""
    for line in lines:
        message = decode_from_engine(line)
        assert isinstance(message, Change)
        app.desk.model.take(message)
        app._mark_changed()
        await asyncio.sleep(EVERY_S)


async def key_times_ms(app: ConsoleApp) -> list[float]:
    """From the key to the row of the cursor being painted, one key after another."""
    table = app.screen.runs  # type: ignore[attr-defined]
    painted = asyncio.Event()
    plain, before = table.render_line, table.cursor

    def watched(y: int) -> Any:
        if table.cursor != before:
            painted.set()
        return plain(y)

    table.render_line = watched
    times = []
    for number in range(KEYS):
        before = table.cursor
        await asyncio.sleep(0.1 + 0.013 * (number % 7))
        painted.clear()
        began = time.perf_counter()
        key = events.Key("j", "j")
        key.set_sender(app)
        app._driver.send_message(key)  # type: ignore[union-attr]
        await painted.wait()
        times.append((time.perf_counter() - began) * 1000)
    return times


async def measure() -> dict[str, Any]:
    """Idle, then flooded."""
    palettes, _ = load(shipped())
    with tempfile.TemporaryDirectory() as folder:
        options = Options(
            socket_path=Path(folder) / "none", who="bench", palette=palettes["rp-dark"], palettes=palettes,
            crash_file=Path(folder) / "crash",
        )  # fmt: skip
        model = Model()
        model.greeted(
            EngineHello(protocol=PROTOCOL, version=__version__, pid=1, since=0.0, site="", database="", who="")
        )
        model.take(WholeSnapshot(snapshot=snapshot(0)))
        app = ConsoleApp(options, model=model, link=NoOrders())
        lines = deltas()
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            idle = await key_times_ms(app)
            began, used = time.perf_counter(), time.process_time()
            feeding = asyncio.create_task(flood(app, lines))
            flooded = await key_times_ms(app)
            await feeding
            cpu = (time.process_time() - used) / (time.perf_counter() - began)
    p90 = {name: statistics.quantiles(times, n=10)[-1] for name, times in (("idle", idle), ("flooded", flooded))}
    ratios = {f"key_p90_ms_of_50_{name}": round(value / 50, 3) for name, value in p90.items()}
    notes = [
        f"key to painted row, median and p90: idle {statistics.median(idle):.1f} and {p90['idle']:.1f} ms, "
        f"flooded {statistics.median(flooded):.1f} and {p90['flooded']:.1f} ms",
        f"{RUNS} runs at 120x40, {RUNS / EVERY_S:.0f} changed rows a second, reading the socket's lines included",
    ]
    return {"ratios": {**ratios, "cpu_of_a_core_flooded": round(cpu, 3)}, "goals": GOALS, "notes": notes}


def main() -> None:
    """Print the table, or one JSON object."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--json", action="store_true")
    found = asyncio.run(measure())
    if words.parse_args().json:
        print(json.dumps(found))
        return
    for name, value in found["ratios"].items():
        print(f"{name:<28} {value:>8} {found['goals'][name]}")
    print(*found["notes"], sep="\n")


if __name__ == "__main__":
    main()
