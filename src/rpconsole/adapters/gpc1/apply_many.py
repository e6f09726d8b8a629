"""Completion records by the thousand: one look and one INSERT for all that nothing stands against.

Only stages whose completion is a row and nothing else; camera and stack go one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from rpconsole.adapters.gpc1.apply import NOUGHT, RESULTS, ResultTable, judged, wrong_shape
from rpconsole.adapters.sql import in_pieces, insert_rows
from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.stage import STAGE_WORDS, Stage
from rpconsole.ports.survey import Applied, Outcome

STAGES_OF_ROWS = frozenset({Stage.CHIP, Stage.WARP})

_Key = tuple[Any, ...]
_New = tuple[_Key, DbinfoStatement]


def apply_rows(connection: Connection, statements: Sequence[DbinfoStatement]) -> list[Applied | None]:
    """The outcome of each statement of one stage; None for those that must be looked at alone, of which nothing is written.

    Raises what the database raises when it refuses a single one of the rows; then nothing is written at all.
    """
    stage = statements[0].stage
    result = RESULTS[stage]
    run_id = STAGE_WORDS[stage].id_column
    whole = [wrong_shape(one) is None for one in statements]
    run_ids = sorted({one.ids[run_id] for one, is_whole in zip(statements, whole, strict=True) if is_whole}, key=str)
    there = _there(connection, result, run_id, run_ids)
    parents = [
        (_places(parent, result), _known(connection, parent, result, run_id, run_ids)) for parent in result.parents
    ]
    key_of = itemgetter(*result.id_names)
    keys = [key_of(one.ids) if is_whole else None for one, is_whole in zip(statements, whole, strict=True)]
    orphans = {key for places, known in parents for key in keys if key is not None and places(key) not in known}
    outcomes: list[Applied | None] = []
    new: dict[_Key, DbinfoStatement] = {}
    for one, key in zip(statements, keys, strict=True):
        if key in there:
            outcomes.append(judged(one, there[key]))
        elif key is None or key in new or key in orphans:
            outcomes.append(None)
        else:
            new[key] = one
            outcomes.append(Applied(one, Outcome.APPLIED))
    for alike in _by_columns(new.items()).values():
        _insert(connection, result, alike)
    return outcomes


def _by_columns(new: Iterable[tuple[_Key, DbinfoStatement]]) -> Mapping[tuple[str, ...], list[_New]]:
    """Statements that set the same columns in the same order, together."""
    groups: dict[tuple[str, ...], list[_New]] = {}
    for key, one in new:
        groups.setdefault(one.names, []).append((key, one))
    return groups


def _insert(connection: Connection, result: ResultTable, new: Sequence[_New]) -> None:
    names = new[0][1].names
    unsaid = {name: 0 for name in NOUGHT if name not in names} | dict(result.defaults)
    rest = tuple(unsaid.values())
    columns = (*names, *result.id_names, *unsaid)
    rows = [(*one.values, *key, *rest) for key, one in new]
    for at in (names.index(name) for name in NOUGHT if name in names):
        rows = [row if row[at] is not None else (*row[:at], 0, *row[at + 1 :]) for row in rows]
    insert_rows(connection, result.table, columns, rows)


def _there(connection: Connection, result: ResultTable, run_id: str, run_ids: Sequence[object]) -> dict[_Key, Row[Any]]:
    table = result.table
    query = select(*(table.c[name] for name in (*result.id_names, "path_base", "fault")))
    rows = (
        row for piece in in_pieces(run_ids) for row in connection.execute(query.where(table.c[run_id].in_(piece))).all()
    )
    return {tuple(row)[: len(result.id_names)]: row for row in rows}


def _known(
    connection: Connection, parent: Table, result: ResultTable, run_id: str, run_ids: Sequence[object]
) -> set[Any]:
    shared = _shared(parent, result)
    query = select(*(parent.c[name] for name in shared))
    if not set(parent.primary_key.columns.keys()) <= set(shared):
        query = query.distinct()
    pieces = [connection.execute(query.where(parent.c[run_id].in_(piece))).all() for piece in in_pieces(run_ids)]
    rows = [row for piece in pieces for row in piece]
    return {tuple(row) if len(row) > 1 else row[0] for row in rows}


def _places(parent: Table, result: ResultTable) -> itemgetter[Any]:
    """What takes a parent's key out of a result's."""
    return itemgetter(*(result.id_names.index(name) for name in _shared(parent, result)))


def _shared(parent: Table, result: ResultTable) -> list[str]:
    return [name for name in result.id_names if name in parent.c]
