"""Completion records by the thousand: one look and one INSERT for all that nothing stands against.

Only stages whose completion is a row and nothing else; camera and stack go one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from rpconsole.adapters.gpc1.apply import NOUGHT, RESULTS, ResultTable, judged, wrong_shape
from rpconsole.adapters.sql import in_pieces, insert_rows, plain_rows
from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.stage import STAGE_WORDS, Stage
from rpconsole.ports.survey import Applied, Outcome

STAGES_OF_ROWS = frozenset({Stage.CHIP, Stage.WARP})

_Key = tuple[int | str, ...]


def apply_rows(connection: Connection, statements: Sequence[DbinfoStatement]) -> list[Applied | None]:
    """The outcome of each statement of one stage; None for those that must be looked at alone, of which nothing is written.

    Raises what the database raises when it refuses a single one of the rows; then nothing is written at all.
    """
    stage = statements[0].stage
    result, run_id = RESULTS[stage], STAGE_WORDS[stage].id_column
    keys = _keys(statements)
    whole = [key for key in keys if key is not None]
    run_ids = sorted(set(map(itemgetter(result.id_names.index(run_id)), whole)), key=str)
    there = _there(connection, result, run_id, run_ids)
    orphans: set[_Key] = set()
    for parent in result.parents:
        places, known = _places(parent, result), _known(connection, parent, result, run_id, run_ids)
        orphans |= {key for key in whole if places(key) not in known}
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
    for names, alike in _by_columns(new.values()).items():
        _insert(connection, result, names, alike)
    return outcomes


def _keys(statements: Sequence[DbinfoStatement]) -> list[_Key | None]:
    """The key of each row; None for a statement that can be no row of its table."""
    keys: list[_Key | None] = []
    for _, some in groupby(statements, attrgetter("id_names", "names")):
        alike = list(some)
        keys += [one.key for one in alike] if wrong_shape(alike[0]) is None else [None] * len(alike)
    return keys


def _by_columns(new: Iterable[DbinfoStatement]) -> Mapping[tuple[str, ...], list[DbinfoStatement]]:
    """Statements that set the same columns in the same order, together."""
    groups: dict[tuple[str, ...], list[DbinfoStatement]] = {}
    # neighbours mostly are alike, and a hash of so many names is not for nothing
    for names, alike in groupby(new, attrgetter("names")):
        groups.setdefault(names, []).extend(alike)
    return groups


def _insert(
    connection: Connection, result: ResultTable, names: tuple[str, ...], new: Sequence[DbinfoStatement]
) -> None:
    unsaid = {name: 0 for name in NOUGHT if name not in names} | dict(result.defaults)
    rest = tuple(unsaid.values())
    columns = (*names, *result.id_names, *unsaid)
    rows = [(*one.values, *one.key, *rest) for one in new]
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
    asked = (query.where(parent.c[run_id].in_(piece)) for piece in in_pieces(run_ids))
    rows = (row for each in asked for row in plain_rows(connection, each))
    return set(rows) if len(shared) > 1 else {row[0] for row in rows}


def _places(parent: Table, result: ResultTable) -> itemgetter[Any]:
    """What takes a parent's key out of a result's."""
    return itemgetter(*(result.id_names.index(name) for name in _shared(parent, result)))


def _shared(parent: Table, result: ResultTable) -> list[str]:
    return [name for name in result.id_names if name in parent.c]
