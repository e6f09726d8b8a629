"""Advance against a second reading of its rules: many runs at once, their rows drawn at random."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from tests.builders.gpc1 import ALL_OTAS, TESS, Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.stage import Stage
from rpconsole.ports.survey import Survey

FRACTIONS = ("maskfrac_static", "maskfrac_dynamic", "maskfrac_magic", "maskfrac_advisory")
VERSIONS = (None, "NULL", "", "36001", "36001M", "35999M", "9", "100000", "trunk", "(null)")
CELLS = ("skycell.1.1", "skycell.1.2", "skycell.1.3")
RUNS = 60


def some_result(draw: random.Random) -> dict[str, Any]:
    """Columns of a result row, most of them well, some odd."""
    return {
        "fault": draw.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 4)),
        "quality": draw.choice((0, 0, 0, 42, 4007)),
        "data_state": draw.choice(("full", "full", "full", "cleaned")),
        "magicked": draw.choice((0, 0, 7)),
        "software_ver": draw.choice(VERSIONS),
        "maskfrac_npix": draw.choice((None, 0, 10, 100, 1000)),
        **{name: draw.choice((0.0, 0.25, 0.5, None)) for name in FRACTIONS},
    }


def merged(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Largest leading integer, M if any had it; fractions weighted by pixels, rows without pixels or a fraction skipped."""
    counted = [
        row
        for row in results
        if row["data_state"] == "full"
        and row["fault"] == 0
        and row["maskfrac_npix"]
        and None not in map(row.get, FRACTIONS)
    ]
    versions = [row["software_ver"] for row in counted if row["software_ver"] and row["software_ver"][0].isdigit()]
    pixels = sum(row["maskfrac_npix"] for row in counted)
    wanted: dict[str, Any] = {}
    if versions:
        number = max(int(version.rstrip("M")) for version in versions)
        wanted["software_ver"] = f"{number}{'M' if any(version.endswith('M') for version in versions) else ''}"
    if pixels:
        wanted["maskfrac_npix"] = pixels
        for name in FRACTIONS:
            wanted[name] = sum(row["maskfrac_npix"] * row[name] for row in counted) / pixels
    return wanted


def check_run(run: dict[str, Any], wanted: dict[str, Any], before: dict[str, Any]) -> None:
    for name in ("software_ver", "maskfrac_npix", *FRACTIONS):
        expected = wanted.get(name, before[name])
        if isinstance(expected, float):
            assert math.isclose(run[name], expected, rel_tol=1e-5, abs_tol=1e-7), name
        else:
            assert run[name] == expected, name


@pytest.mark.parametrize("seed", [1, 2])
async def test_chip_runs_become_full_exactly_as_the_rules_say(survey: Survey, rows: Gpc1Rows, seed: int):
    draw = random.Random(seed)
    wanted: dict[int, dict[str, Any]] = {}
    ends: dict[int, bool] = {}
    for number in range(1, RUNS + 1):
        exp_id = rows.exposure(number, otas=3)
        ignored = {ota for ota in ALL_OTAS[:3] if draw.random() < 0.15}
        for ota in ignored:
            rows.change(t.raw_imfile, {"exp_id": exp_id, "class_id": ota}, ignored=1)
        end_stage = draw.choice(("warp", None, "NULL", "chip", "cam"))
        chip_id = rows.chip_run(exp_id, end_stage=end_stage, state=draw.choice(("new", "new", "new", "new", "drop")))
        results = {ota: some_result(draw) for ota in ALL_OTAS[:3] if draw.random() < 0.95}
        for ota, columns in results.items():
            rows.chip_result(chip_id, ota, **columns)
        used = [ota for ota in ALL_OTAS[:3] if ota not in ignored]
        made = [results[ota] for ota in used if ota in results]
        is_new = rows.one(t.chip_run, chip_id=chip_id)["state"] == "new"
        complete = bool(used) and len(made) == len(used) and not any(row["fault"] for row in made)
        if is_new and complete and any(row["quality"] <= 0 for row in made):
            wanted[chip_id] = merged(list(results.values()))
            ends[chip_id] = bool(end_stage) and "chip" in str(end_stage)
    before = {row["chip_id"]: row for row in rows.all(t.chip_run)}
    advanced = await survey.advance(Stage.CHIP)
    assert sorted(one.stage_id for one in advanced) == sorted(wanted)
    assert 5 < len(wanted) < RUNS - 5
    for one in advanced:
        run = rows.one(t.chip_run, chip_id=one.stage_id)
        assert run["state"] == "full"
        check_run(run, wanted[one.stage_id], before[one.stage_id])
        cameras = rows.all(t.cam_run, chip_id=one.stage_id)
        assert [camera["cam_id"] for camera in cameras] == ([] if ends[one.stage_id] else [one.next_id])
        assert all(camera["magicked"] == run["magicked"] and camera["state"] == "new" for camera in cameras)
    assert rows.count(t.cam_run) == sum(not ended for ended in ends.values())


async def test_warp_runs_become_full_exactly_as_the_rules_say(survey: Survey, rows: Gpc1Rows):
    draw = random.Random(3)
    fake_id = rows.fake_run(rows.cam_done(rows.chip_done(rows.exposure(1))), state="full")
    wanted: dict[int, dict[str, Any]] = {}
    for _ in range(RUNS):
        warp_id = rows.warp_after(fake_id)
        cells = [cell for cell in CELLS if draw.random() < 0.8]
        rows.overlap(warp_id, dict.fromkeys(cells, ALL_OTAS[:2]), tess_id=TESS)
        results = {cell: some_result(draw) for cell in cells if draw.random() < 0.93}
        for cell, columns in results.items():
            rows.warp_result(warp_id, cell, **columns)
        if cells and len(results) == len(cells) and not any(row["fault"] > 0 for row in results.values()):
            wanted[warp_id] = merged(list(results.values()))
    before = {row["warp_id"]: row for row in rows.all(t.warp_run)}
    advanced = await survey.advance(Stage.WARP)
    assert sorted(one.stage_id for one in advanced) == sorted(wanted)
    assert 5 < len(wanted) < RUNS - 5
    for one in advanced:
        assert one.next_id is None
        check_run(rows.one(t.warp_run, warp_id=one.stage_id), wanted[one.stage_id], before[one.stage_id])
