"""The four stages, their order and the database's own words for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """A processing stage; the value is the word in ``remoteRun.stage``."""

    CHIP = "chip"
    CAMERA = "camera"
    WARP = "warp"
    STACK = "stack"

    @property
    def next(self) -> Stage | None:
        """The stage that this one feeds, or None after the last."""
        later = list(Stage)[list(Stage).index(self) + 1 :]
        return later[0] if later else None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageWords:
    """How gpc1 and the IPP file rules call a stage."""

    #: table of the stage's runs
    run_table: str
    #: its id column, which ``remoteComponent.stage_id`` refers to
    id_column: str
    #: the piece of an output root in front of the id, as in ``o5745g0101o.ch.9``
    root_piece: str
    #: what one command line of this stage works on
    item: str


STAGE_WORDS = {
    Stage.CHIP: StageWords(run_table="chipRun", id_column="chip_id", root_piece="ch", item="class_id"),
    Stage.CAMERA: StageWords(run_table="camRun", id_column="cam_id", root_piece="cm", item="exposure"),
    Stage.WARP: StageWords(run_table="warpRun", id_column="warp_id", root_piece="wrp", item="skycell_id"),
    Stage.STACK: StageWords(run_table="stackRun", id_column="stack_id", root_piece="stk", item="skycell_id"),
}


def stage_of(word: str) -> Stage:
    """Read a stage as a person types it: ``cam`` is accepted for ``camera``; ValueError names the four words."""
    known = {"cam": Stage.CAMERA, **{str(stage): stage for stage in Stage}}
    try:
        return known[word.strip().lower()]
    except KeyError:
        words = ", ".join(Stage)
        raise ValueError(f"'{word}' is not a stage; the stages are {words}") from None
