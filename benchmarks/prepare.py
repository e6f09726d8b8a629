"""Define and prepare a survey's chips and warps, against reading the same rows once and writing the same bytes once.

The floor reads the rows with one query a table by the bare driver, and makes the same files with the same content, those that
wait empty for their product too, as the old scripts leave them; it builds no line of them, looks nothing up and syncs nothing. A
note says what the ratio is when the floor leaves those empty files out and only we make them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import _survey
from _measure import Found, Lag, most_memory, run
from _places import Place, databases, place
from sqlalchemy import Engine

from rpconsole.domain.event import RunPrepared
from rpconsole.domain.listfiles import LIST_SUFFIXES, MANIFEST, SCRIPT
from rpconsole.domain.run import run_of_row
from rpconsole.domain.stage import Stage
from rpconsole.engine.prepare import prepare_run
from rpconsole.ports.run_store import DefineOrder

CHIP_ROWS = (
    "SELECT r.chip_id, i.chip_imfile_id, w.class_id, w.uri, w.video_cells, w.burntool_state, w.bytes, w.md5sum FROM chipRun r "
    "JOIN chipImfile i ON i.chip_id = r.chip_id JOIN rawImfile w ON w.exp_id = r.exp_id AND w.class_id = i.class_id",
    "SELECT r.chip_id, r.workdir, r.reduction, e.exp_id, e.exp_name, e.exp_tag, e.filter, e.dateobs FROM chipRun r "
    "JOIN rawExp e ON e.exp_id = r.exp_id",
    "SELECT det_id, iteration, class_id, uri FROM detNormalizedImfile",
)
WARP_ROWS = (
    "SELECT m.warp_id, m.skycell_id, m.tess_id, m.class_id, c.path_base, k.path_base FROM warpSkyCellMap m "
    "JOIN warpRun w ON w.warp_id = m.warp_id JOIN fakeRun f ON f.fake_id = w.fake_id JOIN camRun a ON a.cam_id = f.cam_id "
    "JOIN camProcessedExp k ON k.cam_id = a.cam_id "
    "JOIN chipProcessedImfile c ON c.chip_id = a.chip_id AND c.class_id = m.class_id",
    "SELECT warp_id, skycell_id, warp_skyfile_id FROM warpImfile",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What one preparation took."""

    seconds: float
    lag_ms: float
    most_mb: float
    tasks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """The least that it can take: rows and texts, and beside them the files that are made empty."""

    texts_s: float
    empty_s: float
    empty: int


def measure(found: Found, asked: argparse.Namespace) -> None:
    """Chip and warp on every database, each in a process of its own: what one left in memory is not the next one's."""
    if asked.folder:
        _alone(found, asked)
        return
    # the files of all stay to the end: hundreds of thousands that are deleted slow the disk down for minutes
    with tempfile.TemporaryDirectory() as kept:
        for kind in [asked.only] if asked.only else ["sqlite", "mariadb"]:
            for stage in [asked.stage] if asked.stage else [Stage.CHIP, Stage.WARP]:
                folder = f"{kept}/{kind}-{stage}"
                os.mkdir(folder)
                words = ["--only", kind, "--stage", stage, "--exposures", str(asked.exposures), "--folder", folder]
                answer = subprocess.run(
                    [sys.executable, __file__, *words, "--json"], stdout=subprocess.PIPE, check=True
                )
                told = json.loads(answer.stdout)
                found.ratios.update(told["ratios"])
                found.goals.update(told["goals"])
                found.notes.extend(note for note in told["notes"] if note not in found.notes)


def _alone(found: Found, asked: argparse.Namespace) -> None:
    fill, rows = {Stage.CHIP: (fill_chips, CHIP_ROWS), Stage.WARP: (fill_warps, WARP_ROWS)}[Stage(asked.stage)]
    with databases(asked.only) as urls:
        if asked.only in urls:
            _one(
                found, asked.only, urls[asked.only], Stage(asked.stage), fill, rows, Path(asked.folder), asked.exposures
            )
        else:
            found.notes.append("MariaDB is not installed here: SQLite alone was measured")


