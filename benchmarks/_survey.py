"""Rows and files at the size of a survey, written by the hundred thousand: what the telescope and the earlier stages leave."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.paths import key_path

EXPOSURES, SKYCELLS = 620, 43_000
#: in the order of the focal plane, without its four missing corners
OTAS = tuple(f"XY{x}{y}" for x in range(8) for y in range(8) if (x, y) not in {(0, 0), (0, 7), (7, 0), (7, 7)})
#: every exposure is in y and has one OTA with video cells, so that all seven types are asked for
FILTER = "y.00000"
VIDEO_OTA = "XY33"
DETREND_TYPES = ("MASK", "FLAT", "DARK", "VIDEODARK", "LINEARITY", "NOISEMAP", "FRINGE")
NIGHT = datetime(2014, 7, 1, 9, 0, 0)  # noqa: DTZ001 - naive UTC, as the database has it
LABEL, WORKDIR, TESS = "BENCH", "neb://@HOST@.0/gpc1/bench", "RINGS.V3"
CHIPS_OF_A_CELL = 4
AT_ONCE = 20_000


def insert(engine: Engine, table: Table, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    """All rows in one transaction, by the driver's own executemany."""
    names = columns.split()
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
    with engine.begin() as connection:
        if engine.dialect.name != "sqlite":
            connection.exec_driver_sql("SET SESSION foreign_key_checks = 0, unique_checks = 0")
        for piece in _pieces(rows):
            connection.exec_driver_sql(statement, piece)


def _pieces(rows: Iterable[Sequence[Any]]) -> Iterator[list[tuple[Any, ...]]]:
    piece: list[tuple[Any, ...]] = []
    for row in rows:
        piece.append(tuple(row))
        if len(piece) == AT_ONCE:
            yield piece
            piece = []
    if piece:
        yield piece


def analyze(engine: Engine) -> None:
    """Let the database count what it has, as a server that has been up for a day would have."""
    names = [table.name for table in (t.raw_imfile, t.chip_imfile, t.chip_processed_imfile, t.warp_sky_cell_map)]
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ANALYZE")
        else:
            connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(names)}").all()


def exp_name(number: int) -> str:
    """``o6840g0001o`` and so on."""
    return f"o{6839 + number // 10000:04d}g{number % 10000:04d}o"


def raw_uri(number: int, class_id: str) -> str:
    """Where a raw image lies."""
    name = exp_name(number)
    return f"neb://ipp001.0/gpc1/20140701/{name}/{name}.{class_id.replace('XY', 'ota')}.fits"


def exposures(engine: Engine, count: int = EXPOSURES) -> None:
    """Raw exposures with their OTAs; exp_id counts from 1."""
    numbers = range(1, count + 1)
    insert(
        engine,
        t.raw_exp,
        "exp_id exp_name exp_tag camera telescope dateobs filter exp_time exp_type state fault magicked",
        (
            (n, exp_name(n), f"{exp_name(n)}.{n}", "GPC1", "PS1", NIGHT + timedelta(seconds=60 * n), FILTER, 30.0,
             "OBJECT", "full", 0, 0)
            for n in numbers
        ),
    )  # fmt: skip
    insert(
        engine,
        t.raw_imfile,
        "exp_id exp_name class_id tmp_class_id uri data_state ignored quality fault bytes md5sum burntool_state video_cells",
        (
            (n, exp_name(n), ota, ota, raw_uri(n, ota), "full", 0, 0, 0, 23_000_000, f"{n * 100 + i:032x}", 14,
             int(ota == VIDEO_OTA))
            for n in numbers
            for i, ota in enumerate(OTAS)
        ),
    )  # fmt: skip


def detrends(engine: Engine, periods: int = 40) -> None:
    """Each type once for every period of a long survey, each with a file for every OTA; the last one is the one to take."""
    kinds = [(period, kind) for period in range(periods) for kind in DETREND_TYPES]
    runs = []
    for det_id, (period, kind) in enumerate(kinds, start=1):
        filter_id = "y" if kind in ("FLAT", "FRINGE") else None
        begin, registered = NIGHT - timedelta(days=30 * (periods - period)), NIGHT - timedelta(days=periods - period)
        runs.append((det_id, 0, kind, "master", "stop", "CHIP", "GPC1", "PS1", filter_id, registered, begin))
    columns = "det_id iteration det_type mode state filelevel camera telescope filter registered time_begin"
    insert(engine, t.det_run, columns, runs)
    insert(engine, t.det_run_summary, "det_id iteration accept fault", ((run[0], 0, 1, 0) for run in runs))
    insert(
        engine,
        t.det_normalized_imfile,
        "det_id iteration class_id uri data_state fault",
        ((run[0], 0, ota, detrend_uri(run[0], run[2], ota), "full", 0) for run in runs for ota in OTAS),
    )


