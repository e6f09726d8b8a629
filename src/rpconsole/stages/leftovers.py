"""What a finished task leaves at the site: what later stages read, and what nobody reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rpconsole.domain.filerules import Rule, file_of
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.stage import Stage

#: what the stages after it read: camera (sources, masks) and warp (images, variances) of chip; warp of camera; stack of warp
READ_LATER: Mapping[Stage, tuple[Rule, ...]] = {
    Stage.CHIP: (Rule.CHIP_IMAGE, Rule.CHIP_MASK, Rule.CHIP_VARIANCE, Rule.CHIP_SOURCES),
    Stage.CAMERA: (Rule.CAMERA_SOURCES, Rule.CAMERA_MASK),
    Stage.WARP: (Rule.WARP_IMAGE, Rule.WARP_MASK, Rule.WARP_VARIANCE, Rule.SKYCELL_SOURCES, Rule.SKYCELL_PSF),
    Stage.STACK: (),
}
#: what the programs leave beside it
READ_BY_NOBODY: Mapping[Stage, tuple[str, ...]] = {
    Stage.CHIP: (".psf", ".trace"),
    Stage.CAMERA: (".cmflist", ".masklist", ".trace"),
    Stage.WARP: (".stats", ".skyfile", ".imlist", ".masklist", ".varlist", ".astrom", ".trace"),
    Stage.STACK: (".fits", ".mask.fits", ".wt.fits", ".in.mdc", ".log2", ".trace"),
}
_DBINFO = Rule.DBINFO_EXP.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """One file at the site."""

    remote: str
    component: int
    item: str
    #: a later stage reads it
    is_read_later: bool


def leftovers(stage: Stage, records: Iterable[ManifestRecord]) -> Iterator[Leftover]:
    """The intermediate files of a run's tasks, by the products that each promised; returned products that are read later too.

    Camera's masks are products of their own, one an OTA, and stand in the manifest by name.
    """
    masks = Rule.CAMERA_MASK.value.rpartition("}")[2]
    for record in records:
        if record.role is not Role.PRODUCT or record.component is None:
            continue
        if stage is Stage.CAMERA and record.remote.endswith(masks):
            yield _one(record, record.remote, is_read_later=True)
        elif record.remote.endswith(_DBINFO):
            yield from _of_task(stage, record)


def own_inputs(stage: Stage, records: Iterable[ManifestRecord]) -> list[ManifestRecord]:
    """Shipped files that belong to one component: raw images with their burntool tables, a stack's component map.

    Detrends are shared by all exposures of their time, and shipped warps by stacks that overlap; they are left to the site's purge.
    A raw image is known by its size or checksum in the survey's database, which no detrend has.
    """
    inputs = [record for record in records if record.role is Role.INPUT]
    if stage is Stage.STACK:
        return [record for record in inputs if record.key.endswith(".compmap")]
    raw = {record.key.removesuffix(".fits") for record in inputs if record.bytes is not None or record.checksum}
    return [record for record in inputs if record.key.partition(".burn.")[0].removesuffix(".fits") in raw]


def _of_task(stage: Stage, record: ManifestRecord) -> Iterator[Leftover]:
    stem = record.remote.removesuffix(_DBINFO)
    for rule in READ_LATER[stage]:
        if rule is not Rule.CAMERA_MASK:
            yield _one(record, _named(stage, rule, stem, record.item), is_read_later=True)
    for ending in READ_BY_NOBODY[stage]:
        yield _one(record, stem + ending, is_read_later=False)


def _named(stage: Stage, rule: Rule, stem: str, item: str | None) -> str:
    """Chip's dbinfo is named after the OTA, so its other files share the stem with the OTA in it."""
    if stage is Stage.CHIP and item is not None:
        return file_of(rule, stem.removesuffix(f".{item}"), chip=item)
    return file_of(rule, stem)


def _one(record: ManifestRecord, remote: str, *, is_read_later: bool) -> Leftover:
    return Leftover(remote=remote, component=record.component or 0, item=record.item or "", is_read_later=is_read_later)
