"""Check and apply the dbinfo files of a survey's chips and advance their runs, against inserting the same rows in one go.

The floor reads the same files and writes the same rows by one executemany of the bare driver, understanding nothing of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _survey
from _measure import Found, Lag, run
from _places import ROOT, Place, databases, place

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.dbinfo_flags import COMPLETIONS, Kind
from rpconsole.domain.event import DbinfoApplied
from rpconsole.domain.filerules import Rule, file_of
from rpconsole.domain.listfiles import GENERATE, MANIFEST, SHIPPED_SUFFIXES
from rpconsole.domain.manifest import ManifestRecord, Role, manifest_text
from rpconsole.domain.paths import key_path
from rpconsole.domain.run import Run, Step
from rpconsole.domain.stage import Stage
from rpconsole.engine.apply import apply_run
from rpconsole.engine.retrieve import HOME
from rpconsole.engine.sweep import advance_label
from rpconsole.ports.journal import Verdict

RUN = Run(
    remote_id=1, stage=Stage.CHIP, label=_survey.LABEL, path_base="neb://any/remote/BENCH", step=Step.APPLY
)  # fmt: skip
PRODUCTS = (Rule.DBINFO_IMFILE, Rule.STATS_IMFILE, Rule.LOG_IMFILE, Rule.CHIP_BACKGROUND, Rule.CHIP_PATTERN)
#: how often all of it is done
TIMES = 3
#: what the first half of the line says, and what no program of the chip stage prints
NOT_PRINTED = {"uri", "path_base", "magicked", "hostname", "dtime_script", "dbname"}
NUMBERS = {Kind.SMALL: "0", Kind.INT: "12345", Kind.BIG: "123456789", Kind.WORD: "'36001'", Kind.TEXT: "x"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What it took, and what the floor."""

    apply_s: float
    advance_s: float
    lag_ms: float
    floor_s: float

    @property
    def whole_s(self) -> float:
        """From the first file to the last run that was advanced."""
        return self.apply_s + self.advance_s


def measure(found: Found, asked: argparse.Namespace) -> None:
    """On every database, each time a new one; the best of either side counts, as a machine is busy with other things now and then."""
    seen: dict[str, list[Applied]] = {}
    for _ in range(TIMES):
        with databases(asked.only) as urls:
            for kind, url in urls.items():
                with tempfile.TemporaryDirectory() as folder:
                    seen.setdefault(kind, []).append(asyncio.run(_one(url, Path(folder), asked.exposures)))
    for kind, times in seen.items():
        best, floor_s = min(times, key=lambda one: one.whole_s), min(one.floor_s for one in times)
        lag_ms = max(one.lag_ms for one in times)
        note = f"applied in {best.apply_s:.2f} s and advanced in {best.advance_s:.2f} s, the floor {floor_s:.2f} s"
        found.add(f"dbinfo_{kind}", best.whole_s / floor_s, "<=4", note)
        found.add(f"dbinfo_{kind}_lag_p99_of_50_ms", lag_ms / 50, "<=1", f"{lag_ms:.1f} ms")
    if "mariadb" not in seen:
        found.notes.append("MariaDB was not measured")


async def _one(url: str, folder: Path, exposures: int) -> Applied:
    async with place(url, folder) as there:
        await asyncio.to_thread(_fill, there, exposures)
        await there.world.ledger.record_verdicts(list(_verdicts(exposures)))
        await asyncio.to_thread(os.sync)
        apply_s, advance_s, lag_ms = await _apply(there, exposures)
        await asyncio.to_thread(os.sync)
        least_s = await asyncio.to_thread(floor_s, there, exposures)
        return Applied(apply_s=apply_s, advance_s=advance_s, lag_ms=lag_ms, floor_s=least_s)


