"""A seeded survey as rpconsole's own adapters and stages see it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.adapters.storage.plain import PlainCatalogue
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import ChipRows
from rpconsole.ports.run_store import DefineOrder
from rpconsole.practice.configuring import LABEL
from rpconsole.practice.paths import SitePaths
from rpconsole.practice.seed import database_url, seed
from rpconsole.practice.sky import Survey
from rpconsole.stages import chip
from rpconsole.stages.base import Detrends, SiteLayout
from rpconsole.stages.detrend import detrends_for

SKY = Survey(exposures=2, otas=2)


@pytest.fixture
async def paths(tmp_path):
    made = SitePaths(tmp_path)
    made.make()
    await seed(made, SKY)
    return made


@pytest.fixture
async def gpc1(paths):
    database = open_gpc1(database_url(paths))
    yield database
    await database.close()


def sums(path: str) -> tuple[int, str]:
    content = Path(path).read_bytes()
    return len(content), hashlib.md5(content).hexdigest()


async def chip_rows(survey: SqlSurvey, store: SqlRunStore) -> list[ChipRows]:
    defined = await store.define(DefineOrder(stage=Stage.CHIP, label=LABEL, path_base="neb://any/remote/demo"))
    rows = await survey.stage_rows(Stage.CHIP, defined.stage_ids)
    return [row for row in rows.values() if isinstance(row, ChipRows)]


async def test_every_exposure_is_pending_at_chip_with_true_sums(paths, gpc1):
    rows = await chip_rows(SqlSurvey(gpc1), SqlRunStore(gpc1))
    assert [row.exp_name for row in rows] == [exposure.exp_name for exposure in SKY.pointings]
    catalogue = PlainCatalogue(paths.storage)
    for imfile in (each for row in rows for each in row.imfiles):
        (path,) = (await catalogue.resolve([imfile.uri])).values()
        assert sums(path) == (imfile.bytes, imfile.md5sum)


async def test_every_chip_can_be_prepared_and_no_decoy_is_picked(paths, gpc1):
    survey, catalogue = SqlSurvey(gpc1), PlainCatalogue(paths.storage)
    runs = await survey.detrend_runs()
    layout = SiteLayout(
        remote_root="/s", hostname="P/M", dbname="gpc1", references="/s/references", tessellations="/s/tess"
    )
    for row in await chip_rows(survey, SqlRunStore(gpc1)):
        picked = detrends_for(row, runs)
        files = {(run.det_id, run.iteration): await survey.detrend_files(run.det_id, run.iteration) for run in picked}
        detrends = Detrends(runs=runs, files=files)
        wants = chip.wants(row, layout, detrends)
        found = {**await catalogue.resolve(wants.resolve), **await catalogue.create(wants.create)}
        assert set(wants.resolve) <= set(found)
        assert len(chip.prepare(row, found, layout, detrends).commands) == len(SKY.class_ids)


async def test_overlap_maps_and_reference_area_are_there(paths):
    for exposure in SKY.pointings:
        lines = (paths.overlaps / f"{exposure.exp_name}.map").read_text().splitlines()
        assert {tuple(line.split()) for line in lines} == {
            (skycell, "RINGS.V3", class_id) for skycell, class_id in SKY.overlap(exposure)
        }
    assert (paths.tessellations / "RINGS.V3").is_dir()
    assert (paths.references / "gpc1.refmask.list").exists()


async def test_a_second_seeding_changes_nothing(paths):
    before = paths.gpc1.read_bytes()
    await seed(paths, Survey(exposures=1, otas=1))
    assert paths.gpc1.read_bytes() == before
