"""Each returned dbinfo compared with the component it belongs to; pure, so that it may be done in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpconsole.domain.dbinfo import DbinfoStatement, expected_of, read_dbinfo
from rpconsole.domain.dbinfo_alike import read_alike
from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.stage import Stage

#: files that are read together; where one of them is wrong all are read one by one
TOGETHER = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOrder:
    """Dbinfo files of one run."""

    stage: Stage
    dbname: str
    #: what was promised, and what is in the file; or the sentence why there is nothing to check
    files: Sequence[tuple[ManifestRecord, str] | str]


def check_all(order: CheckOrder) -> list[DbinfoStatement | str]:
    """For each file the statement that may be applied, or the sentence why it may not."""
    there = [file for file in order.files if not isinstance(file, str)]
    pieces = (there[start : start + TOGETHER] for start in range(0, len(there), TOGETHER))
    checked = iter([one for piece in pieces for one in _check_some(order, piece)])
    return [file if isinstance(file, str) else next(checked) for file in order.files]


def _check_some(order: CheckOrder, files: Sequence[tuple[ManifestRecord, str]]) -> Sequence[DbinfoStatement | str]:
    return _alike(order, files) or [_check(order, *file) for file in files]


def _alike(order: CheckOrder, files: Sequence[tuple[ManifestRecord, str]]) -> list[DbinfoStatement] | None:
    try:
        expects = [expected_of(order.stage, record) for record, _ in files]
    except BadData:
        return None
    sources, texts = [record.local for record, _ in files], [text for _, text in files]
    return read_alike(texts, sources, expects, stage=order.stage, dbname=order.dbname)


def _check(order: CheckOrder, record: ManifestRecord, text: str) -> DbinfoStatement | str:
    try:
        expect = expected_of(order.stage, record)
        return read_dbinfo(text, source=record.local, stage=order.stage, expect=expect, dbname=order.dbname)
    except BadData as bad:
        return str(bad)
