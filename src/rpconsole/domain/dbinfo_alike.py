"""Reading many dbinfo lines at once that differ in nothing but their values, as the tens of thousands of a run do.

The values are taken column by column, which costs a small part of word by word. Only lines that are right in every respect are read so;
any other is left to the reading by itself, which says what is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

from rpconsole.domain.dbinfo import DbinfoStatement, Expected, Returned
from rpconsole.domain.dbinfo_columns import columns_of_many
from rpconsole.domain.dbinfo_flags import COMPLETIONS, Completion
from rpconsole.domain.dbinfo_shape import Column, shape_of
from rpconsole.domain.dbinfo_words import MAX_BYTES, Value
from rpconsole.domain.paths import same_file
from rpconsole.domain.stage import Stage

Columns = Mapping[str, Column]


def read_alike(files: Sequence[Returned], *, stage: Stage, dbname: str) -> list[DbinfoStatement | None]:
    """What ``read_dbinfo`` reads of each file that is right and like the others; None of the rest."""
    read: list[DbinfoStatement | None] = [None] * len(files)
    lines = [file.text if len(file.text) <= MAX_BYTES else "" for file in files]
    # a line that was cut is a short one, one that does not belong here mostly is of another length
    shape = shape_of(sorted(lines, key=len)[len(lines) // 2], stage) if lines else None
    if shape is None:
        return read
    found = {at: match.groups() for at, match in enumerate(map(shape.pattern.fullmatch, lines)) if match}
    alike = [files[at] for at in found]
    values = shape.columns(list(found.values()))
    if values and _agree(values, COMPLETIONS[stage], [file.expect for file in alike], dbname):
        for at, statement in zip(found, _statements(values, stage, alike), strict=True):
            read[at] = statement
    return read


def _statements(values: Columns, stage: Stage, files: Sequence[Returned]) -> Iterable[DbinfoStatement]:
    completion = COMPLETIONS[stage]
    names, columns = columns_of_many(values, completion.tool)
    keys = _rows(values[name] for name in completion.ids)
    hashes = (hashlib.sha256(file.text.encode("ascii")).hexdigest() for file in files)
    sources = (file.source for file in files)
    shared = repeat(stage), repeat(tuple(completion.ids))
    return map(DbinfoStatement._make, zip(*shared, keys, repeat(names), _rows(columns), hashes, sources))


def _agree(values: Columns, completion: Completion, expects: Sequence[Expected], dbname: str) -> bool:
    """Whether every line says what its component must have, and names its row."""
    if not {"path_base", *completion.ids} <= values.keys():
        return False
    if any(None in values[name] for name in completion.ids) or set(values.get("dbname", ())) - {dbname}:
        return False
    names = expects[0].ids.keys()
    if not names <= completion.ids.keys() or any(expect.ids.keys() != names for expect in expects):
        return False
    if any(list(values[name]) != [expect.ids[name] for expect in expects] for name in names):
        return False
    # the components of an exposure share it
    pairs = set(zip(values["path_base"], (expect.path_base for expect in expects), strict=True))
    return all(isinstance(found, str) and same_file(found, wanted) for found, wanted in pairs)


def _rows(columns: Iterable[Column]) -> Iterable[tuple[Value, ...]]:
    return zip(*columns, strict=True)
