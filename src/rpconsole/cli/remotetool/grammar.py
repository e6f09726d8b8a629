"""The modes and options of ``remotetool``: one table, from which it reads its command line and its help is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What an option's value must be; the value is how help calls it, '' for a switch."""

    S16 = "s16"
    S32 = "s32"
    S64 = "s64"
    #: VARCHAR(64), VARCHAR(255)
    WORD = "str"
    PATH = "path"
    TIME = "time"
    SWITCH = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option; its name has no dash."""

    name: str
    kind: Kind
    help: str
    required: bool = False
    #: given several times it means any of the values; others are overwritten by the last
    any_of: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """One mode and the options that it takes."""

    name: str
    help: str
    options: tuple[Option, ...]

    def option(self, name: str) -> Option | None:
        """The option of this name, those of every mode included."""
        return next((option for option in (*self.options, *GLOBAL) if option.name == name), None)


REMOTE_ID = Option(name="remote_id", kind=Kind.S64, help="number of the remote run")
STAGE_ID = Option(name="stage_id", kind=Kind.S64, help="chip_id, cam_id, warp_id, … of a component")
JOB_ID = Option(name="job_id", kind=Kind.S64, help="number of the batch job")
STAGE = Option(name="stage", kind=Kind.WORD, help="chip, camera, warp, stack, staticsky, diff or ff")
STATE = Option(name="state", kind=Kind.WORD, help="state of the run")
COMPONENT_STATE = Option(name="state", kind=Kind.WORD, help="state of the component")
LABEL = Option(name="label", kind=Kind.WORD, help="label of the run; repeated: any of them", any_of=True)
FAULT = Option(name="fault", kind=Kind.S16, help="fault code of the run")
LIMIT = Option(name="limit", kind=Kind.S16, help="at most so many rows; 0 = no limit")
SIMPLE = Option(name="simple", kind=Kind.SWITCH, help="print one row a line")


def _needed(option: Option) -> Option:
    return Option(name=option.name, kind=option.kind, help=option.help, required=True, any_of=option.any_of)


#: given with every mode
GLOBAL = (
    Option(name="dbname", kind=Kind.WORD, help="the database, by its name in the configuration"),
    Option(name="config", kind=Kind.PATH, help="the configuration file"),
    Option(name="v", kind=Kind.SWITCH, help="accepted and ignored, as are -vv and -vvv"),
    Option(name="vv", kind=Kind.SWITCH, help=""),
    Option(name="vvv", kind=Kind.SWITCH, help=""),
)

MODES = (
    Mode(
        name="definebyquery",
        help="Bundle what is new in a stage into one remote run.",
        options=(
            Option(
                name="label",
                kind=Kind.WORD,
                help="label of the stage's runs; repeated: any of them",
                required=True,
                any_of=True,
            ),
            _needed(STAGE),
            Option(name="path_base", kind=Kind.PATH, help="root of what is prepared for the run", required=True),
            Option(name="set_label", kind=Kind.WORD, help="label of the remote run; default: the last -label"),
            LIMIT,
            Option(name="pretend", kind=Kind.SWITCH, help="print what would be selected, write nothing"),
            SIMPLE,
        ),
    ),
    Mode(
        name="listrun",
        help="List remote runs; at least one criterion is needed.",
        options=(
            *(REMOTE_ID, STATE, STAGE, LABEL, JOB_ID),
            Option(name="poll_begin", kind=Kind.TIME, help="last_poll not before, UTC"),
            Option(name="poll_end", kind=Kind.TIME, help="last_poll not after, UTC"),
            *(FAULT, LIMIT, SIMPLE),
        ),
    ),
    Mode(
        name="listcomponent",
        help="List components with the stage and path_base of their run.",
        options=(
            *(REMOTE_ID, STAGE_ID),
            Option(name="jobs", kind=Kind.S32, help="number of command lines"),
            *(COMPONENT_STATE, LABEL, LIMIT, SIMPLE),
        ),
    ),
    Mode(
        name="doneprep",
        help="List runs all of whose components are through prepare.",
        options=(REMOTE_ID, JOB_ID, STAGE, STATE, LABEL, LIMIT, SIMPLE),
    ),
    Mode(
        name="updaterun",
        help="Set columns of one run.",
        options=(
            _needed(REMOTE_ID),
            Option(name="set_label", kind=Kind.WORD, help="its new label"),
            Option(name="set_state", kind=Kind.WORD, help="its new state"),
            Option(name="fault", kind=Kind.S16, help="its new fault code"),
            Option(name="job_id", kind=Kind.S64, help="its new job number"),
        ),
    ),
    Mode(name="updatepoll", help="Set last_poll of one run to now.", options=(_needed(REMOTE_ID),)),
    Mode(
        name="updatecomponent",
        help="Set columns of a run's components.",
        options=(
            *(_needed(REMOTE_ID), STAGE_ID, COMPONENT_STATE),
            Option(name="set_state", kind=Kind.WORD, help="their new state"),
            Option(name="set_path_base", kind=Kind.PATH, help="their new root"),
            Option(name="set_jobs", kind=Kind.S32, help="their new number of command lines"),
        ),
    ),
    Mode(name="dropcomponent", help="Disabled: components are not deleted.", options=(REMOTE_ID, STAGE_ID)),
    Mode(
        name="revertrun",
        help="Set the fault code of runs to 0; their state stays. At least one criterion is needed.",
        options=(REMOTE_ID, LABEL, FAULT),
    ),
    Mode(
        name="revertauth",
        help="Set runs from auth to run; all of them where nothing else is said.",
        options=(REMOTE_ID, LABEL),
    ),
    Mode(
        name="revertcomponent",
        help="Set failed components to retry; all of them where nothing else is said.",
        options=(REMOTE_ID, STAGE_ID),
    ),
)