def detrend_uri(det_id: int, kind: str, class_id: str) -> str:
    """Where a detrend's file of one OTA lies."""
    return f"neb://any/detrends/{kind.lower()}.{det_id}/{kind.lower()}.{det_id}.{class_id}.fits"


def chip_runs(engine: Engine, count: int = EXPOSURES, *, state: str = "new") -> None:
    """A chipRun of each exposure, with its number."""
    row = (state, WORKDIR, "dirty", LABEL, LABEL, TESS, "warp", 0)
    columns = "chip_id exp_id state workdir workdir_state label data_group tess_id end_stage magicked"
    insert(engine, t.chip_run, columns, ((n, n, *row) for n in range(1, count + 1)))
    otas = ((n, ota, (n - 1) * len(OTAS) + i) for n in range(1, count + 1) for i, ota in enumerate(OTAS, start=1))
    insert(engine, t.chip_imfile, "chip_id class_id chip_imfile_id", otas)


def exposure_root(number: int, piece: str) -> str:
    """The root of a stage's files: ``ch``, ``cm``."""
    tag = f"{exp_name(number)}.{number}"
    return f"{WORKDIR}/{tag}/{tag}.{piece}.{number}"


def chips_done(engine: Engine, count: int = EXPOSURES) -> None:
    """Chip results of each exposure, and the camera's, up to a full fakeRun, all with the exposure's number."""
    numbers = range(1, count + 1)
    columns = "chip_id exp_id class_id data_state path_base quality fault magicked software_ver maskfrac_npix"
    rows = ((n, n, ota, "full", exposure_root(n, "ch"), 0, 0, 0, "36001", 100) for n in numbers for ota in OTAS)
    insert(engine, t.chip_processed_imfile, columns, rows)
    row = ("full", WORKDIR, LABEL, LABEL, TESS, "warp")
    carried = "state workdir label data_group tess_id end_stage"
    insert(engine, t.cam_run, f"cam_id chip_id {carried} magicked", ((n, n, *row, 0) for n in numbers))
    results = ((n, "UNKNOWN", exposure_root(n, "cm"), 0, 0) for n in numbers)
    insert(engine, t.cam_processed_exp, "cam_id uri path_base fault quality", results)
    insert(engine, t.fake_run, f"fake_id cam_id {carried}", ((n, n, *row) for n in numbers))


def warp_runs(engine: Engine, count: int = EXPOSURES, skycells: int = SKYCELLS) -> None:
    """A new warpRun of each exposure with its part of the skycells, each touched by a few OTAs."""
    row = ("warp", "new", WORKDIR, "dirty", LABEL, LABEL, TESS, "warp", 0)
    columns = "warp_id fake_id mode state workdir workdir_state label data_group tess_id end_stage magicked"
    insert(engine, t.warp_run, columns, ((n, n, *row) for n in range(1, count + 1)))
    cells = [(i % count + 1, f"skycell.{1000 + i // 100:04d}.{i % 100:03d}", i) for i in range(skycells)]
    touching = (
        (n, cell, TESS, OTAS[(i + ota * 17) % len(OTAS)], 0) for n, cell, i in cells for ota in range(CHIPS_OF_A_CELL)
    )
    insert(engine, t.warp_sky_cell_map, "warp_id skycell_id tess_id class_id fault", touching)
    numbered = ((n, cell, i + 1) for n, cell, i in cells)
    insert(engine, t.warp_imfile, "warp_id skycell_id warp_skyfile_id", numbered)


def input_files(root: Path, count: int = EXPOSURES, periods: int = 40) -> None:
    """Raw images, burntool tables and the last period's detrends, all empty, in a plain directory."""
    keys = [raw_uri(n, ota) for n in range(1, count + 1) for ota in OTAS]
    keys += [key.removesuffix("fits") + "burn.tbl" for key in keys]
    first = (periods - 1) * len(DETREND_TYPES) + 1
    keys += [detrend_uri(first + i, kind, ota) for i, kind in enumerate(DETREND_TYPES) for ota in OTAS]
    touch(f"{root}/{key_path(key)}" for key in keys)


def touch(paths: Iterable[str]) -> None:
    """Empty files."""
    made: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o664))


def live_runs(engine: Engine, runs: int, components: int) -> None:
    """Remote runs in every live state, and their components, all prepared."""
    states = ("pending", "run", "auth", "pending")
    rows = (
        (n, states[n % len(states)], "chip", LABEL, "neb://any/remote/BENCH", n if n % len(states) in (1, 2) else -1, 0)
        for n in range(1, runs + 1)
    )
    insert(engine, t.remote_run, "remote_id state stage label path_base job_id fault", rows)
    each = components // runs
    parts = ((n, n * each + i, 60, "prep_done", None) for n in range(1, runs + 1) for i in range(each))
    insert(engine, t.remote_component, "remote_id stage_id jobs state path_base", parts)
