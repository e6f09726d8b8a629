"""Completion records by the thousand: one look and one INSERT for all that nothing stands against.

Only stages whose completion is a row and nothing else; camera and stack go one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from rpconsole.adapters.gpc1.apply import RESULTS, ResultTable, judged, row_values, wrong_shape
from rpconsole.adapters.sql import in_pieces, insert_rows
from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.stage import STAGE_WORDS, Stage
from rpconsole.ports.survey import Applied, Outcome

STAGES_OF_ROWS = frozenset({Stage.CHIP, Stage.WARP})

_Key = tuple[Any, ...]


def apply_rows(connection: Connection, statements: Sequence[DbinfoStatement]) -> list[Applied | None]:
    """The outcome of each statement of one stage; None for those that must be looked at alone, of which nothing is written.

    Raises what the database raises when it refuses a single one of the rows; then nothing is written at all.
    """
    stage = statements[0].stage
    result = RESULTS[stage]
    run_id = STAGE_WORDS[stage].id_column
    whole = {id(one): one for one in statements if not wrong_shape(one)}
    run_ids = sorted({one.ids[run_id] for one in whole.values()}, key=str)
    there = _there(connection, result, run_id, run_ids)
    parents = [
        (_shared(parent, result), _known(connection, parent, result, run_id, run_ids)) for parent in result.parents
    ]
    outcomes: list[Applied | None] = []
    rows: dict[_Key, dict[str, Any]] = {}
    for one in statements:
        key = _key(one.ids, result.id_names)
        if key in there:
            outcomes.append(judged(one, there[key]))
        elif id(one) not in whole or key in rows or any(_key(one.ids, names) not in known for names, known in parents):
            outcomes.append(None)
        else:
            rows[key] = row_values(one)
            outcomes.append(Applied(statement=one, outcome=Outcome.APPLIED))
    if rows:
        insert_rows(connection, result.table, rows.values())
    return outcomes


def _key(ids: Mapping[str, object], names: Iterable[str]) -> _Key:
    return tuple([ids.get(name) for name in names])


def _there(connection: Connection, result: ResultTable, run_id: str, run_ids: Sequence[object]) -> dict[_Key, Row[Any]]:
    table = result.table
    query = select(*(table.c[name] for name in (*result.id_names, "path_base", "fault")))
    rows = (
        row for piece in in_pieces(run_ids) for row in connection.execute(query.where(table.c[run_id].in_(piece))).all()
    )
    return {tuple(row)[: len(result.id_names)]: row for row in rows}


def _known(
    connection: Connection, parent: Table, result: ResultTable, run_id: str, run_ids: Sequence[object]
) -> set[_Key]:
    query = select(*(parent.c[name] for name in _shared(parent, result))).distinct()
    return {
        tuple(row)
        for piece in in_pieces(run_ids)
        for row in connection.execute(query.where(parent.c[run_id].in_(piece)))
    }


def _shared(parent: Table, result: ResultTable) -> list[str]:
    return [name for name in result.id_names if name in parent.c]
