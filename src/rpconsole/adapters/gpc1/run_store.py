"""Remote runs and their components in gpc1."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    String,
    Update,
    case,
    func,
    literal_column,
    select,
    type_coerce,
    update,
)

from rpconsole.adapters.gpc1.check import check_schema
from rpconsole.adapters.gpc1.define import define_run
from rpconsole.adapters.gpc1.engine import Gpc1
from rpconsole.adapters.gpc1.tables import remote_component, remote_run
from rpconsole.adapters.gpc1.values import Moments, text_or_none
from rpconsole.adapters.sql import NUMBERS_AT_ONCE, among, in_pieces, plain_rows
from rpconsole.domain.fault import BadData
from rpconsole.domain.run import Component, ComponentState, RunRow, RunState
from rpconsole.domain.stage import Stage
from rpconsole.ports.run_store import ComponentChange, DefineOrder, Definition, RunChange

log = logging.getLogger(__name__)

_NOW: Any = literal_column("CURRENT_TIMESTAMP")


class SqlRunStore:
    """``RunStore`` on gpc1's tables."""

    def __init__(self, gpc1: Gpc1) -> None:
        self._gpc1 = gpc1
        #: (run, word) of components whose state we do not know, each said once
        self._told: set[tuple[int, str]] = set()

    async def define(self, order: DefineOrder) -> Definition:
        if order.pretend:
            return await self._gpc1.read(lambda connection: define_run(connection, order))
        # one lock for a stage: the exclusion must not depend on the labels that two definers set
        return await self._gpc1.write_alone(f"define.{order.stage}", lambda connection: define_run(connection, order))

    async def runs(
        self, states: Collection[RunState] = (), *, label: str | None = None, stage: Stage | None = None
    ) -> list[RunRow]:
        # without a stage nothing is asked of it: SQLite would look every run up by it, ended ones too, and not by the state
        query = _RUNS if stage is None else _RUNS.where(remote_run.c.stage == stage)
        if states:
            query = query.where(remote_run.c.state.in_(list(states)))
        if label is not None:
            query = query.where(remote_run.c.label == label)
        found = await self._gpc1.read(lambda connection: _readable(plain_rows(connection, query)))
        # by number; sorted by the database, which finds them by their state, they come a third later
        found.sort(key=attrgetter("remote_id"))
        return found

    async def run(self, remote_id: int) -> RunRow | None:
        query = _RUNS.where(remote_run.c.remote_id == remote_id)
        row = await self._gpc1.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _run_row(row)

    async def components(self, remote_id: int, states: Collection[ComponentState] = ()) -> list[Component]:
        query = select(remote_component).where(remote_component.c.remote_id == remote_id)
        if states:
            query = query.where(remote_component.c.state.in_(list(states)))
        query = query.order_by(remote_component.c.stage_id)
        return [_component(row) for row in await self._gpc1.read(lambda connection: connection.execute(query).all())]

    async def component_counts(self, remote_ids: Collection[int]) -> Mapping[int, Mapping[ComponentState, int]]:
        counts: dict[int, dict[ComponentState, int]] = {}
        for row in await self._gpc1.read(lambda connection: _count(connection, remote_ids)):
            try:
                counts.setdefault(row.remote_id, {})[_component_state(row.remote_id, row.state)] = row.n
            except BadData as error:
                # one odd row must not keep every other run from being counted
                self._tell(row.remote_id, row.state, error)
        return counts

    def _tell(self, remote_id: int, word: str, error: BadData) -> None:
        if (remote_id, word) not in self._told:
            self._told.add((remote_id, word))
            log.warning("left out of the count: %s", error)

    async def change_run(self, remote_id: int, change: RunChange, *, expect: Collection[RunState] = ()) -> bool:
        chosen = remote_run.c.remote_id == remote_id
        expected = remote_run.c.state.in_(list(expect)) if expect else remote_run.c.remote_id == remote_id
        values = _changed_columns(change)
        if not values:
            query = select(func.count()).select_from(remote_run).where(chosen, expected)
            return bool(await self._gpc1.read(lambda connection: connection.scalar(query)))
        statement = update(remote_run).where(chosen, expected).values(values)
        return await self._gpc1.write(lambda connection: connection.execute(statement).rowcount) > 0

    async def change_states(self, remote_ids: Collection[int], state: RunState) -> None:
        values = _changed_columns(RunChange(state=state))

        def work(connection: Connection) -> None:
            for piece in in_pieces(remote_ids, NUMBERS_AT_ONCE):
                connection.execute(update(remote_run).where(among(remote_run.c.remote_id, piece)).values(values))

        if remote_ids:
            await self._gpc1.write(work)

    async def touch(self, remote_ids: Collection[int]) -> None:
        def work(connection: Connection) -> None:
            for piece in in_pieces(remote_ids, NUMBERS_AT_ONCE):
                connection.execute(
                    update(remote_run).where(among(remote_run.c.remote_id, piece)).values(last_poll=_NOW)
                )

        if remote_ids:
            await self._gpc1.write(work)

    async def change_components(self, remote_id: int, changes: Sequence[ComponentChange]) -> int:
        def work(connection: Connection) -> int:
            pieces = [piece for alike in _alike(changes) for piece in in_pieces(alike)]
            return sum(connection.execute(_components_update(remote_id, piece)).rowcount for piece in pieces)

        return await self._gpc1.write(work)

    async def check(self) -> str:
        return await self._gpc1.read(check_schema)


