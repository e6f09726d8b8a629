"""chip: detrend and measure one exposure, a command line for each OTA."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rpconsole.domain.filerules import Rule, exposure_root, file_of
from rpconsole.domain.listfiles import CommandLine, ComponentLists
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.paths import mapped_by_key, mirrored
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import ChipRows, RawImfile
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
from rpconsole.stages.detrend import DetrendChoice, detrend_choice
from rpconsole.stages.products import Line, Promise, all_return_steps, product_records
from rpconsole.stages.shell import chain, dbinfo_steps, make_folder, words

#: what comes home of each OTA, in the order of the lists
_PRODUCTS = (Rule.DBINFO_IMFILE, Rule.STATS_IMFILE, Rule.LOG_IMFILE, Rule.CHIP_BACKGROUND, Rule.CHIP_PATTERN)
#: the camera state for which burntool tables have a name of their own
_V15 = 15


def wants(rows: ChipRows, layout: SiteLayout, detrends: Detrends) -> Wants:
    """Raw images, burntool tables and detrends to look up; products to make."""
    choice = _choice(rows, detrends)
    keys: list[str] = []
    for imfile in rows.imfiles:
        keys += [imfile.uri, burntool_key(imfile, layout), *(uri for _, uri in _detrend_uris(choice, imfile))]
    outroot = _outroot(rows)
    made = (key for imfile in rows.imfiles for key in _product_keys(outroot, imfile))
    return Wants(resolve=tuple(dict.fromkeys(keys)), create=tuple(made))


def prepare(rows: ChipRows, files: Mapping[str, str], layout: SiteLayout, detrends: Detrends) -> PreparedComponent:
    """The component's lists; CannotPrepare names what is missing, hard for a raw image or burntool table."""
    choice = _choice(rows, detrends)
    _refuse_missing(rows, files, layout, choice)
    outroot = _outroot(rows)
    commands: list[CommandLine] = []
    inputs: list[ManifestRecord] = []
    products: list[ManifestRecord] = []
    for number, imfile in enumerate(rows.imfiles, start=1):
        shipped = _inputs(rows, imfile, files, layout, choice)
        line = Line(stage_id=rows.chip_id, number=number, item=imfile.class_id)
        records = product_records(line, _promises(rows, outroot, imfile), files, layout)
        text = chain(_steps(rows, outroot, imfile, shipped, records, layout))
        commands.append(CommandLine(item=imfile.class_id, text=text))
        inputs += (record for _, record in shipped)
        products += records
    lists = ComponentLists(
        stage=Stage.CHIP,
        stage_id=rows.chip_id,
        commands=tuple(commands),
        inputs=tuple(dict.fromkeys(inputs)),
        products=tuple(products),
    )
    return PreparedComponent(path_base=outroot, lists=lists)


def burntool_key(imfile: RawImfile, layout: SiteLayout) -> str:
    """The burntool table beside a raw image."""
    ending = "burn.v15.tbl" if layout.burntool_good_state == _V15 else "burn.tbl"
    return imfile.uri.removesuffix("fits") + ending


def _choice(rows: ChipRows, detrends: Detrends) -> DetrendChoice:
    if not rows.imfiles:
        raise CannotPrepare(f"chip {rows.chip_id} has no OTA left to process")
    nameless = [imfile.class_id for imfile in rows.imfiles if not imfile.uri]
    if nameless:
        raise CannotPrepare(f"chip {rows.chip_id}: the raw image of {listed(nameless)} has no uri", hard=True)
    return detrend_choice(rows, detrends)


def _detrend_uris(choice: DetrendChoice, imfile: RawImfile) -> list[tuple[str, str]]:
    return choice.uris(imfile.class_id, video_cells=imfile.video_cells)


def _outroot(rows: ChipRows) -> str:
    return exposure_root(rows.workdir, rows.exp_tag, Stage.CHIP, rows.chip_id)


def _refuse_missing(rows: ChipRows, files: Mapping[str, str], layout: SiteLayout, choice: DetrendChoice) -> None:
    raw = [imfile.uri for imfile in rows.imfiles if imfile.uri not in files]
    tables = [key for imfile in rows.imfiles if (key := burntool_key(imfile, layout)) not in files]
    if raw or tables:
        parts = [f"no raw image {listed(raw)}"] * bool(raw) + [f"no burntool table {listed(tables)}"] * bool(tables)
        raise CannotPrepare(f"the storage has {' and '.join(parts)}", missing=(*raw, *tables), hard=True)
    wanted = dict.fromkeys(uri for imfile in rows.imfiles for _, uri in _detrend_uris(choice, imfile))
    detrends = [uri for uri in wanted if uri not in files]
    if detrends:
        raise CannotPrepare(f"the storage has no detrend file {listed(detrends)}", missing=detrends)


