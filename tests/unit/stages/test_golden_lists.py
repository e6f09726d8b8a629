"""A whole chip run of two exposures as the rules say it, written out by hand: every line of every list."""

from __future__ import annotations

from hashlib import sha1

import pytest
from tests.fakes.stage_rows import a_detrend, a_layout, an_imfile, chip_rows

from rpconsole.domain.listmerge import merged
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import Detrends
from rpconsole.stages.registry import STAGES

ROOT = "/lus/scratch/op/"
#: exposure -> chip_id; the same night, so the same detrends
EXPOSURES = {"o7001g0001o.901": 31, "o7001g0002o.902": 32}
CLASSES = ("XY33", "XY44")
TYPES = (("MASK", "mask"), ("FLAT", "flat"), ("DARK", "dark"), ("LINEARITY", "linearity"), ("NOISEMAP", "noisemap"))
ENDINGS = ("dbinfo", "stats", "log", "mdl.fits", "ptn")


def instance(key: str) -> str:
    """Where nebulous keeps a key: its number is only told apart by its own table."""
    path = key.split("/", 3)[3]
    digest = sha1(path.encode()).hexdigest()
    return f"/data/ipp017.1/nebulous/{digest[:2]}/{digest[2:4]}/{int(digest[:7], 16)}.{path.replace('/', ':')}"


def inputs(tag: str, cls: str) -> list[tuple[str, str]]:
    name = tag.split(".")[0]
    raw = f"neb://ipp017.1/gpc1/20140702/{name}/{name}.{cls.replace('XY', 'ota')}"
    detrends = [(f"-{option}", f"neb://any/detrends/{kind}.7/{kind}.7.{cls}.fits") for kind, option in TYPES]
    return [("-file", f"{raw}.fits"), ("-burntool", f"{raw}.burn.tbl"), *detrends]


def outroot(tag: str) -> str:
    return f"neb://@HOST@.0/gpc1/PV9/{tag}/{tag}.ch.{EXPOSURES[tag]}"


def at_site(key: str) -> str:
    return ROOT + key.split("/", 3)[3]


def mirror(key: str) -> str:
    return f"{ROOT}tmp{instance(key)}"


def line_of(tag: str, cls: str) -> str:
    root, chip_id, image_id = outroot(tag), EXPOSURES[tag], int(cls[2:]) + 100
    base, remote = f"{at_site(root)}.{cls}", at_site(root)
    options = " ".join(f"{option} {mirror(key)}" for option, key in inputs(tag, cls))
    steps = [
        f"mkdir -p {remote.rpartition('/')[0]}",
        f"ppImage {options} {remote} -recipe PPIMAGE CHIP -recipe PSPHOT CHIP -recipe PPSTATS CHIPSTATS "
        f"-stats {base}.stats -threads 4 -image_id {image_id} -tracedest {base}.trace -log {base}.log",
        f"echo -n 'chiptool -addprocessedimfile -exp_id {tag.split('.')[1]} -chip_id {chip_id} -class_id {cls} "
        f"-uri {root}.{cls}.ch.fits -path_base {root} -magicked 0 -hostname UH/Cray -dtime_script 0 -dbname gpc1 ' "
        f"> {base}.dbinfo",
        f"ppStatsFromMetadata {base}.stats - CHIP_IMFILE >> {base}.dbinfo",
    ]
    for ending in ENDINGS:
        link = mirror(f"{root}.{cls}.{ending}")
        steps += [f"mkdir -p {link.rpartition('/')[0]}", f"ln -sf {base}.{ending} {link}", f"touch {base}.{ending}"]
    return " && ".join(steps)


def expected() -> dict[str, list[str]]:
    pairs = [(tag, cls) for tag in EXPOSURES for cls in CLASSES]
    shipped = list(dict.fromkeys(key for tag, cls in pairs for _, key in inputs(tag, cls)))
    products = [f"{outroot(tag)}.{cls}.{ending}" for tag, cls in pairs for ending in ENDINGS]
    config = [line_of(tag, cls) for tag, cls in pairs]
    return {
        ".transfer": [instance(key) for key in shipped],
        ".check": [mirror(key) for key in shipped],
        ".config": [*config[:2], "top -b -n 1", *config[2:]],
        ".generate": [at_site(key) for key in products],
        ".return": [instance(key) for key in products],
    }


def written() -> dict[str, str]:
    layout = a_layout(remote_root=ROOT, hostname="UH/Cray")
    runs = [
        a_detrend(kind, number, filter="g" if kind == "FLAT" else None)
        for number, (kind, _) in enumerate(TYPES, start=1)
    ]
    files = {
        (run.det_id, 0): {cls: f"neb://any/detrends/{run.det_type}.7/{run.det_type}.7.{cls}.fits" for cls in CLASSES}
        for run in runs
    }
    components = []
    for tag, chip_id in EXPOSURES.items():
        imfiles = [an_imfile(cls, uri=inputs(tag, cls)[0][1], chip_imfile_id=int(cls[2:]) + 100) for cls in CLASSES]
        rows = chip_rows(
            *imfiles, chip_id=chip_id, exp_id=int(tag.split(".")[1]), exp_tag=tag, workdir="neb://@HOST@.0/gpc1/PV9/"
        )
        given = Detrends(runs=runs, files=files)
        wants = STAGES[Stage.CHIP].wants(rows, layout, given)
        places = {key: instance(key) for key in (*wants.resolve, *wants.create)}
        components.append(STAGES[Stage.CHIP].prepare(rows, places, layout, given).lists)
    return dict(merged(components, ROOT).texts)


@pytest.mark.parametrize("suffix", [".transfer", ".check", ".config", ".generate", ".return"])
def test_every_line_of_a_merged_chip_run_is_as_the_rules_say(suffix):
    assert written()[suffix] == "".join(f"{line}\n" for line in expected()[suffix])