def _changed_columns(change: RunChange) -> dict[str, Any]:
    given = {"state": change.state, "job_id": change.job_id, "fault": change.fault, "label": change.label}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    # MySQL stamps a row that really changes by itself; written out, it is the same on SQLite
    return {**values, "last_poll": _NOW} if values else {}


def _alike(changes: Sequence[ComponentChange]) -> Iterable[list[ComponentChange]]:
    """Changes to the same state that set the same columns, together; the last one for a component wins."""
    latest = {(_shape(change), change.stage_id): change for change in changes if any(_shape(change))}
    groups: dict[tuple[object, ...], list[ComponentChange]] = {}
    for (shape, _), change in latest.items():
        groups.setdefault((shape, change.state), []).append(change)
    return groups.values()


def _shape(change: ComponentChange) -> tuple[bool, ...]:
    return change.state is not None, change.jobs is not None, change.path_base is not None


def _components_update(remote_id: int, changes: Sequence[ComponentChange]) -> Update:
    """One UPDATE for many rows: what is not the same for all is picked by the row's stage_id."""
    key = remote_component.c.stage_id
    values: dict[str, Any] = {}
    for name in ("state", "jobs", "path_base"):
        chosen = {change.stage_id: getattr(change, name) for change in changes}
        first = next(iter(chosen.values()))
        if any(value != first for value in chosen.values()):
            values[name] = case(chosen, value=key, else_=remote_component.c[name])
        elif first is not None:
            values[name] = first
    chosen_rows = key.in_([change.stage_id for change in changes])
    return update(remote_component).where(remote_component.c.remote_id == remote_id, chosen_rows).values(values)


def _count(connection: Connection, remote_ids: Collection[int]) -> list[Row[Any]]:
    of_run, state = remote_component.c.remote_id, remote_component.c.state
    query = select(of_run, state, func.count().label("n")).group_by(of_run, state)
    pieces = in_pieces(remote_ids, NUMBERS_AT_ONCE)
    return [row for piece in pieces for row in connection.execute(query.where(among(of_run, piece)))]


def _readable(rows: Iterable[Sequence[Any]]) -> list[RunRow]:
    """The rows of our stages whose words we know; others' runs in a shared database must not stop ours."""
    found, moments = [], Moments()
    for remote_id, state, stage, label, path_base, job_id, last_poll, fault in rows:
        known_state, known_stage = _STATES.get(state), _STAGES.get(stage)
        # a stage of others is no mistake
        if known_stage is not None and known_state is not None:
            moment = moments[last_poll]
            found.append(RunRow(remote_id, known_state, known_stage, label, path_base, job_id, moment, fault))
        elif known_stage is not None:
            log.warning("left out of the list: remoteRun %s: '%s' is no state of a run", remote_id, state)
    return found


#: the moment as the driver gives it, for ``Moments``
_RUNS = select(
    *(
        type_coerce(remote_run.c[name], String) if name == "last_poll" else remote_run.c[name]
        for name in ("remote_id", "state", "stage", "label", "path_base", "job_id", "last_poll", "fault")
    )
)
_STATES = {str(state): state for state in RunState}
_STAGES = {str(stage): stage for stage in Stage}


def _run_row(row: Sequence[Any]) -> RunRow:
    remote_id, state, stage, label, path_base, job_id, last_poll, fault = row
    known_state, known_stage = _STATES.get(state), _STAGES.get(stage)
    if known_stage is None:
        raise BadData(f"remoteRun {remote_id} is of stage '{stage}'; the stages here are {', '.join(_STAGES)}")
    if known_state is None:
        raise BadData(f"remoteRun {remote_id} is in state '{state}'; the states are {', '.join(_STATES)}")
    return RunRow(remote_id, known_state, known_stage, label, path_base, job_id, Moments()[last_poll], fault)


def _component(row: Row[Any]) -> Component:
    return Component(
        remote_id=row.remote_id,
        stage_id=row.stage_id,
        jobs=row.jobs,
        state=_component_state(row.remote_id, row.state),
        path_base=text_or_none(row.path_base),
    )


def _component_state(remote_id: int, word: str) -> ComponentState:
    try:
        return ComponentState(word)
    except ValueError:
        known = ", ".join(ComponentState)
        raise BadData(f"a component of remoteRun {remote_id} is in state '{word}'; the states are {known}") from None
