"""What feeds what, and which labels go first, in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Join, Select, Table, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.engine import Gpc1
from rpconsole.adapters.gpc1.gates import is_good
from rpconsole.adapters.gpc1.values import text_or_none
from rpconsole.adapters.sql import in_pieces
from rpconsole.domain.lineage import Chain, Stacked, is_spent, is_warp_spent
from rpconsole.domain.stage import Stage

#: live runs in one question; SQLite takes 32,766 values
RUNS_AT_ONCE = 20_000

_Work = Callable[[Connection, Sequence[int]], set[int]]


class SqlLineage:
    """``Lineage`` on gpc1's tables."""

    def __init__(self, gpc1: Gpc1) -> None:
        self._gpc1 = gpc1

    async def feeding(self, remote_ids: Collection[int]) -> Mapping[int, frozenset[int]]:
        """See the port."""

        def work(connection: Connection) -> dict[int, frozenset[int]]:
            found: defaultdict[int, set[int]] = defaultdict(set)
            for piece in in_pieces(remote_ids, RUNS_AT_ONCE):
                for query in _feeding(piece):
                    for reader, maker in connection.execute(query):
                        found[reader].add(maker)
            return {reader: frozenset(makers) for reader, makers in found.items()}

        return await self._gpc1.read(work)

    async def unspent(self, stage: Stage, stage_ids: Collection[int]) -> set[int]:
        """See the port."""

        def work(connection: Connection) -> set[int]:
            return {one for piece in in_pieces(stage_ids) for one in _UNSPENT[stage](connection, piece)}

        return await self._gpc1.read(work)

    async def priorities(self) -> Mapping[str, int]:
        """See the port."""
        query = select(t.label.c.label, t.label.c.priority).where(t.label.c.priority.is_not(None))
        rows = await self._gpc1.read(lambda connection: connection.execute(query).all())
        return {row.label: int(row.priority) for row in rows}


def _feeding(remote_ids: Sequence[int]) -> list[Select[Any]]:
    """For each reading stage: (reading run, making run), each pair once."""
    reader, maker = t.remote_component.alias("reader"), t.remote_component.alias("maker")
    reading, making = t.remote_run.alias("reading"), t.remote_run.alias("making")

    def pairs(stage: Stage, made_by: Stage, between: Any, read: Any, made: Any) -> Select[Any]:
        joined = (
            reader.join(reading, reading.c.remote_id == reader.c.remote_id)
            .join(between, read == reader.c.stage_id)
            .join(maker, maker.c.stage_id == made)
            .join(making, making.c.remote_id == maker.c.remote_id)
        )
        return (
            select(reader.c.remote_id, maker.c.remote_id)
            .select_from(joined)
            .where(
                reader.c.remote_id.in_(remote_ids),
                reading.c.stage == str(stage),
                making.c.stage == str(made_by),
                maker.c.state == "pass",
            )
            .distinct()
        )

    solved = t.warp_run.join(t.fake_run, t.fake_run.c.fake_id == t.warp_run.c.fake_id)
    chips = solved.join(t.cam_run, t.cam_run.c.cam_id == t.fake_run.c.cam_id)
    return [
        pairs(Stage.CAMERA, Stage.CHIP, t.cam_run, t.cam_run.c.cam_id, t.cam_run.c.chip_id),
        pairs(Stage.WARP, Stage.CAMERA, solved, t.warp_run.c.warp_id, t.fake_run.c.cam_id),
        pairs(Stage.WARP, Stage.CHIP, chips, t.warp_run.c.warp_id, t.cam_run.c.chip_id),
        pairs(
            Stage.STACK,
            Stage.WARP,
            t.stack_input_skyfile,
            t.stack_input_skyfile.c.stack_id,
            t.stack_input_skyfile.c.warp_id,
        ),
    ]


def _unspent_chips(connection: Connection, chip_ids: Sequence[int]) -> set[int]:
    chain = t.chip_run.outerjoin(t.cam_run, t.cam_run.c.chip_id == t.chip_run.c.chip_id)
    return _unspent_exposures(connection, chain, t.chip_run, t.chip_run.c.chip_id, chip_ids)


def _unspent_cameras(connection: Connection, cam_ids: Sequence[int]) -> set[int]:
    chain = t.cam_run.outerjoin(t.chip_run, t.chip_run.c.chip_id == t.cam_run.c.chip_id)
    return _unspent_exposures(connection, chain, t.cam_run, t.cam_run.c.cam_id, cam_ids)


def _unspent_exposures(
    connection: Connection, chain: Join, maker: Table, key: ColumnElement[int], stage_ids: Sequence[int]
) -> set[int]:
    after = (
        chain.outerjoin(t.cam_processed_exp, t.cam_processed_exp.c.cam_id == t.cam_run.c.cam_id)
        .outerjoin(t.fake_run, t.fake_run.c.cam_id == t.cam_run.c.cam_id)
        .outerjoin(t.warp_run, t.warp_run.c.fake_id == t.fake_run.c.fake_id)
    )
    states = (run.c.state for run in (t.chip_run, t.cam_run, t.fake_run, t.warp_run))
    query = select(key, maker.c.end_stage, t.cam_processed_exp.c.quality, *states).select_from(after)
    chains: defaultdict[int, list[Chain]] = defaultdict(list)
    for stage_id, end_stage, quality, chip, camera, fake, warp in connection.execute(query.where(key.in_(stage_ids))):
        chains[stage_id].append(
            Chain(
                end_stage=text_or_none(end_stage),
                chip=chip,
                camera=camera,
                fake=fake,
                warp=warp,
                is_bad=(quality or 0) > 0,
            )
        )
    return {stage_id for stage_id, of_run in chains.items() if not is_spent(of_run)}


def _unspent_warps(connection: Connection, warp_ids: Sequence[int]) -> set[int]:
    run, made, given, stack = t.warp_run.c, t.warp_skyfile.c, t.stack_input_skyfile.c, t.stack_run.c
    states = dict(_pairs(connection, select(run.warp_id, run.state).where(run.warp_id.in_(warp_ids))))
    good = select(made.warp_id, made.tess_id, made.skycell_id).where(
        made.warp_id.in_(warp_ids), is_good(t.warp_skyfile)
    )
    cells: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for warp_id, tess_id, skycell_id in connection.execute(good):
        cells[warp_id].add((tess_id, skycell_id))
    joined = t.stack_input_skyfile.join(t.stack_run, stack.stack_id == given.stack_id)
    readers = select(given.warp_id, stack.tess_id, stack.skycell_id, stack.state).select_from(joined)
    stacks: defaultdict[int, list[Stacked]] = defaultdict(list)
    for warp_id, tess_id, skycell_id, state in connection.execute(readers.where(given.warp_id.in_(warp_ids))):
        stacks[warp_id].append(Stacked(cell=(tess_id, skycell_id), state=state))
    return {one for one in warp_ids if not is_warp_spent(states.get(one), cells[one], stacks[one])}


def _pairs(connection: Connection, query: Select[Any]) -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in connection.execute(query)]


def _unspent_stacks(connection: Connection, stack_ids: Sequence[int]) -> set[int]:
    """Nothing reads a stack at the site."""
    return set()


_UNSPENT: Mapping[Stage, _Work] = {
    Stage.CHIP: _unspent_chips,
    Stage.CAMERA: _unspent_cameras,
    Stage.WARP: _unspent_warps,
    Stage.STACK: _unspent_stacks,
}
