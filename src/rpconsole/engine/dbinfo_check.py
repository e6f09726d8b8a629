"""Each returned dbinfo compared with the component it belongs to; it changes nothing, so it may be done in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpconsole.domain.dbinfo import DbinfoStatement, expected_of, read_dbinfo
from rpconsole.domain.dbinfo_alike import read_alike
from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.stage import Stage
from rpconsole.ports.local_files import Reader

#: files that are read together; where one of them is wrong all are read one by one
TOGETHER = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOrder:
    """Dbinfo files of one run."""

    stage: Stage
    dbname: str
    read: Reader
    promised: Sequence[ManifestRecord]


Checked = list[DbinfoStatement | str]


def check_all(order: CheckOrder) -> Checked:
    """For each file the statement that may be applied, or the sentence why it may not."""
    pieces = (order.promised[start : start + TOGETHER] for start in range(0, len(order.promised), TOGETHER))
    return [one for piece in pieces for one in _check_some(order, piece)]


def _check_some(order: CheckOrder, records: Sequence[ManifestRecord]) -> Sequence[DbinfoStatement | str]:
    found = order.read([record.local for record in records])
    texts = [text for text in found if isinstance(text, str)]
    alike = _alike(order, records, texts) if len(texts) == len(records) else None
    return alike or [_check(order, record, text) for record, text in zip(records, found, strict=True)]


def _alike(order: CheckOrder, records: Sequence[ManifestRecord], texts: Sequence[str]) -> list[DbinfoStatement] | None:
    try:
        expects = [expected_of(order.stage, record) for record in records]
    except BadData:
        return None
    sources = [record.local for record in records]
    return read_alike(texts, sources, expects, stage=order.stage, dbname=order.dbname)


def _check(order: CheckOrder, record: ManifestRecord, text: str | BadData) -> DbinfoStatement | str:
    if isinstance(text, BadData):
        return str(text)
    try:
        expect = expected_of(order.stage, record)
        return read_dbinfo(text, source=record.local, stage=order.stage, expect=expect, dbname=order.dbname)
    except BadData as bad:
        return str(bad)
