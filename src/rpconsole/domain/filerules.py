"""How the IPP names its files: the camera's file rules, output roots, and the ids that a file's name gives back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rpconsole.domain.stage import STAGE_WORDS, Stage


class Rule(StrEnum):
    """A file rule of GPC1; the value is what follows the output root, {C} the chip's name and {N} the file's id."""

    DBINFO_IMFILE = ".{C}.dbinfo"
    DBINFO_EXP = ".dbinfo"
    LOG_IMFILE = ".{C}.log"
    LOG_EXP = ".log"
    TRACE_IMFILE = ".{C}.trace"
    TRACE_EXP = ".trace"
    STATS_IMFILE = ".{C}.stats"
    STATS_EXP = ".stats"
    CHIP_IMAGE = ".{C}.ch.fits"
    CHIP_MASK = ".{C}.ch.mk.fits"
    CHIP_VARIANCE = ".{C}.ch.wt.fits"
    CHIP_BACKGROUND = ".{C}.mdl.fits"
    CHIP_PATTERN = ".{C}.ptn"
    CHIP_SOURCES = ".{C}.cmf"
    CAMERA_SOURCES = ".smf"
    CAMERA_MASK = ".{C}.mk.fits"
    CAMERA_CONFIG = ".psastro.mdc"
    WARP_IMAGE = ".fits"
    WARP_MASK = ".mask.fits"
    WARP_VARIANCE = ".wt.fits"
    #: psphot's name on a skycell, of a warp or a stack
    SKYCELL_SOURCES = ".cmf"
    SKYCELL_PSF = ".psf"
    WARP_BACKGROUND = ".mdl.fits"
    WARP_CONFIG = ".pswarp.mdc"
    STACK_IMAGE = ".unconv.fits"
    STACK_MASK = ".unconv.mask.fits"
    STACK_VARIANCE = ".unconv.wt.fits"
    STACK_EXPOSURE = ".unconv.exp.fits"
    STACK_EXPOSURE_WEIGHT = ".unconv.expwt.fits"
    STACK_NUMBER = ".unconv.num.fits"
    STACK_CONFIG = ".ppStack.mdc"
    STACK_TARGET_PSF = ".target.psf"
    STACK_PSF = ".stk.{N}.psf"


def file_of(rule: Rule, outroot: str, *, chip: str | None = None, file_id: int = 0) -> str:
    """The file that a rule gives below an output root; an absent chip is called ``fpa``, an id has at least three digits."""
    return outroot + _ending(rule, chip or "fpa", file_id)


@lru_cache(maxsize=4096)
def _ending(rule: Rule, chip: str, file_id: int) -> str:
    """A focal plane has sixty chips, and a survey asks for the same few endings of each by the hundred thousand."""
    return rule.replace("{C}", chip).replace("{N}", f"{file_id:03d}")


def exposure_root(workdir: str, exp_tag: str, stage: Stage, stage_id: int) -> str:
    """The output root of a chip, camera or warp run: ``workdir/exp_tag/exp_tag.<ch|cm|wrp>.ID``."""
    return f"{workdir.rstrip('/')}/{exp_tag}/{exp_tag}.{STAGE_WORDS[stage].root_piece}.{stage_id}"


def stack_root(workdir: str, tess_id: str, skycell_id: str, stack_id: int) -> str:
    """The output root of a stack: ``workdir/TESS/SKYCELL/TESS.SKYCELL.stk.ID``."""
    return f"{workdir.rstrip('/')}/{tess_id}/{skycell_id}/{tess_id}.{skycell_id}.stk.{stack_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedIds:
    """What a product's name says of where it belongs."""

    stage_id: int
    #: the task's item: class_id for chip, skycell_id for warp and stack, the exposure's tag for camera
    item: str


_SKYCELL = r"skycell\.\d+(?:\.\d+)?"
_NAMES: Mapping[Stage, re.Pattern[str]] = {
    Stage.CHIP: re.compile(r"\.ch\.(?P<id>\d+)\.(?P<item>XY\d\d)\."),
    Stage.CAMERA: re.compile(r"^(?P<item>.+?)\.cm\.(?P<id>\d+)\."),
    Stage.WARP: re.compile(rf"\.wrp\.(?P<id>\d+)\.(?P<item>{_SKYCELL})\."),
    Stage.STACK: re.compile(rf"(?P<item>{_SKYCELL})\.stk\.(?P<id>\d+)\."),
}


def ids_in_name(stage: Stage, path: str) -> NamedIds | None:
    """The ids in a product's file name (the last piece of a key or remote path); None when it follows no rule."""
    found = _NAMES[stage].search(path.rpartition("/")[2])
    return NamedIds(stage_id=int(found["id"]), item=found["item"]) if found else None
