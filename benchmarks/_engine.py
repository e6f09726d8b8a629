"""An engine process for the console's benchmark: ``python -m benchmarks._engine SOCKET RUNS COMPONENTS_A_RUN quiet|flood``.

The server is the real one; only what it serves is made up. Flooding, every run differs each time the server looks, four times a
second, and alerts are said between, which is what thousands of events a second come to.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from rpconsole.daemon.server import EngineServer
from rpconsole.daemon.single import claimed
from rpconsole.domain.action import Level
from rpconsole.domain.run import Component, ComponentState, RunRow, RunState, Step
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import GATES, Alert, GateView, RunView, Snapshot
from rpconsole.domain.stage import Stage
from rpconsole.engine.facade import EngineFacade, RunDetail

ALERT_S = 0.05
KEPT = 200


class Flood:
    """What an engine shows that is as busy as it can be."""

    def __init__(self, runs: int, components: int, *, is_quiet: bool) -> None:
        self._components, self._is_quiet = components, is_quiet
        self._look = 0
        self._alerts: list[Alert] = []
        now = time.time()
        run = RunView(
            remote_id=1, stage=Stage.CHIP, label="LAP.2014", state=RunState.RUN, step=Step.POLL, job="901122", attempts=1,
            tries=0, next_try_at=None, why=("its job is with the scheduler; the next poll will tell more",), fault=0,
            components={ComponentState.PREP_DONE: components}, tasks=60 * components,
        )  # fmt: skip
        open_session = SessionView(host="fe1", state=SessionState.OPEN, opened_at=now, ends_at=now + 43200)
        self._snapshot = Snapshot(
            at=now, sequence=1, site="lanl", database="gpc1", owner="host:1", sessions=(open_session,),
            gates=tuple(GateView(name=name, open=True) for name in GATES), alerts=(),
            runs=tuple(replace(run, remote_id=number) for number in range(1, runs + 1)),
        )  # fmt: skip

    def snapshot(self) -> Snapshot:
        if not self._is_quiet:
            self._look += 1
            self._snapshot = replace(
                self._snapshot,
                sequence=self._look,
                runs=tuple(replace(run, tasks_done=self._look % (run.tasks + 1)) for run in self._snapshot.runs),
                alerts=tuple(self._alerts[-KEPT:]),
            )
        return replace(self._snapshot, at=time.time())

    async def alerts(self) -> AsyncIterator[Alert]:
        while True:
            await asyncio.sleep(ALERT_S)
            if self._is_quiet:
                continue
            said = Alert(at=time.time(), level=Level.NOTE, sentence=f"bundle {len(self._alerts)} arrived")
            self._alerts.append(said)
            yield said

    async def note(self, *order: object) -> str:
        """Every order is heard and nothing is done."""
        return "heard"

    async def nothing(self, *asked: object) -> list[object]:
        """There was nothing yet."""
        return []

    story = past_sessions = acts = labels = doubtful = nothing
    retry = resubmit = cancel = revert = rebundle = note

    async def run_detail(self, remote_id: int) -> RunDetail:
        row = RunRow(
            remote_id=remote_id, state=RunState.RUN, stage=Stage.CHIP, label="LAP.2014", path_base="/p", job_id=1,
            last_poll=None, fault=0,
        )  # fmt: skip
        component = Component(remote_id=remote_id, stage_id=1, jobs=60, state=ComponentState.PREP_DONE, path_base="/p")
        return RunDetail(
            row=row, step="poll", why=(), components=tuple(replace(component, stage_id=n) for n in range(self._components)),
            jobs=(), failures=(), bytes_sent=0, bytes_returned=0, files={},
        )  # fmt: skip


async def serve(path: Path, engine: Flood) -> None:
    """Until killed."""
    with claimed(path) as listener:
        await EngineServer(cast(EngineFacade, cast(Any, engine))).serve(listener)


if __name__ == "__main__":
    place, how_many, a_run, kind = sys.argv[1:]
    asyncio.run(serve(Path(place), Flood(int(how_many), int(a_run), is_quiet=kind == "quiet")))
