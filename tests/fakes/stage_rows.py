"""Rows, layouts and storages for tests of the stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha1
from typing import Any

from rpconsole.domain.paths import key_path
from rpconsole.domain.stage_rows import (
    CameraRows,
    ChipResult,
    ChipRows,
    DetrendRun,
    RawImfile,
    StackRows,
    WarpChip,
    WarpRows,
    WarpSkycell,
)
from rpconsole.stages.base import Detrends, SiteLayout, Wants

ROOT = "/scratch9/ops/"
WORKDIR = "neb://@HOST@.0/dr9/"
TAG = "o6001g0042o.311"
TYPES = ("MASK", "FLAT", "DARK", "VIDEODARK", "LINEARITY", "FRINGE", "NOISEMAP")


def a_layout(**changes: Any) -> SiteLayout:
    layout = SiteLayout(
        remote_root=ROOT,
        hostname="North/Cluster",
        dbname="gpc1",
        references="/proj/ref/",
        tessellations="/proj/tess",
    )
    return replace(layout, **changes)


def an_imfile(class_id: str = "XY01", **changes: Any) -> RawImfile:
    imfile = RawImfile(
        class_id=class_id,
        uri=f"neb://ipp001.0/gpc1/20120604/o6001g0042o/o6001g0042o.{class_id.replace('XY', 'ota')}.fits",
        chip_imfile_id=int(class_id[2:]) + 4000,
        video_cells=False,
        burntool_state=14,
        bytes=20_000_000,
        md5sum="0123456789abcdef0123456789abcdef",
    )
    return imfile._replace(**changes)


def chip_rows(*imfiles: RawImfile, **changes: Any) -> ChipRows:
    rows = ChipRows(
        chip_id=88,
        exp_id=311,
        exp_name="o6001g0042o",
        exp_tag=TAG,
        filter="g.00000",
        dateobs=datetime.fromisoformat("2012-06-04T08:30"),
        workdir=WORKDIR,
        reduction=None,
        imfiles=imfiles or (an_imfile("XY01"), an_imfile("XY02")),
    )
    return replace(rows, **changes)


def a_detrend(det_type: str, det_id: int = 1, **changes: Any) -> DetrendRun:
    run = DetrendRun(
        det_id=det_id,
        iteration=0,
        det_type=det_type,
        filter=None,
        registered=datetime.fromisoformat("2012-01-01"),
        time_begin=None,
        time_end=None,
    )
    return replace(run, **changes)


def detrends(*, filter: str = "g", classes: Iterable[str] = ("XY01", "XY02")) -> Detrends:
    """One detrend of every type, with a file for each class."""
    runs = [
        a_detrend(name, 500 + number, filter=filter if name in ("FLAT", "FRINGE") else None)
        for number, name in enumerate(TYPES)
    ]
    return Detrends(
        runs=runs,
        files={
            (run.det_id, 0): {c: f"neb://any/detrends/{run.det_type}.{run.det_id}.{c}.fits" for c in classes}
            for run in runs
        },
    )


def camera_rows(*chips: ChipResult, **changes: Any) -> CameraRows:
    rows = CameraRows(
        cam_id=55,
        chip_id=88,
        exp_id=311,
        exp_name="o6001g0042o",
        exp_tag=TAG,
        exp_time=40.0,
        workdir=WORKDIR,
        reduction=None,
        chips=chips or (a_chip("XY01"), a_chip("XY02")),
    )
    return replace(rows, **changes)


def a_chip(class_id: str, quality: int = 0, **columns: float | int | str | None) -> ChipResult:
    base = f"neb://@HOST@.0/dr9/{TAG}/{TAG}.ch.88"
    return ChipResult(class_id=class_id, path_base=base, quality=quality, columns=dict(columns))


def a_skycell(number: int = 1, classes: Iterable[str] = ("XY01", "XY02")) -> WarpSkycell:
    base = f"neb://@HOST@.0/dr9/{TAG}/{TAG}"
    return WarpSkycell(
        skycell_id=f"skycell.1234.{number:03d}",
        tess_id="TESS.V9",
        warp_skyfile_id=9000 + number,
        chips=tuple(
            WarpChip(class_id=c, chip_path_base=f"{base}.ch.88", cam_path_base=f"{base}.cm.55") for c in classes
        ),
    )


def warp_rows(*skycells: WarpSkycell, **changes: Any) -> WarpRows:
    rows = WarpRows(
        warp_id=66, exp_tag=TAG, workdir=WORKDIR, reduction=None, skycells=skycells or (a_skycell(1), a_skycell(2))
    )
    return replace(rows, **changes)


def stack_rows(**changes: Any) -> StackRows:
    base = f"neb://@HOST@.0/dr9/{TAG}/{TAG}"
    rows = StackRows(
        stack_id=77,
        skycell_id="skycell.1234.001",
        tess_id="TESS.V9",
        workdir=WORKDIR,
        reduction=None,
        warps=(f"{base}.wrp.66.skycell.1234.001", f"{base}.wrp.67.skycell.1234.001"),
    )
    return replace(rows, **changes)


def disk_path(key: str) -> str:
    """Where nebulous would keep an instance of this key."""
    path = key_path(key)
    digest = sha1(path.encode()).hexdigest()
    return f"/data/ipp001.0/nebulous/{digest[:2]}/{digest[2:4]}/{int(digest[:6], 16)}.{path.replace('/', ':')}"


def stored(wants: Wants, *, without: Iterable[str] = ()) -> dict[str, str]:
    """A storage that has and makes everything that is wanted."""
    return {key: disk_path(key) for key in (*wants.resolve, *wants.create) if key not in set(without)}
