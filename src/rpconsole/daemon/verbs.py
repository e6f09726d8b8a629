"""The verbs of the protocol and their arguments, checked before the engine hears of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from rpconsole.domain.components import COMPONENT_KEYS
from rpconsole.domain.paths import BadKey, key_path
from rpconsole.domain.renewal import Choice
from rpconsole.domain.run import RunState
from rpconsole.domain.run_facts import SORT_KEYS
from rpconsole.domain.stage import Stage, stage_of

#: ``remoteRun.remote_id`` is a signed BIGINT that counts from 1
MAX_ID = (1 << 63) - 1


def _stage(value: object) -> object:
    return value if isinstance(value, Stage) or not isinstance(value, str) else stage_of(value)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it holds a control character")
    return text


def _storable(text: str) -> str:
    """gpc1 is latin1."""
    strange = next((char for char in text if ord(char) > 0xFF), None)
    if strange is not None:
        raise ValueError(f"the survey's database cannot hold the character '{strange}'")
    return text


def _place(text: str) -> str:
    try:
        key_path(text)
    except BadKey as error:
        raise ValueError(str(error)) from None
    return text


RunId = Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]
StageWord = Annotated[Stage, BeforeValidator(_stage)]
#: ``label`` is VARCHAR(64), ``path_base`` VARCHAR(255)
Label = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable), AfterValidator(_storable)]
PathBase = Annotated[
    str,
    Field(min_length=1, max_length=255),
    AfterValidator(_printable),
    AfterValidator(_storable),
    AfterValidator(_place),
]
Word = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)]


#: words that are ANDed, as they are typed
FilterText = Annotated[str, Field(max_length=1000)]


class Args(BaseModel):
    """Arguments of a verb; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class NoArgs(Args):
    """A verb that takes none."""


class SessionArgs(Args):
    """The sessions, and so many of those that have ended."""

    past: Annotated[int, Field(ge=0, le=10_000)] = 10


class RunArgs(Args):
    """One run."""

    remote_id: RunId


class RunLookArgs(RunArgs):
    """One run; ``brief`` = its components' states and kinds of failures instead of a row for each."""

    brief: bool = False


class ComponentsArgs(RunArgs):
    """A run's components that pass a filter, in which order, and the rows of those that are ``shown``; without any, of the first."""

    filter: FilterText = ""
    by: Literal[COMPONENT_KEYS] | None = None  # type: ignore[valid-type]
    backwards: bool = False
    shown: Annotated[tuple[int, ...], Field(max_length=1000)] = ()


class FailuresArgs(RunArgs):
    """A run's tasks that failed, or one component's: the first of them, and how many there are."""

    stage_id: Annotated[int, Field(strict=True, ge=0, le=MAX_ID)] | None = None
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000


class StoryArgs(RunArgs):
    """One run's story; ``limit`` = only the last lines, 0 = all."""

    limit: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class CommandsArgs(RunArgs):
    """A run's commands, or one component's; ``failed`` = only those, ``limit`` of them from ``offset`` on."""

    stage_id: Annotated[int, Field(strict=True, ge=0, le=MAX_ID)] | None = None
    failed: bool = False
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000


class PreviewArgs(Args):
    """What an order would do to some runs; nothing is done."""

    order: Literal["cancel", "retry", "resubmit", "revert", "rebundle"]
    remote_ids: Annotated[tuple[RunId, ...], Field(min_length=1, max_length=1000)]


class RunsArgs(Args):
    """Which runs; all when nothing is given."""

    label: Label | None = None
    stage: StageWord | None = None
    states: tuple[RunState, ...] = ()


class FindRunsArgs(Args):
    """Which runs are shown that pass a filter, in which order; the client's stream then tells which pass."""

    filter: FilterText = ""
    by: Literal[SORT_KEYS] | None = None  # type: ignore[valid-type]
    backwards: bool = False


class ReconcileArgs(Args):
    """One run; every run in doubt when nothing is given."""

    remote_id: RunId | None = None


