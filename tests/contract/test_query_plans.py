"""A few runs are looked up by their numbers: no query goes through a survey's results by a column that nearly all rows share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from tests.builders.gpc1 import ALL_OTAS, TESS, Gpc1Rows
from tests.contract.test_survey_apply import of_chip, of_warp

from rpconsole.adapters.gpc1.engine import Gpc1
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.domain.stage import Stage
from rpconsole.ports.run_store import DefineOrder

#: columns with an index of their own in the real schema, whose usual value is everybody's
SHARED = ("fault", "quality", "data_state", "ignored")


#: SQLite without statistics: nothing tells it how many rows share a value
pytestmark = pytest.mark.parametrize("gpc1_url", ["sqlite"], indirect=True)


@contextmanager
def plans(engine: Engine) -> Iterator[list[str]]:
    """How the database goes about each query, as it says itself."""
    found: list[str] = []

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            own = connection.connection.cursor()
            one = parameters[0] if parameters and isinstance(parameters[0], tuple) else parameters
            own.execute(f"EXPLAIN QUERY PLAN {statement}", one)
            found.extend(f"{row[3]} -- {' '.join(statement.split())}" for row in own.fetchall())
            own.close()

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def by_shared_columns(found: list[str]) -> list[str]:
    return [step for step in found if any(f"_{name} " in step.partition(" -- ")[0] for name in SHARED)]


async def test_no_query_of_a_stage_goes_by_a_column_that_nearly_all_rows_share(gpc1: Gpc1, rows: Gpc1Rows) -> None:
    survey, store = SqlSurvey(gpc1), SqlRunStore(gpc1)
    rows.detrends()
    chip_id = rows.chip_run(rows.exposure())
    warp_id = rows.warp_run(rows.exposure(2))
    rows.overlap(warp_id, {"skycell.1.1": ALL_OTAS[:1]}, tess_id=TESS)
    with plans(gpc1.engine) as found:
        for stage in Stage:
            await store.define(DefineOrder(label="DEMO", stage=stage, path_base="neb://any/r"))
            await survey.stage_rows(stage, [1, 2, 3])
            await survey.filters(stage, [1, 2, 3])
        await survey.apply([of_chip(chip_id, class_id) for class_id in ALL_OTAS[:2]])
        await survey.apply([of_warp(warp_id)])
        for stage in Stage:
            await survey.advance(stage, "DEMO")
            await survey.advance(stage, stage_ids=[1, 2, 3])
        await survey.advance_fake("DEMO")
        await survey.warps_without_overlap("DEMO")
        await survey.define_stacks("DEMO")
    assert any("sum(" in step for step in found), "the results of a complete run were summed"
    assert by_shared_columns(found) == []


async def test_the_plan_of_a_query_that_does_is_seen(gpc1: Gpc1) -> None:
    with plans(gpc1.engine) as found, gpc1.engine.connect() as connection:
        connection.exec_driver_sql('SELECT count(*) FROM "chipProcessedImfile" WHERE fault = 0')
    assert len(by_shared_columns(found)) == 1
