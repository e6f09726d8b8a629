"""Each returned dbinfo compared with the component it belongs to; pure, so that it may be done in another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpconsole.domain.dbinfo import DbinfoStatement, expected_of, read_dbinfo
from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.stage import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckOrder:
    """Dbinfo files of one run."""

    stage: Stage
    dbname: str
    #: what was promised, and what is in the file; or the sentence why there is nothing to check
    files: Sequence[tuple[ManifestRecord, str] | str]


def check_all(order: CheckOrder) -> list[DbinfoStatement | str]:
    """For each file the statement that may be applied, or the sentence why it may not."""
    return [file if isinstance(file, str) else _check(order, *file) for file in order.files]


def _check(order: CheckOrder, record: ManifestRecord, text: str) -> DbinfoStatement | str:
    try:
        expect = expected_of(order.stage, record)
        return read_dbinfo(text, source=record.local, stage=order.stage, expect=expect, dbname=order.dbname)
    except BadData as bad:
        return str(bad)