class DefineArgs(Args):
    """What to bundle into a run."""

    stage: StageWord
    label: Label
    path_base: PathBase
    set_label: Label | None = None
    #: remotetool's -limit is a signed 16-bit number
    limit: Annotated[int, Field(ge=0, le=32767)] = 0
    pretend: bool = False


class AdvanceArgs(Args):
    """What to advance; everything when nothing is given."""

    label: Label | None = None
    stage: StageWord | None = None


class GatesArgs(Args):
    """Which gates (``all`` for every one), and whether they shall be open."""

    names: Annotated[tuple[Word, ...], Field(min_length=1)]
    open: bool


class LoginArgs(Args):
    """As whom and where; the configured user and all front ends when nothing is given."""

    user: Word | None = None
    hosts: tuple[Word, ...] = ()


class RenewArgs(Args):
    """As whom, and whether transfers are cut at the next bundle border; the answer comes when the renewal has ended."""

    user: Word | None = None
    cut: bool = False


class RenewalArgs(Args):
    """What the renewal under way shall do: wait, cut or abandon."""

    choice: Choice


class LogoutArgs(Args):
    """Where; everywhere when nothing is given."""

    hosts: tuple[Word, ...] = ()


class LabelArgs(Args):
    """A label and stages that the engine defines runs for by itself, or no longer does."""

    label: Label
    stages: Annotated[tuple[StageWord, ...], Field(min_length=1)]
    on: bool


class ActsArgs(Args):
    """How many of the last acts."""

    limit: Annotated[int, Field(ge=1, le=100_000)] = 100


class BatonArgs(Args):
    """ask for it, give it to who asks (or lay it down), or keep it (or ask no longer)."""

    do: Literal["ask", "give", "keep"]


class ScratchArgs(Args):
    """What is safe to remove from scratch: of these runs, of all that left something when none is given."""

    remote_ids: Annotated[tuple[RunId, ...], Field(max_length=1000)] = ()
    #: paths that are named of each run; all are counted
    limit: Annotated[int, Field(ge=0, le=100_000)] = 1000


class CleanArgs(Args):
    """Remove from scratch what is safe to remove of these runs."""

    remote_ids: Annotated[tuple[RunId, ...], Field(min_length=1, max_length=1000)]


class TailArgs(Args):
    """A piece of a file at the site; a negative offset counts from its end."""

    path: Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_printable)]
    offset: int = -65536
    limit: Annotated[int, Field(ge=1, le=1 << 20)] = 65536


VERBS: dict[str, type[Args]] = {
    "status": NoArgs,
    "session": SessionArgs,
    "runs": RunsArgs,
    "find_runs": FindRunsArgs,
    "queues": NoArgs,
    "run": RunLookArgs,
    "components": ComponentsArgs,
    "failures": FailuresArgs,
    "story": StoryArgs,
    "commands": CommandsArgs,
    "preview": PreviewArgs,
    "why": RunArgs,
    "acts": ActsArgs,
    "labels": NoArgs,
    "tail": TailArgs,
    "scratch": NoArgs,
    "scratch_safe": ScratchArgs,
    "scratch_clean": CleanArgs,
    "define": DefineArgs,
    "advance": AdvanceArgs,
    "retry": RunArgs,
    "reconcile": ReconcileArgs,
    "resubmit": RunArgs,
    "cancel": RunArgs,
    "revert": RunArgs,
    "rebundle": RunArgs,
    "gates": GatesArgs,
    "label": LabelArgs,
    "login": LoginArgs,
    "renew": RenewArgs,
    "renewal": RenewalArgs,
    "logout": LogoutArgs,
    "poll": NoArgs,
    "baton": BatonArgs,
}
#: verbs that change something: where an operator has the baton, they are his
ACTS = frozenset(
    {
        *("define", "advance", "retry", "resubmit", "cancel", "revert", "rebundle", "gates", "label", "poll"),
        *("login", "logout", "renew", "renewal", "scratch_clean", "haul", "haul_order", "bench"),
    }
)
#: acts that add routine work and overrule nobody: a command or a cron job may give them whoever has the baton
ROUTINE = frozenset({"define", "advance", "label", "poll", "haul"})
