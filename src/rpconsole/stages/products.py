"""The products of one command line: their records, and the steps that offer them for their way home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.paths import mapped_by_key
from rpconsole.stages.base import SiteLayout, disk_of
from rpconsole.stages.shell import return_steps


class Promise(NamedTuple):
    """One product that a command line promises."""

    key: str
    #: what the program may leave out without fault; the line's touch then makes it empty
    may_be_empty: bool = False
    #: of a dbinfo: the ids it must carry besides those in its name
    ids: tuple[tuple[str, int | str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Where a command line stands: its component, its number in it from 1, and what it works on."""

    stage_id: int
    number: int
    item: str


def product_records(
    line: Line, promises: Sequence[Promise], files: Mapping[str, str], layout: SiteLayout
) -> list[ManifestRecord]:
    """The manifest's records of a line's products."""
    root, role, component, task, item = layout.remote_root, Role.PRODUCT, line.stage_id, line.number, line.item
    # by position, which costs half of what names cost: a run has hundreds of thousands
    return [
        ManifestRecord(
            key, disk_of(files, key), mapped_by_key(key, root), role, component, task, item, None, None, empty, ids
        )
        for key, empty, ids in promises
    ]


def all_return_steps(records: Sequence[ManifestRecord], layout: SiteLayout) -> list[str]:
    """The return links of a line's products, in their order."""
    root = layout.remote_root
    return [return_steps(local, remote, root) for _, local, remote, *_ in records]
