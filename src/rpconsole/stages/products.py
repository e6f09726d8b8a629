"""The products of one command line: their records, and the steps that offer them for their way home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.paths import mapped_by_key
from rpconsole.stages.base import SiteLayout, disk_of
from rpconsole.stages.shell import return_steps


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
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
    return [
        ManifestRecord(
            key=promise.key,
            local=disk_of(files, promise.key),
            remote=mapped_by_key(promise.key, layout.remote_root),
            role=Role.PRODUCT,
            component=line.stage_id,
            task=line.number,
            item=line.item,
            may_be_empty=promise.may_be_empty,
            ids=promise.ids,
        )
        for promise in promises
    ]


def all_return_steps(records: Sequence[ManifestRecord], layout: SiteLayout) -> Iterator[str]:
    """The return links of a line's products, in their order."""
    for record in records:
        yield from return_steps(record.local, record.remote, layout.remote_root)
