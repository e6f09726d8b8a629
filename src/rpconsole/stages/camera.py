"""camera: solve one exposure's positions and brightness from what its chips measured, in one command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rpconsole.domain.filerules import Rule, exposure_root, file_of
from rpconsole.domain.listfiles import CommandLine, ComponentLists
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.paths import mapped_by_key
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import CameraRows, ChipResult
from rpconsole.stages.base import CannotPrepare, Detrends, PreparedComponent, SiteLayout, Wants, listed, recipe_for
from rpconsole.stages.camera_stats import camera_flags
from rpconsole.stages.products import Line, Promise, all_return_steps, product_records
from rpconsole.stages.shell import chain, dbinfo_steps, listing, make_folder, words


def wants(rows: CameraRows, layout: SiteLayout, detrends: Detrends) -> Wants:
    """Nothing is shipped: the chips' results are still at the site."""
    return Wants(create=tuple(promise.key for promise in _promises(rows)))


def prepare(rows: CameraRows, files: Mapping[str, str], layout: SiteLayout, detrends: Detrends) -> PreparedComponent:
    """The component's lists."""
    usable = [chip for chip in rows.chips if _is_usable(chip)]
    if not usable:
        raise CannotPrepare(f"camera {rows.cam_id} has no chip of good quality among its {len(rows.chips)}")
    nameless = [chip.class_id for chip in usable if not chip.path_base]
    if nameless:
        raise CannotPrepare(f"camera {rows.cam_id}: the chip result of {listed(nameless)} has no path_base")
    line = Line(stage_id=rows.cam_id, number=1, item=rows.exp_tag)
    products = product_records(line, _promises(rows), files, layout)
    text = chain(_steps(rows, usable, products, layout))
    lists = ComponentLists(
        stage=Stage.CAMERA,
        stage_id=rows.cam_id,
        commands=(CommandLine(item=rows.exp_tag, text=text),),
        inputs=(),
        products=tuple(products),
    )
    bad = len(rows.chips) - len(usable)
    notes = (f"camera {rows.cam_id}: {bad} of {len(rows.chips)} chips left out for their quality",) if bad else ()
    return PreparedComponent(path_base=_outroot(rows), lists=lists, notes=notes)


def _is_usable(chip: ChipResult) -> bool:
    """Of a chip without quality there are no sources and no mask."""
    return chip.quality == 0


def _outroot(rows: CameraRows) -> str:
    return exposure_root(rows.workdir, rows.exp_tag, Stage.CAMERA, rows.cam_id)


def _promises(rows: CameraRows) -> list[Promise]:
    outroot = _outroot(rows)
    rules = (Rule.DBINFO_EXP, Rule.CAMERA_CONFIG, Rule.CAMERA_SOURCES, Rule.LOG_EXP, Rule.STATS_EXP)
    masks = (
        Promise(key=file_of(Rule.CAMERA_MASK, outroot, chip=chip.class_id), may_be_empty=not _is_usable(chip))
        for chip in rows.chips
    )
    return [*(Promise(key=file_of(rule, outroot)) for rule in rules), *masks]


def _steps(
    rows: CameraRows, chips: Sequence[ChipResult], products: Sequence[ManifestRecord], layout: SiteLayout
) -> Iterator[str]:
    root = mapped_by_key(_outroot(rows), layout.remote_root)

    def names(rule: Rule) -> list[str]:
        return [file_of(rule, mapped_by_key(chip.path_base, layout.remote_root), chip=chip.class_id) for chip in chips]

    yield make_folder(root)
    yield listing(names(Rule.CHIP_SOURCES), f"{root}.cmflist")
    yield listing(names(Rule.CHIP_MASK), f"{root}.masklist")
    yield _psastro(rows, root, layout)
    first_half = f"{_first_half(rows, layout)} {words(*camera_flags(rows))}".rstrip()
    stats, dbinfo = file_of(Rule.STATS_EXP, root), file_of(Rule.DBINFO_EXP, root)
    yield from dbinfo_steps(first_half, stats, "CAMERA_EXP_FPA", dbinfo)
    yield from all_return_steps(products, layout)


def _psastro(rows: CameraRows, root: str, layout: SiteLayout) -> str:
    return words(
        *("psastro", "-list", f"{root}.cmflist", "-masklist", f"{root}.masklist", root),
        *("-refmasklist", layout.reference(layout.mask_reference)),
        *("-kh-correct", layout.reference(layout.koppenhoefer_reference)),
        *("-astrommodel", layout.reference(layout.astrometry_model)),
        *("-recipe", "PSASTRO", recipe_for(layout, rows.reduction, "PSASTRO")),
        *("-tracedest", file_of(Rule.TRACE_EXP, root), "-log", file_of(Rule.LOG_EXP, root)),
        *("-dumpconfig", file_of(Rule.CAMERA_CONFIG, root), "-stats", file_of(Rule.STATS_EXP, root)),
        *("-recipe", "PPSTATS", "CAMSTATS"),
    )


def _first_half(rows: CameraRows, layout: SiteLayout) -> str:
    return words(
        *("camtool", "-cam_id", rows.cam_id, "-addprocessedexp", "-uri", "UNKNOWN", "-dbname", layout.dbname),
        *("-path_base", _outroot(rows), "-hostname", layout.hostname, "-dtime_script", 0),
    )
