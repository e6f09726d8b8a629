"""Start an engine on 2,000 live runs with 1,000,000 components, and let it look again with nothing to do.

The start, up to the first snapshot, is measured against one indexed query for the live runs; both once more on a tenth of the runs,
which must take as many statements. Nothing may grow with the components.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import _survey
from _measure import Found, counted, run
from _places import OWNER, Place, databases, place
from sqlalchemy import select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.run import run_of_row
from rpconsole.engine.book import LIVE_STATES
from rpconsole.engine.service import Engine
from rpconsole.ports.journal import StoryLine
from rpconsole.protocol.delta import delta_of

TIMES = 9
#: of some milliseconds each, of which the best counts
STARTS = 25
#: cycles until every run has been counted
SETTLING = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycles:
    """One engine's start and its idle cycles."""

    start_s: float
    floor_s: float
    start_statements: int
    idle_statements: list[int]
    idle_ms: float
    shown_ms: float
    remote_calls: int


def measure(found: Found, asked: argparse.Namespace) -> None:
    """Two sizes on every database."""
    seen: dict[str, list[Cycles]] = {}
    for runs, components in ((asked.runs // 10, asked.components // 10), (asked.runs, asked.components)):
        with databases(asked.only) as urls:
            for kind, url in urls.items():
                with tempfile.TemporaryDirectory() as folder:
                    seen.setdefault(kind, []).append(asyncio.run(_one(url, Path(folder), runs, components)))
    for kind, (small, large) in seen.items():
        note = f"{large.start_s * 1000:.0f} ms, the query {large.floor_s * 1000:.0f} ms"
        found.add(f"start_{kind}", large.start_s / large.floor_s, "<=5", note)
        grown = large.start_statements / small.start_statements
        found.add(f"start_statements_{kind}_grown", grown, "<=1", f"{large.start_statements} statements")
        grown = min(large.idle_statements) / max(1, min(small.idle_statements))
        found.add(f"idle_statements_{kind}_grown", grown, "<=1", f"{min(large.idle_statements)} statements")
        found.add(f"idle_remote_calls_{kind}", float(large.remote_calls), "<=0")
        found.add(f"idle_cycle_{kind}_of_50_ms", large.idle_ms / 50, "<=1", f"{large.idle_ms:.1f} ms")
        found.add(f"snapshot_and_delta_{kind}_of_50_ms", large.shown_ms / 50, "<=1", f"{large.shown_ms:.1f} ms")
    if "mariadb" not in seen:
        found.notes.append("MariaDB was not measured")


async def _one(url: str, folder: Path, runs: int, components: int) -> Cycles:
    async with place(url, folder) as there:
        await asyncio.to_thread(_survey.live_runs, there.gpc1.engine, runs, components)
        await _remember(there)
        # in turns, as a machine is busy with other things now and then
        floors, starts = [], []
        for _ in range(STARTS):
            floors.append(await asyncio.to_thread(query_s, there))
            starts.append(await _start(there))
        engine = Engine(there.world, OWNER)
        calls = _watched_site(there)
        with counted(there.gpc1.engine, there.journal_engine()) as sent:
            work = asyncio.create_task(engine.run())
            await engine._core.next_round()
            idle_statements, idle_s = await _idle(there, engine, sent)
        engine.stop()
        await work
        return Cycles(
            start_s=min(seconds for seconds, _ in starts),
            floor_s=min(floors),
            start_statements=min(statements for _, statements in starts),
            idle_statements=idle_statements,
            idle_ms=statistics.median(idle_s) * 1000,
            shown_ms=_shown_ms(engine),
            remote_calls=sum(calls.values()),
        )


async def _remember(there: Place) -> None:
    """The journal knows every run, as that of an engine which worked on them does."""
    for row in await there.world.runs.runs(LIVE_STATES):
        line = StoryLine(
            at=0.0, remote_id=row.remote_id, event="RunPrepared", before="prepare", after="ship", detail=""
        )
        await there.world.journal.save(run_of_row(row), line)


def query_s(there: Place) -> float:
    """One indexed query for the live runs."""
    began = time.perf_counter()
    with there.gpc1.engine.connect() as connection:
        query = select(t.remote_run).where(t.remote_run.c.state.in_(list(LIVE_STATES)))
        connection.execute(query).all()
    return time.perf_counter() - began


async def _start(there: Place) -> tuple[float, int]:
    """Seconds and statements until an engine shows its runs."""
    engine = Engine(there.world, OWNER)
    with counted(there.gpc1.engine, there.journal_engine()) as sent:
        began = time.perf_counter()
        work = asyncio.create_task(engine.run())
        await engine._core.next_round()
        engine.snapshot()
        seconds = time.perf_counter() - began
        # what the first round began beside the loop is counted whole, or not only as far as it came by chance
        while engine._core._tasks._tasks:
            await asyncio.wait(engine._core._tasks._tasks)
        statements = len(sent)
    engine.stop()
    await work
    return seconds, statements


async def _idle(there: Place, engine: Engine, sent: list[str]) -> tuple[list[int], list[float]]:
    """Statements and seconds of refreshing cycles, once everything has been counted."""
    settings = there.world.settings
    statements, seconds = [], []
    for number in range(SETTLING + TIMES):
        await there.clock.advance(settings.refresh_s)
        before, began = len(sent), time.perf_counter()
        engine._core.wake()
        await engine._core.next_round()
        if number >= SETTLING:
            statements.append(len(sent) - before)
            seconds.append(time.perf_counter() - began)
    return statements, seconds


def _watched_site(there: Place) -> Counter[str]:
    calls: Counter[str] = Counter()
    site: Any = there.world.site
    for verb in ("stat", "send", "run", "submit", "poll", "fetch", "tail"):
        plain = getattr(site, verb)

        async def called(*args: Any, _plain: Any = plain, _verb: str = verb, **kwargs: Any) -> Any:
            calls[_verb] += 1
            return await _plain(*args, **kwargs)

        setattr(site, verb, called)
    return calls


def _shown_ms(engine: Engine) -> float:
    """What a beat costs while somebody looks on: a snapshot, and its difference to the one before."""
    spent = []
    for _ in range(TIMES):
        before = engine.snapshot()
        began = time.perf_counter()
        after = replace(engine.snapshot(), sequence=before.sequence + 1)
        delta_of(before, after)
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


if __name__ == "__main__":
    run(measure, __doc__ or "", ("--runs", 2000), ("--components", 1_000_000))
