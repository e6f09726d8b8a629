"""What every stage's preparation is given, and what it hands back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rpconsole.domain.fault import BadData
from rpconsole.domain.listfiles import CommandLine, ComponentLists
from rpconsole.domain.run import ComponentState
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import DetrendRun

#: threads that the programs themselves are started with; camera's takes no such option
PROGRAM_THREADS: Mapping[Stage, int] = {Stage.CHIP: 4, Stage.WARP: 4, Stage.STACK: 4}

#: recipes by reduction class; a camera's configuration may have more classes
REDUCTIONS: Mapping[str, Mapping[str, str]] = {
    "DEFAULT": {
        "CHIP_PPIMAGE": "CHIP",
        "CHIP_PSPHOT": "CHIP",
        "PSASTRO": "DEFAULT_RECIPE",
        "WARP_PSWARP": "WARP",
        "STACK_PPSTACK": "STACK",
    }
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteLayout:
    """Where things lie at the site, and what its programs are told."""

    remote_root: str
    #: goes into ``-hostname``
    hostname: str
    dbname: str
    #: directory of the astrometry references
    references: str
    #: directory of the tessellations
    tessellations: str
    #: warps came home, so stacks are made from what is shipped where the site's own copy is gone
    transfer_warp_images: bool = False
    threads: Mapping[Stage, int] = field(default_factory=lambda: PROGRAM_THREADS)
    reductions: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: REDUCTIONS)
    #: the camera's BURNTOOL.STATE.GOOD, which decides how burntool tables are named
    burntool_good_state: int = 14
    mask_reference: str = "gpc1.refmask.list"
    koppenhoefer_reference: str = "khcorrect.20140606.v0.fits"
    astrometry_model: str = "gpc1.20140505.asm"
    stack_subtraction_recipe: str = "STACK_1DG"
    stack_type: str = "DEEP_STACK"

    def reference(self, name: str) -> str:
        """The path of one astrometry reference."""
        return f"{self.references.rstrip('/')}/{name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wants:
    """What prepare needs from the storage at home before it can go on."""

    #: keys whose files must exist: look them up
    resolve: tuple[str, ...] = ()
    #: keys of files to come home or to be written: make them, empty
    create: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Detrends:
    """The detrends that a component may use: candidates, and the files of those that were picked."""

    runs: Sequence[DetrendRun] = ()
    #: (det_id, iteration) -> class_id -> uri
    files: Mapping[tuple[int, int], Mapping[str, str]] = field(default_factory=dict)


NO_DETRENDS = Detrends()


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedComponent:
    """One component, ready: its lists, and the texts to write at home beside them."""

    #: root of the stage's own output, without a skycell
    path_base: str
    lists: ComponentLists
    #: disk path -> content, of files that are shipped but not made by anybody else
    texts: Mapping[str, str] = field(default_factory=dict)
    #: what an operator should know although it does not stop anything
    notes: tuple[str, ...] = ()

    @property
    def stage_id(self) -> int:
        return self.lists.stage_id

    @property
    def commands(self) -> tuple[CommandLine, ...]:
        return self.lists.commands


class CannotPrepare(BadData):
    """The component cannot be prepared."""

    def __init__(self, message: str, *, missing: Iterable[str] = (), hard: bool = False) -> None:
        super().__init__(message)
        #: keys without a file, or what else was looked for in vain
        self.missing = tuple(missing)
        #: nothing but a person can help
        self.hard = hard

    @property
    def state(self) -> ComponentState:
        """What becomes of the component."""
        return ComponentState.FAIL if self.hard else ComponentState.PREP_FAIL


def recipe_for(layout: SiteLayout, reduction: str | None, what: str) -> str:
    """The recipe of a reduction class (``DEFAULT`` when the run names none)."""
    name = reduction or "DEFAULT"
    known = layout.reductions.get(name)
    if known is None:
        raise CannotPrepare(
            f"the reduction class '{name}' is unknown; known are {', '.join(sorted(layout.reductions))}"
        )
    # a class replaces only what it names
    recipe = known.get(what) or REDUCTIONS["DEFAULT"].get(what)
    if recipe is None:
        raise CannotPrepare(f"the reduction class '{name}' has no recipe for {what}")
    return recipe


def disk_of(files: Mapping[str, str], key: str) -> str:
    """The disk path of a key that was asked for; CannotPrepare when the storage has none, or one that no list can hold."""
    path = files.get(key)
    if path is None:
        raise CannotPrepare(f"the storage has no file for {key}", missing=(key,))
    if not path.startswith("/") or not path.isprintable():
        raise CannotPrepare(f"the storage has {path!r} for {key}, which cannot be a line of a list file")
    return path


def listed(things: Sequence[str], *, most: int = 3) -> str:
    """The first few of many, for a sentence."""
    shown = ", ".join(things[:most])
    return f"{shown} and {len(things) - most} more" if len(things) > most else shown
