"""warp: resample one exposure to the sky, a command line for each skycell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rpconsole.domain.filerules import Rule, exposure_root, file_of
from rpconsole.domain.listfiles import CommandLine, ComponentLists
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.paths import mapped_by_key
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import WarpRows, WarpSkycell
from rpconsole.stages.base import CannotPrepare, Detrends, PreparedComponent, SiteLayout, Wants, listed, recipe_for
from rpconsole.stages.products import Line, Promise, all_return_steps, product_records
from rpconsole.stages.redirections import redirections
from rpconsole.stages.shell import chain, dbinfo_steps, into, listing, make_folder, words


def wants(rows: WarpRows, layout: SiteLayout, detrends: Detrends) -> Wants:
    """Nothing is shipped: images, masks and positions are still at the site."""
    cells = _usable(rows)
    return Wants(create=tuple(promise.key for cell in cells for promise in _promises(rows, cell, layout)))


def prepare(rows: WarpRows, files: Mapping[str, str], layout: SiteLayout, detrends: Detrends) -> PreparedComponent:
    """The component's lists; skycells that no good chip touches are left out and noted."""
    commands: list[CommandLine] = []
    products: list[ManifestRecord] = []
    for number, cell in enumerate(_usable(rows), start=1):
        line = Line(stage_id=rows.warp_id, number=number, item=cell.skycell_id)
        records = product_records(line, _promises(rows, cell, layout), files, layout)
        commands.append(CommandLine(item=cell.skycell_id, text=chain(_steps(rows, cell, records, layout))))
        products += records
    lists = ComponentLists(
        stage=Stage.WARP, stage_id=rows.warp_id, commands=tuple(commands), inputs=(), products=tuple(products)
    )
    empty = [cell.skycell_id for cell in rows.skycells if not cell.chips]
    notes = []
    if empty:
        notes.append(f"warp {rows.warp_id}: no good chip touches {listed(empty)}; {_stays_new(rows)}")
    if rows.barred:
        of_map = f"{listed(rows.barred)} of the overlap map has no warpImfile or a fault"
        notes.append(f"warp {rows.warp_id}: {of_map}; {_stays_new(rows)}")
    return PreparedComponent(path_base=_run_root(rows), lists=lists, notes=tuple(notes))


def _stays_new(rows: WarpRows) -> str:
    """As with the IPP's own tools, only a row by hand completes such a run."""
    return f"left out, so warpRun {rows.warp_id} will not advance"


def _usable(rows: WarpRows) -> list[WarpSkycell]:
    cells = [cell for cell in rows.skycells if cell.chips]
    nameless = [
        chip.class_id for cell in cells for chip in cell.chips if not (chip.chip_path_base and chip.cam_path_base)
    ]
    if nameless:
        raise CannotPrepare(
            f"warp {rows.warp_id}: the chip or camera result of {listed(list(dict.fromkeys(nameless)))} has no path_base"
        )
    if not cells:
        raise CannotPrepare(f"warp {rows.warp_id} has no skycell that a chip of good quality touches")
    names = Counter(cell.skycell_id for cell in cells)
    if twice := [name for name, count in names.items() if count > 1]:
        raise CannotPrepare(
            f"warp {rows.warp_id}: more than one tessellation has {listed(twice)} in its overlap map, and their files have the same names"
        )
    return cells


def _run_root(rows: WarpRows) -> str:
    return exposure_root(rows.workdir, rows.exp_tag, Stage.WARP, rows.warp_id)


def _outroot(rows: WarpRows, cell: WarpSkycell) -> str:
    return f"{_run_root(rows)}.{cell.skycell_id}"


def _promises(rows: WarpRows, cell: WarpSkycell, layout: SiteLayout) -> list[Promise]:
    outroot = _outroot(rows, cell)
    rules = [Rule.WARP_CONFIG, Rule.SKYCELL_SOURCES, Rule.SKYCELL_PSF, Rule.LOG_EXP]
    if layout.transfer_warp_images:
        rules += [Rule.WARP_IMAGE, Rule.WARP_MASK, Rule.WARP_VARIANCE]
    dbinfo = Promise(key=file_of(Rule.DBINFO_EXP, outroot), ids=(("tess_id", cell.tess_id),))
    return [dbinfo, *(Promise(key=file_of(rule, outroot)) for rule in rules)]


def _steps(rows: WarpRows, cell: WarpSkycell, products: Sequence[ManifestRecord], layout: SiteLayout) -> Iterator[str]:
    root = mapped_by_key(_outroot(rows, cell), layout.remote_root)
    yield make_folder(root)
    yield from _input_lists(cell, root, layout)
    tessellation = f"{layout.tessellations.rstrip('/')}/{cell.tess_id}"
    yield words("dvoImageExtract", "-D", "CATDIR", tessellation, cell.skycell_id, "-o", f"{root}.skyfile")
    yield _pswarp(rows, root, layout)
    stats, dbinfo = file_of(Rule.STATS_EXP, root), file_of(Rule.DBINFO_EXP, root)
    yield from dbinfo_steps(_first_half(rows, cell, layout), stats, "WARP_SKYCELL", dbinfo)
    yield from all_return_steps(products, layout)


def _input_lists(cell: WarpSkycell, root: str, layout: SiteLayout) -> Iterator[str]:
    """Chip images, camera masks and chip variances in one order, and the exposure's positions."""
    chips = [(mapped_by_key(chip.chip_path_base, layout.remote_root), chip.class_id) for chip in cell.chips]
    cameras = [(mapped_by_key(chip.cam_path_base, layout.remote_root), chip.class_id) for chip in cell.chips]
    yield listing([file_of(Rule.CHIP_IMAGE, base, chip=class_id) for base, class_id in chips], f"{root}.imlist")
    yield listing([file_of(Rule.CAMERA_MASK, base, chip=class_id) for base, class_id in cameras], f"{root}.masklist")
    yield listing([file_of(Rule.CHIP_VARIANCE, base, chip=class_id) for base, class_id in chips], f"{root}.varlist")
    solved = dict.fromkeys(file_of(Rule.CAMERA_SOURCES, base) for base, _ in cameras)
    yield into(words("echo", *solved), f"{root}.astrom")


def _pswarp(rows: WarpRows, root: str, layout: SiteLayout) -> str:
    return words(
        *("pswarp", "-list", f"{root}.imlist", "-masklist", f"{root}.masklist", "-variancelist", f"{root}.varlist"),
        *("-astromlist", f"{root}.astrom", root, f"{root}.skyfile"),
        *redirections(),
        *("-recipe", "PSWARP", recipe_for(layout, rows.reduction, "WARP_PSWARP")),
        *("-tracedest", file_of(Rule.TRACE_EXP, root), "-log", file_of(Rule.LOG_EXP, root)),
        *("-threads", layout.threads[Stage.WARP], "-recipe", "PPSTATS", "WARPSTATS"),
        *("-dumpconfig", file_of(Rule.WARP_CONFIG, root), "-stats", file_of(Rule.STATS_EXP, root)),
    )


def _first_half(rows: WarpRows, cell: WarpSkycell, layout: SiteLayout) -> str:
    outroot = _outroot(rows, cell)
    return words(
        *("warptool", "-addwarped", "-warp_id", rows.warp_id),
        *("-skycell_id", cell.skycell_id, "-tess_id", cell.tess_id, "-dbname", layout.dbname),
        *("-uri", file_of(Rule.WARP_IMAGE, outroot), "-path_base", outroot),
        *("-hostname", layout.hostname, "-dtime_script", 0),
    )
