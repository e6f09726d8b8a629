"""The main job over Nebulous instead of a plain directory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.servers.nebulous import NebulousStandIn

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.nebulous.catalogue import NebulousCatalogue
from rpconsole.adapters.nebulous.index import open_index
from rpconsole.adapters.nebulous.programs import NebPrograms
from rpconsole.adapters.nebulous.soap_server import SoapServer
from rpconsole.domain.stage import Stage


@pytest.fixture
async def nebulous(bench, tmp_path: Path) -> AsyncIterator[NebulousStandIn]:
    """The bench's files as objects of two databases, and the bench's world over them."""
    urls = [f"sqlite:///{tmp_path}/neb{number}.sqlite" for number in range(2)]
    with NebulousStandIn(tmp_path / "volumes", urls) as stand_in:
        stand_in.adopt(tmp_path / "ipp")
        catalogue = NebulousCatalogue([open_index(url) for url in urls], SoapServer(stand_in.url), near="ipp001.0")
        bench.world = replace(bench.world, catalogue=catalogue)
        yield stand_in
        await catalogue.close()


async def test_four_stages_run_to_full_and_products_lie_in_nebulous(bench, nebulous):
    async with bench.running():
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.STACK)) == ["full"])
    assert {row["state"] for row in bench.rows.all(t.remote_component)} == {"pass"}
    base = bench.rows.all(t.cam_processed_exp)[0]["path_base"]
    assert [path.read_bytes() for path in nebulous.files_of(f"{base}.smf")] == [b"pixels"]


async def test_a_storage_that_is_away_costs_no_try_and_the_run_goes_on_when_it_is_back(bench, nebulous):
    nebulous.instead = lambda method: (503, b"")
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: any("does not serve now" in why for run in engine.snapshot().runs for why in run.why))
        assert [run.tries for run in engine.snapshot().runs] == [0]
        nebulous.instead = lambda method: None
        await bench.until(lambda: bench.states(Stage.CHIP) not in ([], ["new"]))


async def test_an_image_whose_copy_is_gone_is_repaired_and_a_lost_one_fails_alone(bench, nebulous, tmp_path):
    images = [row["uri"] for row in bench.rows.all(t.raw_imfile)]
    catalogue = NebulousCatalogue(
        [open_index(url) for url in nebulous.databases],
        NebPrograms(nebulous.programs(), server=nebulous.url),
        near="ipp001.0",
    )
    bench.world = replace(bench.world, catalogue=catalogue)
    nebulous.replicate(images[0], "ippb01.0", content=b"raw")
    nebulous.set_available("ippb01.0", False)
    for lost in (images[0], images[-1]):
        nebulous.files_of(lost)[0].unlink()
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states(Stage.CHIP) not in ([], ["new"]))
    await catalogue.close()
    states = [row["state"] for row in bench.rows.all(t.remote_component)]
    assert sorted(states) == ["fail", "prep_done"]


async def test_a_product_whose_copy_is_out_of_reach_costs_its_own_component(bench, nebulous):
    """Made by an earlier preparation, on a volume that is away now."""
    chip, other = bench.rows.all(t.chip_run)
    tag = bench.rows.one(t.raw_exp, exp_id=chip["exp_id"])["exp_tag"]
    key = f"{chip['workdir']}/{tag}/{tag}.ch.{chip['chip_id']}.XY01.stats"
    nebulous.create_object(key, "ippb01.0")
    nebulous.set_available("ippb01.0", False)
    async with bench.running() as engine:
        await bench.until(lambda: bench.states(Stage.CHIP) == ["pending"])
        assert f"nebulous knows '{key}', but none of its copies" in " ".join(await engine.why(1))
    states = {row["stage_id"]: row["state"] for row in bench.rows.all(t.remote_component)}
    assert states == {chip["chip_id"]: "prep_fail", other["chip_id"]: "prep_done"}


async def test_a_hard_volume_that_is_not_to_be_had_costs_its_own_component(bench, nebulous):
    chip, other = bench.rows.all(t.chip_run)
    bench.rows.change(t.chip_run, {"chip_id": chip["chip_id"]}, workdir="neb://~ipp099.0/gpc1/demo")
    async with bench.running() as engine:
        await bench.until(lambda: bench.states(Stage.CHIP) == ["pending"])
        assert "neb://~ipp099.0/gpc1/demo/" in " ".join(await engine.why(1))
    states = {row["stage_id"]: row["state"] for row in bench.rows.all(t.remote_component)}
    assert states == {chip["chip_id"]: "prep_fail", other["chip_id"]: "prep_done"}