def _inputs(
    rows: ChipRows, imfile: RawImfile, files: Mapping[str, str], layout: SiteLayout, choice: DetrendChoice
) -> list[tuple[str, ManifestRecord]]:
    """(ppImage option, record) for every file that the OTA needs."""
    checksum = f"md5:{imfile.md5sum}" if imfile.md5sum else None
    raw = _input(rows, imfile.uri, files, layout, size=imfile.bytes, checksum=checksum)
    table = _input(rows, burntool_key(imfile, layout), files, layout)
    rest = ((option, _input(rows, uri, files, layout)) for option, uri in _detrend_uris(choice, imfile))
    return [("-file", raw), ("-burntool", table), *rest]


def _input(
    rows: ChipRows,
    key: str,
    files: Mapping[str, str],
    layout: SiteLayout,
    *,
    size: int | None = None,
    checksum: str | None = None,
) -> ManifestRecord:
    local = disk_of(files, key)
    remote = mirrored(local, layout.remote_root)
    # by position, as a run has hundreds of thousands
    return ManifestRecord(key, local, remote, Role.INPUT, rows.chip_id, None, None, size, checksum)


def _promises(rows: ChipRows, outroot: str, imfile: RawImfile) -> list[Promise]:
    dbinfo, *plain, pattern = _product_keys(outroot, imfile)
    return [
        Promise(key=dbinfo, ids=(("exp_id", rows.exp_id),)),
        *(Promise(key) for key in plain),
        # there is no pattern where none had to be corrected
        Promise(key=pattern, may_be_empty=True),
    ]


def _product_keys(outroot: str, imfile: RawImfile) -> list[str]:
    return [file_of(rule, outroot, chip=imfile.class_id) for rule in _PRODUCTS]


def _steps(
    rows: ChipRows,
    outroot: str,
    imfile: RawImfile,
    shipped: Sequence[tuple[str, ManifestRecord]],
    products: Sequence[ManifestRecord],
    layout: SiteLayout,
) -> Iterator[str]:
    root = mapped_by_key(outroot, layout.remote_root)
    stats = file_of(Rule.STATS_IMFILE, root, chip=imfile.class_id)
    yield make_folder(root)
    yield _ppimage(rows, root, imfile, shipped, layout)
    dbinfo = file_of(Rule.DBINFO_IMFILE, root, chip=imfile.class_id)
    yield from dbinfo_steps(_first_half(rows, outroot, imfile, layout), stats, "CHIP_IMFILE", dbinfo)
    yield from all_return_steps(products, layout)


def _ppimage(
    rows: ChipRows, root: str, imfile: RawImfile, shipped: Iterable[tuple[str, ManifestRecord]], layout: SiteLayout
) -> str:
    def name(rule: Rule) -> str:
        return file_of(rule, root, chip=imfile.class_id)

    options = [word for option, record in shipped for word in (option, record.remote)]
    recipes = [
        *("-recipe", "PPIMAGE", recipe_for(layout, rows.reduction, "CHIP_PPIMAGE")),
        *("-recipe", "PSPHOT", recipe_for(layout, rows.reduction, "CHIP_PSPHOT")),
        *("-recipe", "PPSTATS", "CHIPSTATS"),
    ]
    return words(
        "ppImage",
        *options,
        root,
        *recipes,
        *("-stats", name(Rule.STATS_IMFILE)),
        *("-threads", layout.threads[Stage.CHIP]),
        *("-image_id", imfile.chip_imfile_id),
        *("-tracedest", name(Rule.TRACE_IMFILE)),
        *("-log", name(Rule.LOG_IMFILE)),
    )


def _first_half(rows: ChipRows, outroot: str, imfile: RawImfile, layout: SiteLayout) -> str:
    return words(
        *("chiptool", "-addprocessedimfile"),
        *("-exp_id", rows.exp_id, "-chip_id", rows.chip_id, "-class_id", imfile.class_id),
        # the image's real name: the old scripts put one '.ch' too many into it
        *("-uri", file_of(Rule.CHIP_IMAGE, outroot, chip=imfile.class_id)),
        *("-path_base", outroot, "-magicked", 0, "-hostname", layout.hostname),
        *("-dtime_script", 0, "-dbname", layout.dbname),
    )
