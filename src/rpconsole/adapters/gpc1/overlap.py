"""Which OTAs of a warp touch which skycells: the map between camera and warp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, exists, insert, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import in_state_new
from rpconsole.adapters.gpc1.survey_warp import earlier_stages_full, exposure_of_warp
from rpconsole.domain.fault import Fault
from rpconsole.ports.survey import Overlap

#: what the IPP writes into all three ids when an overlap cannot be told
FAULTED = "faulted"


def without_overlap(label: str | None) -> Select[Any]:
    """New warpRuns that have no map, with their exposure."""
    run = t.warp_run.c
    query = select(run.warp_id, t.raw_exp.c.exp_id, t.raw_exp.c.exp_name).select_from(t.warp_run)
    return (
        exposure_of_warp(query)
        .where(in_state_new(t.warp_run, label), earlier_stages_full())
        .where(~exists().where(t.warp_sky_cell_map.c.warp_id == run.warp_id))
        .order_by(run.warp_id)
    )


def write_overlap(connection: Connection, warp_id: int, overlaps: Sequence[Overlap]) -> None:
    """The map's rows and one warpImfile a skycell; nothing overlapping is a faulted map, which keeps the warp from going on."""
    # two writers of one map wait for each other here
    connection.execute(select(t.warp_run.c.warp_id).where(t.warp_run.c.warp_id == warp_id).with_for_update())
    query = select(t.warp_sky_cell_map.c.warp_id).where(t.warp_sky_cell_map.c.warp_id == warp_id).limit(1)
    if connection.scalar(query) is not None:
        return
    rows = [_map_row(warp_id, overlap) for overlap in dict.fromkeys(overlaps)]
    if not rows:
        faulted = Overlap(skycell_id=FAULTED, tess_id=FAULTED, class_id=FAULTED)
        connection.execute(insert(t.warp_sky_cell_map).values({**_map_row(warp_id, faulted), "fault": int(Fault.DATA)}))
        return
    connection.execute(insert(t.warp_sky_cell_map), rows)
    skycells = sorted({row["skycell_id"] for row in rows})
    connection.execute(insert(t.warp_imfile), [{"warp_id": warp_id, "skycell_id": skycell} for skycell in skycells])


def _map_row(warp_id: int, overlap: Overlap) -> dict[str, Any]:
    return {
        "warp_id": warp_id,
        "skycell_id": overlap.skycell_id,
        "tess_id": overlap.tess_id,
        "class_id": overlap.class_id,
        "fault": 0,
    }
