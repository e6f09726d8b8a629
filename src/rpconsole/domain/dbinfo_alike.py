"""Reading many dbinfo lines at once that differ in nothing but their values, as the tens of thousands of a run do.

The values are taken column by column, which costs half of line by line. Only lines that are right in every respect are read so: where
one of them is not, nothing is read here, and the reading one by one says which it is and what is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

from rpconsole.domain.dbinfo import DbinfoStatement, Expected, Value
from rpconsole.domain.dbinfo_columns import columns_of_many
from rpconsole.domain.dbinfo_flags import COMPLETIONS, Completion
from rpconsole.domain.dbinfo_plan import quick_columns
from rpconsole.domain.dbinfo_words import MAX_BYTES, words_of_lines
from rpconsole.domain.paths import same_file
from rpconsole.domain.stage import Stage

Columns = Mapping[str, Sequence[Value]]


def read_alike(
    texts: Sequence[str], sources: Sequence[str], expects: Sequence[Expected], *, stage: Stage, dbname: str
) -> list[DbinfoStatement] | None:
    """What ``read_dbinfo`` reads of each text; None unless all are right and alike. Texts, sources and expectations go together."""
    words, completion = _words(texts), COMPLETIONS[stage]
    values = words and quick_columns(words, completion.tool, completion.mode)
    if not values or not _agree(values, completion, expects, dbname):
        return None
    names, columns = columns_of_many(values, completion.tool)
    ids = (dict(zip(completion.ids, row, strict=True)) for row in _rows(values[name] for name in completion.ids))
    hashes = (hashlib.sha256(text.encode("ascii")).hexdigest() for text in texts)
    made = zip(repeat(stage), ids, repeat(names), _rows(columns), hashes, sources)
    return list(map(DbinfoStatement._make, made))


def _words(texts: Sequence[str]) -> list[tuple[str, ...]] | None:
    """The first words of all lines, the second ones, and so on."""
    if not texts or max(map(len, texts)) > MAX_BYTES:
        return None
    lines = words_of_lines(texts)
    if lines is None or len(set(map(len, lines))) > 1 or len(lines[0]) < 2:
        return None
    return list(zip(*lines, strict=True))


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


def _rows(columns: Iterable[Sequence[Value]]) -> Iterable[tuple[Value, ...]]:
    return zip(*columns, strict=True)
