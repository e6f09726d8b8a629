"""Rows by the thousand: one statement where nothing stands against, and one bad row that costs no other."""

from __future__ import annotations

import pytest
from tests.builders.gpc1 import ALL_OTAS, TESS, Gpc1Rows
from tests.contract.test_survey_apply import of_chip, of_warp

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.survey import FEW_ROWS, SqlSurvey
from rpconsole.domain.stage import Stage
from rpconsole.ports.survey import Outcome


def words(statements: list[str], verb: str) -> list[str]:
    return [one for one in statements if one.startswith(verb)]


async def test_statements_do_not_grow_with_the_results(survey: SqlSurvey, rows: Gpc1Rows, statements: list[str]):
    seen = []
    for exp_id, otas in ((1, 2), (2, 60)):
        chip_id = rows.chip_run(rows.exposure(exp_id, otas=otas))
        results = [of_chip(chip_id, ota, exp_id, bg=1.0) for ota in ALL_OTAS[:otas]]
        statements.clear()
        done = await survey.apply(results)
        assert {one.outcome for one in done} == {Outcome.APPLIED}
        seen.append(list(statements))
    assert len(words(seen[1], "INSERT")) == 1
    assert len(words(seen[0], "SELECT")) == len(words(seen[1], "SELECT"))
    assert rows.count(t.chip_processed_imfile) == 62


async def test_of_many_the_bad_ones_are_refused_and_all_others_applied(survey: SqlSurvey, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure(otas=6))
    a, b, c, d, e, _ = ALL_OTAS[:6]
    rows.chip_result(chip_id, b, path_base="neb://any/p")
    rows.chip_result(chip_id, c, path_base="neb://any/other")
    results = [
        of_chip(chip_id, a, bg=None), of_chip(chip_id, b), of_chip(chip_id, c), of_chip(chip_id, "XY99"),
        of_chip(chip_id, d, colour="red"), of_chip(chip_id, e, n_stars=5), of_chip(chip_id, e, n_stars=6),
    ]  # fmt: skip
    done = await survey.apply(results)
    assert [one.statement for one in done] == results
    assert [one.outcome for one in done] == [
        Outcome.APPLIED, Outcome.ALREADY, Outcome.REFUSED, Outcome.REFUSED, Outcome.REFUSED, Outcome.APPLIED,
        Outcome.ALREADY,
    ]  # fmt: skip
    made = {row["class_id"]: row for row in rows.all(t.chip_processed_imfile)}
    assert set(made) == {a, b, c, e}
    assert (made[a]["bg"], made[a]["data_state"], made[a]["fault"], made[e]["n_stars"]) == (None, "full", 0, 5)


async def test_a_row_that_the_server_refuses_costs_no_other(survey: SqlSurvey, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure(otas=4))
    results = [of_chip(chip_id, ota, magicked=2**70 if ota == ALL_OTAS[1] else 1) for ota in ALL_OTAS[:4]]
    done = await survey.apply(results)
    assert [one.outcome for one in done] == [Outcome.APPLIED, Outcome.REFUSED, Outcome.APPLIED, Outcome.APPLIED]
    assert rows.count(t.chip_processed_imfile) == 3


async def test_a_refused_row_makes_only_those_near_it_go_alone(
    survey: SqlSurvey, rows: Gpc1Rows, statements: list[str]
):
    chip_ids = {exp_id: rows.chip_run(rows.exposure(exp_id, otas=60)) for exp_id in (1, 2, 3)}
    results = [of_chip(chip_ids[exp_id], ota, exp_id, magicked=1) for exp_id in chip_ids for ota in ALL_OTAS]
    results[FEW_ROWS] = of_chip(chip_ids[1], ALL_OTAS[FEW_ROWS], 1, magicked=2**70)
    statements.clear()
    done = await survey.apply(results)
    assert [at for at, one in enumerate(done) if one.outcome is not Outcome.APPLIED] == [FEW_ROWS]
    assert rows.count(t.chip_processed_imfile) == len(results) - 1
    # all at once, then in pieces, then those of the refused piece
    pieces = -(-len(results) // FEW_ROWS)
    assert len(words(statements, "INSERT")) <= 1 + pieces + FEW_ROWS


async def test_a_whole_run_that_was_applied_before_is_one_look(survey, rows: Gpc1Rows, statements: list[str]):
    chip_id = rows.chip_run(rows.exposure(otas=60))
    results = [of_chip(chip_id, ota) for ota in ALL_OTAS]
    await survey.apply(results)
    statements.clear()
    assert {one.outcome for one in await survey.apply(results)} == {Outcome.ALREADY}
    assert len(words(statements, "SELECT")) <= 4
    assert not words(statements, "INSERT")


async def test_stages_may_come_mixed_and_keep_their_places(survey: SqlSurvey, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure(1))
    warp_id = rows.warp_run(rows.exposure(2))
    rows.overlap(warp_id, {"skycell.1.1": ALL_OTAS[:1]})
    done = await survey.apply([of_warp(warp_id), of_chip(chip_id), of_warp(warp_id, "skycell.9.9")])
    assert [one.outcome for one in done] == [Outcome.APPLIED, Outcome.APPLIED, Outcome.REFUSED]
    assert rows.one(t.warp_skyfile)["tess_id"] == TESS


@pytest.mark.parametrize("stage", [Stage.CHIP, Stage.WARP])
async def test_advancing_takes_as_many_statements_for_many_runs_as_for_few(
    survey: SqlSurvey, rows: Gpc1Rows, statements: list[str], stage
):
    seen = []
    for exp_ids in (range(1, 3), range(3, 15)):
        for exp_id in exp_ids:
            if stage is Stage.CHIP:
                chip_id = rows.chip_run(rows.exposure(exp_id))
                for ota in ALL_OTAS[:2]:
                    rows.chip_result(chip_id, ota)
            else:
                warp_id = rows.warp_run(rows.exposure(exp_id))
                rows.overlap(warp_id, {"skycell.1.1": ALL_OTAS[:1]})
                rows.warp_result(warp_id, "skycell.1.1")
        statements.clear()
        advanced = await survey.advance(stage, "DEMO")
        assert len(advanced) == len(exp_ids)
        # an UPDATE is sent row by row by some drivers, yet is one statement here
        seen.append(len(statements))
    assert seen[0] == seen[1]
    if stage is Stage.CHIP:
        next_ids = {one.stage_id: one.next_id for one in advanced}
        assert {row["chip_id"]: row["cam_id"] for row in rows.all(t.cam_run) if row["chip_id"] in next_ids} == next_ids
