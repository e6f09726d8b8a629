"""The survey's own tables in gpc1."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby

from sqlalchemy import Connection

from rpconsole.adapters.gpc1.advance import ADVANCING, Advancing, advance_one
from rpconsole.adapters.gpc1.advance_many import advance_some
from rpconsole.adapters.gpc1.apply import applied_before, apply_one, refused
from rpconsole.adapters.gpc1.apply_many import STAGES_OF_ROWS, apply_rows
from rpconsole.adapters.gpc1.engine import Gpc1
from rpconsole.adapters.gpc1.fake import advance_one_fake, waiting_fakes
from rpconsole.adapters.gpc1.overlap import without_overlap, write_overlap
from rpconsole.adapters.gpc1.stack_definition import define_stacks
from rpconsole.adapters.gpc1.survey_camera import camera_rows
from rpconsole.adapters.gpc1.survey_chip import chip_rows
from rpconsole.adapters.gpc1.survey_detrend import detrend_files, detrend_runs
from rpconsole.adapters.gpc1.survey_filters import filters_of
from rpconsole.adapters.gpc1.survey_stack import stack_rows
from rpconsole.adapters.gpc1.survey_warp import warp_rows
from rpconsole.adapters.sql import in_pieces
from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.fault import BadData, DatabaseRefused
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced, DetrendRun, StageRows, Unreadable
from rpconsole.ports.survey import Applied, Overlap

log = logging.getLogger(__name__)

#: result rows in one transaction, and in one when the database refused some of so many
ROWS_AT_ONCE = 1000
FEW_ROWS = 50
#: runs that are advanced in one transaction
RUNS_AT_ONCE = 200

AdvanceRun = Callable[[Connection, int], Advanced | None]

READERS: Mapping[Stage, Callable[[Connection, Sequence[int]], Mapping[int, StageRows | Unreadable]]] = {
    Stage.CHIP: chip_rows,
    Stage.CAMERA: camera_rows,
    Stage.WARP: warp_rows,
    Stage.STACK: stack_rows,
}


class SqlSurvey:
    """``Survey`` on gpc1's tables."""

    def __init__(self, gpc1: Gpc1) -> None:
        self._gpc1 = gpc1

    async def stage_rows(self, stage: Stage, stage_ids: Collection[int]) -> Mapping[int, StageRows | Unreadable]:
        def work(connection: Connection) -> dict[int, StageRows | Unreadable]:
            found: dict[int, StageRows | Unreadable] = {}
            for piece in in_pieces(stage_ids):
                found.update(READERS[stage](connection, piece))
            return found

        return await self._gpc1.read(work)

    async def detrend_runs(self) -> list[DetrendRun]:
        return await self._gpc1.read(detrend_runs)

    async def detrend_files(self, det_id: int, iteration: int) -> Mapping[str, str]:
        return await self._gpc1.read(lambda connection: detrend_files(connection, det_id, iteration))

    async def apply(self, statements: Sequence[DbinfoStatement]) -> list[Applied]:
        found: list[Applied | None] = []
        for stage, alike in groupby(statements, lambda one: one.stage):
            for some in in_pieces(list(alike), ROWS_AT_ONCE):
                found += await self._apply_rows(some) if stage in STAGES_OF_ROWS else [None] * len(some)
        # what stands against something, or is more than a row, goes alone: it must not cost its neighbours
        return [done or await self._apply_one(statement) for statement, done in zip(statements, found, strict=True)]

    async def advance(
        self, stage: Stage, label: str | None = None, *, stage_ids: Collection[int] | None = None
    ) -> list[Advanced]:
        how = ADVANCING.get(stage)
        if how is None:
            return []
        pieces = [None] if stage_ids is None else list(in_pieces(stage_ids))

        def complete(connection: Connection) -> list[int]:
            return [one for piece in pieces for one in connection.scalars(how.complete_ids(label, piece))]

        run_ids = await self._gpc1.read(complete)
        advanced: list[Advanced] = []
        for some in in_pieces(run_ids, RUNS_AT_ONCE):
            advanced += await self._advance_some(how, some)
        return advanced

    async def _advance_some(self, how: Advancing, run_ids: Sequence[int]) -> list[Advanced]:
        try:
            return await self._gpc1.write(lambda connection: advance_some(connection, how, run_ids))
        except (BadData, DatabaseRefused):
            # one of them cannot be written, which must not hold up the others
            return await self._each(run_ids, lambda connection, run_id: advance_one(connection, how, run_id))

    async def advance_fake(self, label: str | None = None) -> list[Advanced]:
        run_ids = await self._gpc1.read(lambda connection: list(connection.scalars(waiting_fakes(label))))
        return await self._each(run_ids, advance_one_fake)

    async def warps_without_overlap(self, label: str | None = None) -> Mapping[int, tuple[int, str]]:
        rows = await self._gpc1.read(lambda connection: connection.execute(without_overlap(label)).all())
        return {row.warp_id: (row.exp_id, row.exp_name) for row in rows}

    async def add_overlap(self, warp_id: int, overlaps: Sequence[Overlap]) -> None:
        await self._gpc1.write(lambda connection: write_overlap(connection, warp_id, overlaps))

    async def define_stacks(self, label: str, min_warps: int = 2) -> list[int]:
        return await self._gpc1.write_alone(
            "define_stacks", lambda connection: define_stacks(connection, label, min_warps)
        )

    async def filters(self, stage: Stage, stage_ids: Collection[int]) -> Mapping[int, str]:
        def work(connection: Connection) -> dict[int, str]:
            found: dict[int, str] = {}
            for piece in in_pieces(stage_ids):
                found.update(filters_of(connection, stage, piece))
            return found

        return await self._gpc1.read(work)

    async def _apply_rows(self, statements: Sequence[DbinfoStatement]) -> Sequence[Applied | None]:
        try:
            return await self._gpc1.write(lambda connection: apply_rows(connection, statements))
        except (BadData, DatabaseRefused):
            if len(statements) <= FEW_ROWS:
                return [None] * len(statements)
        # one row that is refused costs only those near it the way in one go
        found = [await self._apply_rows(some) for some in in_pieces(statements, FEW_ROWS)]
        return [outcome for of_some in found for outcome in of_some]

    async def _apply_one(self, statement: DbinfoStatement) -> Applied:
        try:
            return await self._gpc1.write(lambda connection: apply_one(connection, statement))
        except BadData as error:
            return refused(statement, str(error))
        except DatabaseRefused as error:
            # somebody else may have inserted the same row between our look and our insert
            seen = await self._gpc1.read(lambda connection: applied_before(connection, statement))
            return seen or refused(statement, str(error))

    async def _each(self, run_ids: Sequence[int], advance_run: AdvanceRun) -> list[Advanced]:
        """Each run in a transaction of its own; one that cannot be written is logged, and does not hold up the others."""
        made = [await self._advance_one(advance_run, run_id) for run_id in run_ids]
        return [advanced for advanced in made if advanced is not None]

    async def _advance_one(self, advance_run: AdvanceRun, run_id: int) -> Advanced | None:
        try:
            return await self._gpc1.write(lambda connection: advance_run(connection, run_id))
        except (BadData, DatabaseRefused) as error:
            log.warning("stage run %d cannot be advanced: %s", run_id, error)
            return None
