"""What follows from a camera or stack result: these stages complete with their one row, there is no separate advance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.advance import CAMERA_FRACTIONS, register
from rpconsole.adapters.gpc1.gates import ends_at


def complete_camera(connection: Connection, values: Mapping[str, Any]) -> str | None:
    """Insert the result, set the camRun to full, register its fakeRun; or the sentence why not."""
    cam_id = values["cam_id"]
    query = (
        select(t.cam_run, t.chip_run.c.state.label("chip_state"), t.chip_run.c.magicked.label("chip_magicked"))
        .join_from(t.cam_run, t.chip_run, t.chip_run.c.chip_id == t.cam_run.c.chip_id)
        .where(t.cam_run.c.cam_id == cam_id)
        .with_for_update()
    )
    run = connection.execute(query).one_or_none()
    if run is None:
        return f"camRun {cam_id} has no chipRun"
    if run.state != "new" or run.chip_state != "full":
        return f"camRun {cam_id} is not pending: its state is {run.state}, its chipRun's is {run.chip_state}"
    connection.execute(insert(t.cam_processed_exp).values(values))
    if values["fault"]:
        return None
    columns = {"state": "full", "magicked": run.chip_magicked, **_fractions(values), **_version(values)}
    connection.execute(update(t.cam_run).where(t.cam_run.c.cam_id == cam_id).values(columns))
    if values["quality"] <= 0 and not ends_at(run.end_stage, "cam"):
        register(connection, t.fake_run, run, {"cam_id": cam_id})
    return None


def complete_stack(connection: Connection, values: Mapping[str, Any]) -> str | None:
    """Insert the result and set the stackRun to full; or the sentence why not."""
    of_stack = t.stack_run.c.stack_id == values["stack_id"]
    state = connection.scalar(select(t.stack_run.c.state).where(of_stack).with_for_update())
    if state != "new":
        return f"stackRun {values['stack_id']} is not pending: its state is {state}"
    connection.execute(insert(t.stack_sum_skyfile).values(values))
    if not values["fault"]:
        connection.execute(update(t.stack_run).where(of_stack).values({"state": "full", **_version(values)}))
    return None


def _version(values: Mapping[str, Any]) -> dict[str, Any]:
    version = values.get("software_ver")
    return {} if version is None else {"software_ver": version}


def _fractions(values: Mapping[str, Any]) -> dict[str, Any]:
    """The mask fractions travel to the run only when any pixel was counted."""
    if not values.get("maskfrac_ref_npix"):
        return {}
    return {name: values.get(name) for name in CAMERA_FRACTIONS}
