"""stack: combine all warps of one skycell, in one command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rpconsole.domain.filerules import Rule, file_of, stack_root
from rpconsole.domain.listfiles import CommandLine, ComponentLists
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.paths import mapped_by_key, mirrored
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import StackRows
from rpconsole.stages.base import (
    CannotPrepare,
    Detrends,
    PreparedComponent,
    SiteLayout,
    Wants,
    disk_of,
    listed,
    recipe_for,
)
from rpconsole.stages.products import Line, Promise, all_return_steps, product_records
from rpconsole.stages.redirections import compressions, redirections
from rpconsole.stages.shell import chain, dbinfo_steps, into, make_folder, words

#: what a stack reads of each warp
WARP_FILES = (Rule.WARP_IMAGE, Rule.WARP_VARIANCE, Rule.WARP_MASK, Rule.SKYCELL_SOURCES, Rule.SKYCELL_PSF)


def wants(rows: StackRows, layout: SiteLayout, detrends: Detrends) -> Wants:
    """The component map and the products to make; the warps' files to look up where they came home."""
    if not all(rows.warps):
        # a stack of fewer warps than were chosen would look like any other
        raise CannotPrepare(
            f"stack {rows.stack_id}: {rows.warps.count('')} of {len(rows.warps)} warps have no path_base"
        )
    inputs = tuple(_warp_keys(rows)) if layout.transfer_warp_images else ()
    return Wants(resolve=inputs, create=(_compmap(rows), *(promise.key for promise in _promises(rows))))


def prepare(rows: StackRows, files: Mapping[str, str], layout: SiteLayout, detrends: Detrends) -> PreparedComponent:
    """The component's lists and its component map; CannotPrepare names warps' files that are wanted and missing."""
    _refuse_missing(rows, files, layout)
    compmap = _input(rows, _compmap(rows), files, layout)
    shipped = [_input(rows, key, files, layout) for key in _warp_keys(rows)] if layout.transfer_warp_images else []
    line = Line(stage_id=rows.stack_id, number=1, item=rows.skycell_id)
    products = product_records(line, _promises(rows), files, layout)
    text = chain(_steps(rows, compmap, products, layout))
    lists = ComponentLists(
        stage=Stage.STACK,
        stage_id=rows.stack_id,
        commands=(CommandLine(item=rows.skycell_id, text=text),),
        inputs=(compmap, *shipped),
        products=tuple(products),
    )
    texts = {compmap.local: compmap_text(rows, shipped, layout)}
    return PreparedComponent(path_base=_outroot(rows), lists=lists, texts=texts)


def compmap_text(rows: StackRows, shipped: Sequence[ManifestRecord], layout: SiteLayout) -> str:
    """Lines of the path where a warp's file should be, and the one to use if it is not there."""
    elsewhere = {record.key: record.remote for record in shipped}
    pairs = [(place := mapped_by_key(key, layout.remote_root), elsewhere.get(key, place)) for key in _warp_keys(rows)]
    for path in (path for pair in pairs for path in pair):
        if len(path.split()) != 1:
            raise CannotPrepare(f"a component map cannot hold the path '{path}', which has a blank in it")
    return "".join(f"{place} {other}\n" for place, other in pairs)


def _outroot(rows: StackRows) -> str:
    return stack_root(rows.workdir, rows.tess_id, rows.skycell_id, rows.stack_id)


def _compmap(rows: StackRows) -> str:
    return f"{_outroot(rows)}.compmap"


def _warp_keys(rows: StackRows) -> Iterator[str]:
    return (file_of(rule, warp) for warp in rows.warps for rule in WARP_FILES)


def _refuse_missing(rows: StackRows, files: Mapping[str, str], layout: SiteLayout) -> None:
    if not rows.warps:
        raise CannotPrepare(f"stack {rows.stack_id} has no warps to combine")
    missing = [key for key in _warp_keys(rows) if key not in files] if layout.transfer_warp_images else []
    if missing:
        raise CannotPrepare(f"the storage has no warp file {listed(missing)}", missing=missing)


def _input(rows: StackRows, key: str, files: Mapping[str, str], layout: SiteLayout) -> ManifestRecord:
    local = disk_of(files, key)
    remote = mirrored(local, layout.remote_root)
    return ManifestRecord(key=key, local=local, remote=remote, role=Role.INPUT, component=rows.stack_id)


def _promises(rows: StackRows) -> list[Promise]:
    rules = (
        Rule.DBINFO_EXP,
        *(Rule.STACK_IMAGE, Rule.STACK_MASK, Rule.STACK_VARIANCE),
        *(Rule.STACK_EXPOSURE, Rule.STACK_EXPOSURE_WEIGHT, Rule.STACK_NUMBER),
        *(Rule.SKYCELL_SOURCES, Rule.LOG_EXP, Rule.STATS_EXP, Rule.STACK_CONFIG, Rule.STACK_TARGET_PSF),
    )
    # ppStack is told to save the PSF by the rule for skycells, so this one may come home empty; the old script returns it too
    psf = Promise(key=file_of(Rule.STACK_PSF, _outroot(rows)), may_be_empty=True)
    return [*(Promise(key=file_of(rule, _outroot(rows))) for rule in rules), psf]


def _steps(
    rows: StackRows, compmap: ManifestRecord, products: Sequence[ManifestRecord], layout: SiteLayout
) -> Iterator[str]:
    root = mapped_by_key(_outroot(rows), layout.remote_root)
    # in the spelling of the component map: the map maker looks them up there, word by word
    warps = [mapped_by_key(warp, layout.remote_root) for warp in rows.warps]
    yield make_folder(root)
    options = ("--remote_root", layout.remote_root, "--compmap", compmap.remote)
    yield into(words("sc_mk_stack_mdc.pl", *options, *warps), f"{root}.in.mdc")
    yield f"{into(_ppstack(rows, root, layout), f'{root}.log2')} 2>&1"
    stats, dbinfo = file_of(Rule.STATS_EXP, root), file_of(Rule.DBINFO_EXP, root)
    yield from dbinfo_steps(_first_half(rows, layout), stats, "STACK_SKYCELL", dbinfo)
    yield from all_return_steps(products, layout)


def _ppstack(rows: StackRows, root: str, layout: SiteLayout) -> str:
    return words(
        *("ppStack", "-input", f"{root}.in.mdc", root, "-stats", file_of(Rule.STATS_EXP, root)),
        *("-recipe", "PPSTACK", recipe_for(layout, rows.reduction, "STACK_PPSTACK")),
        *("-recipe", "PPSUB", layout.stack_subtraction_recipe),
        *("-recipe", "PSPHOT", "STACK", "-recipe", "PPSTATS", "STACKSTATS"),
        *("-stack-type", layout.stack_type),
        *redirections(),
        *compressions(),
        *("-tracedest", file_of(Rule.TRACE_EXP, root), "-log", file_of(Rule.LOG_EXP, root)),
        *("-threads", layout.threads[Stage.STACK]),
        # under the name that is promised: the old scripts write O.mdc and bring home an empty O.ppStack.mdc
        *("-dumpconfig", file_of(Rule.STACK_CONFIG, root)),
        *("-stack_id", rows.stack_id, "-skycell_id", rows.skycell_id, "-tess_id", rows.tess_id),
    )


def _first_half(rows: StackRows, layout: SiteLayout) -> str:
    return words(
        *("stacktool", "-addsumskyfile", "-stack_id", rows.stack_id, "-path_base", _outroot(rows)),
        *("-uri", "UNKNOWN", "-dbname", layout.dbname, "-hostname", layout.hostname, "-dtime_script", 0),
    )
