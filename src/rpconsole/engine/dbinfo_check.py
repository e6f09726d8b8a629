"""Each returned dbinfo compared with the component it belongs to; pure, so that it may be done in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpconsole.domain.dbinfo import DbinfoStatement, Expected, expected_of, read_dbinfo
from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.stage import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOrder:
    """Dbinfo files of one run: plain tuples, since thousands cross to another process."""

    stage: Stage
    dbname: str
    #: path, what is in it, ids and path_base that it must carry
    files: Sequence[tuple[str, str, dict[str, int | str], str]]


def to_check(stage: Stage, record: ManifestRecord, text: str) -> tuple[str, str, dict[str, int | str], str]:
    """One file of the order; BadData when the record does not tell its component."""
    expected = expected_of(stage, record)
    return record.local, text, dict(expected.ids), expected.path_base


def check_all(order: CheckOrder) -> list[DbinfoStatement | str]:
    """For each file the statement that may be applied, or the sentence why it may not."""
    return [_check(order, *file) for file in order.files]


def _check(
    order: CheckOrder, source: str, text: str, ids: dict[str, int | str], path_base: str
) -> DbinfoStatement | str:
    expect = Expected(ids=ids, path_base=path_base)
    try:
        return read_dbinfo(text, source=source, stage=order.stage, expect=expect, dbname=order.dbname)
    except BadData as bad:
        return str(bad)