def _fill(there: Place, exposures: int) -> None:
    engine = there.gpc1.engine
    _survey.exposures(engine, exposures)
    _survey.chip_runs(engine, exposures)
    run = (RUN.remote_id, "run", "chip", RUN.label, RUN.path_base, 1, 0)
    _survey.insert(engine, t.remote_run, "remote_id state stage label path_base job_id fault", [run])
    parts = ((RUN.remote_id, n, len(_survey.OTAS), "prep_done") for n in range(1, exposures + 1))
    _survey.insert(engine, t.remote_component, "remote_id stage_id jobs state", parts)
    _survey.analyze(engine)
    for suffix in SHIPPED_SUFFIXES:
        _write(there, RUN.stem + suffix, "")
    _write(there, RUN.stem + GENERATE, "".join(f"{record.remote}\n" for record in _records(there, exposures)))
    _write(there, RUN.stem + MANIFEST, manifest_text(_records(there, exposures)))
    for number, ota in _tasks(exposures):
        _write(there, file_of(Rule.DBINFO_IMFILE, _survey.exposure_root(number, "ch"), chip=ota), line(number, ota))


def _tasks(exposures: int) -> Iterator[tuple[int, str]]:
    return ((number, ota) for number in range(1, exposures + 1) for ota in _survey.OTAS)


def _write(there: Place, key: str, text: str) -> None:
    path = f"{there.home}/{key_path(key)}"
    os.makedirs(path.rpartition("/")[0], exist_ok=True)
    with open(path, "w", encoding="latin-1") as file:
        file.write(text)


def _records(there: Place, exposures: int) -> Iterator[ManifestRecord]:
    for task, (number, ota) in enumerate(_tasks(exposures), start=1):
        for rule in PRODUCTS:
            key = file_of(rule, _survey.exposure_root(number, "ch"), chip=ota)
            yield ManifestRecord(
                key=key, local=f"{there.home}/{key_path(key)}", remote=f"{ROOT}/{key_path(key)}", role=Role.PRODUCT,
                component=number, task=task, item=ota, ids=(("exp_id", number),) if rule is PRODUCTS[0] else (),
            )  # fmt: skip


def line(number: int, ota: str) -> str:
    """A dbinfo with every flag that the stage's statistics print."""
    root = _survey.exposure_root(number, "ch")
    first = (
        f"chiptool -addprocessedimfile -exp_id {number} -chip_id {number} -class_id {ota} -uri {root}.{ota}.ch.fits "
        f"-path_base {root} -magicked 0 -hostname LANL/Mustang -dtime_script 0 -dbname gpc1"
    )
    options = COMPLETIONS[Stage.CHIP].options
    flags = " ".join(
        f"-{name} {NUMBERS.get(option.kind, f'{number + place / 7:f}')}"
        for place, (name, option) in enumerate(options.items())
        if name not in NOT_PRINTED
    )
    return f"{first} {flags} \n"


def _verdicts(exposures: int) -> Iterator[Verdict]:
    for number, ota in _tasks(exposures):
        yield Verdict(remote_id=RUN.remote_id, stage_id=number, item=ota, state=HOME, sentence="")


async def _apply(there: Place, exposures: int) -> tuple[float, float, float]:
    lag = Lag()
    watching = asyncio.create_task(lag.watch())
    began = time.perf_counter()
    event = await apply_run(there.world, RUN)
    apply_s = time.perf_counter() - began
    advanced = await advance_label(there.world, RUN.label, (RUN.stage,))
    advance_s = time.perf_counter() - began - apply_s
    watching.cancel()
    assert isinstance(event, DbinfoApplied), event
    assert event.failed == 0, (await there.world.ledger.verdicts(1, state="fail"))[0]
    assert (event.passed, len(advanced)) == (exposures, exposures), (event, len(advanced))
    return apply_s, advance_s, lag.p99_ms()


def floor_s(there: Place, exposures: int) -> float:
    """The same files read, the same rows inserted."""
    table, engine = t.chip_processed_imfile, there.gpc1.engine
    with engine.begin() as connection:
        names = [column.name for column in table.columns]
        rows: list[Any] = [tuple(row) for row in connection.execute(table.select())]
        connection.execute(table.delete())
    roots = {number: f"{there.home}/{key_path(_survey.exposure_root(number, 'ch'))}" for number in range(exposures + 1)}
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
    began = time.perf_counter()
    for number, ota in _tasks(exposures):
        with open(f"{roots[number]}.{ota}.dbinfo", "rb", buffering=0) as file:
            file.read()
    with engine.begin() as connection:
        connection.exec_driver_sql(statement, rows)
    return time.perf_counter() - began


if __name__ == "__main__":
    run(measure, __doc__ or "", ("--exposures", _survey.EXPOSURES))
