"""Each returned dbinfo compared with the component it belongs to; it changes nothing, so it may be done in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rpconsole.domain.dbinfo import DbinfoStatement, Returned, expected_of, read_dbinfo
from rpconsole.domain.dbinfo_alike import read_alike
from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.stage import Stage
from rpconsole.ports.local_files import Reader

#: files that are read together
TOGETHER = 100


#: named tuples as plain ones, which cross to another process in half the time
Plain = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOrder:
    """Dbinfo files of one run."""

    stage: Stage
    dbname: str
    read: Reader
    #: manifest records
    promised: Sequence[Plain]


Checked = list[DbinfoStatement | str]


def check_all(order: CheckOrder) -> list[Plain | str]:
    """For each file the statement that may be applied, or the sentence why it may not; see ``statements``."""
    pieces = (order.promised[start : start + TOGETHER] for start in range(0, len(order.promised), TOGETHER))
    checked = (one for piece in pieces for one in _check_some(order, list(map(ManifestRecord._make, piece))))
    return [one if isinstance(one, str) else tuple(one) for one in checked]


def statements(crossed: Sequence[Plain | str]) -> Checked:
    """What ``check_all`` found."""
    return [one if isinstance(one, str) else DbinfoStatement._make(one) for one in crossed]


def _check_some(order: CheckOrder, records: Sequence[ManifestRecord]) -> Checked:
    texts = order.read([record.local for record in records])
    files = [_returned(order.stage, record, text) for record, text in zip(records, texts, strict=True)]
    alike = iter(
        read_alike([file for file in files if not isinstance(file, str)], stage=order.stage, dbname=order.dbname)
    )
    return [file if isinstance(file, str) else next(alike) or _check(order, file) for file in files]


def _returned(stage: Stage, record: ManifestRecord, text: str | BadData) -> Returned | str:
    try:
        return str(text) if isinstance(text, BadData) else Returned(text, record.local, expected_of(stage, record))
    except BadData as bad:
        return str(bad)


def _check(order: CheckOrder, file: Returned) -> DbinfoStatement | str:
    try:
        return read_dbinfo(file.text, source=file.source, stage=order.stage, expect=file.expect, dbname=order.dbname)
    except BadData as bad:
        return str(bad)