def _one(
    found: Found, kind: str, url: str, stage: Stage, fill: Callable[[Engine, Path, int], None],
    rows: tuple[str, ...], folder: Path, exposures: int,
) -> None:  # fmt: skip
    async def whole() -> tuple[Prepared, Floor]:
        async with place(url, folder) as there:
            await asyncio.to_thread(fill, there.gpc1.engine, there.home, exposures)
            await asyncio.to_thread(os.sync)
            prepared = await prepare(there, stage)
            await asyncio.to_thread(os.sync)
            return prepared, await asyncio.to_thread(floor_of, there, stage, rows, folder / "floor")

    done, floor = asyncio.run(whole())
    least_s = floor.texts_s + floor.empty_s
    note = (
        f"{done.tasks} tasks in {done.seconds:.1f} s, the floor {least_s:.1f} s; "
        f"without the {floor.empty} empty files {done.seconds / floor.texts_s:.1f} times {floor.texts_s:.1f} s"
    )
    found.add(f"prepare_{stage}_{kind}", done.seconds / least_s, "<=3", note)
    found.add(f"prepare_{stage}_{kind}_resident_of_300_mb", done.most_mb / 300, "<=1", f"{done.most_mb:.0f} MB")
    found.add(f"prepare_{stage}_{kind}_lag_p99_of_50_ms", done.lag_ms / 50, "<=1", f"{done.lag_ms:.1f} ms")


def fill_chips(engine: Engine, home: Path, exposures: int) -> None:
    """New chipRuns, and all that they ship."""
    _survey.exposures(engine, exposures)
    _survey.detrends(engine)
    _survey.chip_runs(engine, exposures)
    _survey.analyze(engine)
    _survey.input_files(home, exposures)


def fill_warps(engine: Engine, home: Path, exposures: int) -> None:
    """New warpRuns behind finished cameras."""
    if not _has_rows(engine):
        _survey.exposures(engine, exposures)
        _survey.chip_runs(engine, exposures)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE chipRun SET state = 'full'")
    _survey.chips_done(engine, exposures)
    _survey.warp_runs(engine, exposures, _survey.SKYCELLS * exposures // _survey.EXPOSURES)
    _survey.analyze(engine)


def _has_rows(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql("SELECT count(*) FROM chipRun").scalar())


async def prepare(there: Place, stage: Stage) -> Prepared:
    """Define one run of everything and prepare it, as the engine would."""
    world, lag = there.world, Lag()
    watching = asyncio.create_task(lag.watch())
    with most_memory() as most:
        began = time.perf_counter()
        order = DefineOrder(stage=stage, label=_survey.LABEL, path_base="neb://any/remote/BENCH")
        defined = await world.runs.define(order)
        assert defined.remote_id is not None
        row = await world.runs.run(defined.remote_id)
        assert row is not None
        event = await prepare_run(world, run_of_row(row))
        seconds = time.perf_counter() - began
    watching.cancel()
    assert isinstance(event, RunPrepared), event
    return Prepared(seconds=seconds, lag_ms=lag.p99_ms(), most_mb=most[0], tasks=event.tasks)


def floor_of(there: Place, stage: Stage, rows: tuple[str, ...], folder: Path) -> Floor:
    """The same rows read, the same files made, by nothing but the driver and the kernel."""
    remote = there.home / "remote" / "BENCH"
    lists = [path for path in remote.rglob("*") if path.is_file() and f"remote_{stage}." in str(path)]
    wanted = [(str(folder) + str(path), path.read_bytes()) for path in lists if is_list(path)]
    (returned,) = [path for path in lists if path.name.startswith(f"remote_{stage}.") and path.suffix == ".return"]
    empty = [str(folder) + line for line in returned.read_text("latin-1").splitlines()]
    began = time.perf_counter()
    with there.gpc1.engine.connect() as connection:
        for query in rows:
            connection.exec_driver_sql(query).cursor.fetchall()
    for path, content in wanted:
        os.makedirs(path.rpartition("/")[0], exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    written = time.perf_counter()
    _survey.touch(empty)
    return Floor(texts_s=written - began, empty_s=time.perf_counter() - written, empty=len(empty))


def is_list(path: Path) -> bool:
    """One of the files that prepare writes."""
    return path.name.endswith((*LIST_SUFFIXES, MANIFEST, SCRIPT))


if __name__ == "__main__":
    run(measure, __doc__ or "", ("--exposures", _survey.EXPOSURES), ("--stage", ""), ("--folder", ""))
