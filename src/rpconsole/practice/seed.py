"""A survey for the practice site: every file of it in the storage at home and at the site, every row of it in gpc1."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import radians
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.create import create_schema
from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.practice.configuring import LABEL
from rpconsole.practice.detector import DetrendType
from rpconsole.practice.paths import SitePaths
from rpconsole.practice.pointing import Exposure
from rpconsole.practice.sky import Survey
from rpconsole.practice.tessellation import TESS_ID

WORKDIR = "neb://any/demo"
FIRST_EXP_ID = 574501
#: types that were built from exposures and accepted; the others were registered as they came
_BUILT = frozenset({DetrendType.FLAT, DetrendType.DARK, DetrendType.VIDEODARK})
#: types that hold for one filter only
_FILTERED = {DetrendType.FLAT: None, DetrendType.FRINGE: "y"}
_ITERATION = 2
Done = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Raw:
    """One raw file, as written."""

    exposure: Exposure
    class_id: str
    key: str
    bytes: int
    md5sum: str


def database_url(paths: SitePaths) -> str:
    return f"sqlite:///{paths.gpc1}"


async def seed(paths: SitePaths, survey: Survey, done: Done | None = None, *, url: str | None = None) -> None:
    """Write the survey, unless this directory has one: the database comes last and says so. ``done`` hears (files, of all).

    ``url``: an empty gpc1 on a server, instead of the directory's own.
    """
    if url is None and paths.gpc1.exists():
        return
    raws = await asyncio.to_thread(_write_files, paths, survey, done or (lambda files, of_all: None))
    await create_schema(url or database_url(paths))
    gpc1 = open_gpc1(url or database_url(paths))
    try:
        await gpc1.write(lambda connection: _write_rows(connection, survey, raws))
    finally:
        await gpc1.close()


def _write_files(paths: SitePaths, survey: Survey, done: Done) -> list[_Raw]:
    survey.write_references(paths.references)
    survey.write_tessellation(paths.tessellations / TESS_ID)
    for exposure in survey.pointings:
        lines = [f"{skycell} {TESS_ID} {class_id}\n" for skycell, class_id in survey.overlap(exposure)]
        (paths.overlaps / f"{exposure.exp_name}.map").write_text("".join(lines), encoding="ascii")
    raws: list[_Raw] = []
    of_all = len(survey.class_ids) * (len(DetrendType) + len(survey.pointings))
    for det_type in DetrendType:
        for class_id in survey.class_ids:
            survey.write_detrend(det_type, class_id, _file(paths, _detrend_key(survey, det_type, class_id)))
        done((len(raws) + (list(DetrendType).index(det_type) + 1) * len(survey.class_ids)), of_all)
    for exposure in survey.pointings:
        raws += [_write_raw(paths, survey, exposure, class_id) for class_id in survey.class_ids]
        done(len(DetrendType) * len(survey.class_ids) + len(raws), of_all)
    return raws


def _write_raw(paths: SitePaths, survey: Survey, exposure: Exposure, class_id: str) -> _Raw:
    name = exposure.exp_name
    key = f"neb://any/gpc1/{exposure.dateobs:%Y%m%d}/{name}/{name}.{class_id.replace('XY', 'ota')}.fits"
    path = _file(paths, key)
    survey.write_raw(exposure, class_id, path)
    survey.write_burntool(exposure, class_id, path.with_suffix(".burn.tbl"))
    content = path.read_bytes()
    return _Raw(exposure, class_id, key, len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())


def _file(paths: SitePaths, key: str) -> Path:
    path = paths.storage / key.removeprefix("neb://any/")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _detrend_key(survey: Survey, det_type: DetrendType, class_id: str) -> str:
    short = _filter_of(survey, det_type)
    stem = f"{det_type.lower()}{f'.{short}' if short else ''}.20110601"
    return f"neb://any/detrends/{stem}/{stem}.{class_id}.fits"


def _filter_of(survey: Survey, det_type: DetrendType) -> str | None:
    return (_FILTERED[det_type] or survey.filter) if det_type in _FILTERED else None


def _write_rows(connection: Connection, survey: Survey, raws: list[_Raw]) -> None:
    connection.execute(insert(t.label).values(label=LABEL, priority=500, active=1, comment="the practice survey"))
    first = survey.pointings[0].dateobs.replace(tzinfo=None)
    for number, det_type in enumerate(DetrendType, start=1):
        _add_detrend(connection, survey, det_type, number, first)
    _add_decoys(connection, survey, first)
    for exposure in survey.pointings:
        _add_exposure(connection, exposure, [raw for raw in raws if raw.exposure is exposure])


def _add_detrend(connection: Connection, survey: Survey, det_type: DetrendType, det_id: int, first: datetime) -> None:
    built = det_type in _BUILT
    run = {
        **_detrend_run(det_type, _filter_of(survey, det_type), first - timedelta(days=20)),
        "det_id": det_id,
        "mode": "master" if built else "register",
        "time_begin": first - timedelta(days=32),
    }
    connection.execute(insert(t.det_run).values(run))
    if built:
        accepted = {"det_id": det_id, "iteration": _ITERATION, "data_state": "full", "accept": 1, "fault": 0}
        connection.execute(insert(t.det_run_summary).values(accepted))
    rows = [
        {
            "det_id": det_id,
            "iteration": _ITERATION,
            "class_id": class_id,
            "uri": _detrend_key(survey, det_type, class_id),
            "data_state": "full",
            "fault": 0,
        }
        for class_id in survey.class_ids
    ]
    connection.execute(insert(t.det_normalized_imfile if built else t.det_registered_imfile), rows)


def _add_decoys(connection: Connection, survey: Survey, first: datetime) -> None:
    """Detrends that must not be picked: out of their time, of another filter, never accepted. Their files do not exist."""
    late = first - timedelta(days=1)
    over = {"mode": "register", "time_end": first - timedelta(days=2)}
    other = {"mode": "register", "filter": "z" if survey.filter != "z" else "i"}
    rejected = {"mode": "master"}
    for changes, det_type in ((over, DetrendType.MASK), (other, DetrendType.FLAT), (rejected, DetrendType.DARK)):
        values = {**_detrend_run(det_type, None, late), **changes}
        det_id = connection.execute(insert(t.det_run).values(values)).inserted_primary_key
        assert det_id is not None
        if changes is rejected:
            summary = {"det_id": det_id[0], "iteration": _ITERATION, "data_state": "full", "accept": 0, "fault": 0}
            connection.execute(insert(t.det_run_summary).values(summary))


def _detrend_run(det_type: DetrendType, short_filter: str | None, registered: datetime) -> dict[str, Any]:
    return {
        "iteration": _ITERATION,
        "det_type": str(det_type),
        "state": "stop",
        "filelevel": "CHIP",
        "camera": "GPC1",
        "telescope": "PS1",
        "filter": short_filter,
        "registered": registered,
    }


def _add_exposure(connection: Connection, exposure: Exposure, raws: list[_Raw]) -> None:
    exp_id = FIRST_EXP_ID + exposure.index
    shared = {
        "exp_id": exp_id,
        "exp_name": exposure.exp_name,
        "camera": "GPC1",
        "telescope": "PS1",
        "dateobs": exposure.dateobs.replace(tzinfo=None),
        "exp_type": "OBJECT",
        "filelevel": "CHIP",
        "filter": exposure.filter,
        "comment": "practice",
        "obs_mode": "PRACTICE",
        "ra": radians(exposure.ra_deg),
        "decl": radians(exposure.dec_deg),
        "exp_time": exposure.exp_time_s,
        "object": "practice field",
        "fault": 0,
        "magicked": 0,
    }
    tag = f"{exposure.exp_name}.{exp_id}"
    whole = {**shared, "exp_tag": tag, "workdir": WORKDIR, "state": "full", "tess_id": TESS_ID, "end_stage": "warp"}
    connection.execute(insert(t.raw_exp).values(whole))
    connection.execute(insert(t.raw_imfile), [_raw_imfile(shared, raw) for raw in raws])
    _add_chip_run(connection, exp_id, [raw.class_id for raw in raws])


def _raw_imfile(shared: dict[str, Any], raw: _Raw) -> dict[str, Any]:
    return {
        **shared,
        "tmp_class_id": raw.class_id.replace("XY", "ota"),
        "class_id": raw.class_id,
        "uri": raw.key,
        "data_state": "full",
        "user_1": 1.0,
        "ignored": 0,
        "quality": 0,
        "bytes": raw.bytes,
        "md5sum": raw.md5sum,
        "burntool_state": 14,
        "video_cells": 0,
    }


def _add_chip_run(connection: Connection, exp_id: int, class_ids: list[str]) -> None:
    values = {
        "exp_id": exp_id,
        "state": "new",
        "workdir": WORKDIR,
        "workdir_state": "dirty",
        "label": LABEL,
        "data_group": LABEL,
        "dist_group": None,
        "tess_id": TESS_ID,
        "end_stage": "warp",
        "magicked": 0,
        "update_mode": 0,
        "maskfrac_npix": 0,
    }
    made = connection.execute(insert(t.chip_run).values(values)).inserted_primary_key
    assert made is not None
    connection.execute(insert(t.chip_imfile), [{"chip_id": made[0], "class_id": class_id} for class_id in class_ids])
