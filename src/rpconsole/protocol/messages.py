"""Every message that crosses the socket. ``kind`` tells them apart; docs/protocol.md describes them field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, SerializationInfo, field_serializer

from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.domain.overview import RunIndex
from rpconsole.domain.snapshot import Alert, Snapshot
from rpconsole.protocol.delta import SnapshotDelta

#: grows when a message changes in a way that the other side must know of
PROTOCOL = 2
#: version of every result object, on the socket and in ``--json``
RESULT_VERSION = 1


class Message(BaseModel):
    """A message; what it holds is never repeated in a validation error, which might show a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Hello(Message):
    """The first line of either side; unknown fields are passed over, so that a newer peer gets a sentence, not a parse error."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    kind: Literal["hello"] = "hello"
    protocol: int
    version: str


class ClientHello(Hello):
    """Who calls, and whether he can answer the site's prompts."""

    who: Annotated[str, Field(max_length=64)] = ""
    answers: bool = False
    #: the terminal of a console that may act; empty for a command, and for a console that only looks
    place: Annotated[str, Field(max_length=64)] = ""
    #: take the baton if nobody has it
    wants_baton: bool = False
    #: this client only looks: the engine takes no order and no answer from it
    looks: bool = False


class Request(Message):
    """An order or a question; the answer carries the same id."""

    kind: Literal["request"] = "request"
    id: Annotated[int, Field(ge=0)]
    verb: str
    args: dict[str, Any] = {}


#: a window holds so many runs at most
MAX_WINDOW = 1000
WindowRuns = Annotated[tuple[int, ...], Field(max_length=MAX_WINDOW)]


class Follow(Message):
    """Send a snapshot now, and changes and alerts from now on; with ``first``, of so many runs or of ``runs`` only, and an index of all."""

    kind: Literal["follow"] = "follow"
    first: Annotated[int, Field(ge=0, le=MAX_WINDOW)] | None = None
    runs: WindowRuns = ()


class Look(Message):
    """The runs that are in this client's window from now on; only after a ``follow`` with ``first``."""

    kind: Literal["look"] = "look"
    runs: WindowRuns


class Reply(Message):
    """The answers to a challenge, in the order of its prompts."""

    kind: Literal["reply"] = "reply"
    ask_id: int
    answers: tuple[SecretStr, ...]

    @field_serializer("answers")
    def _reveal_on_the_wire_only(self, answers: tuple[SecretStr, ...], info: SerializationInfo) -> list[str]:
        wire = isinstance(info.context, dict) and info.context.get("wire") is True
        return [answer.get_secret_value() if wire else str(answer) for answer in answers]


class Decline(Message):
    """This client will not answer the challenge."""

    kind: Literal["decline"] = "decline"
    ask_id: int


class EngineHello(Hello):
    """Which engine answers; ``who`` is the name under which this client's acts are recorded."""

    pid: int
    #: epoch seconds
    since: float
    site: str
    database: str
    who: str
    #: this connection's number, by which the baton knows its holder
    client: int = 0


class WireError(Message):
    """A failure as a sentence, with what it means for the caller."""

    sentence: str
    kind: FaultKind
    exit_code: ExitCode


class Answer(Message):
    """What became of a request: a result object with its own version, or an error."""

    kind: Literal["answer"] = "answer"
    id: int
    ok: bool
    result: dict[str, Any] | None = None
    error: WireError | None = None


class WholeSnapshot(Message):
    """Everything that is shown; ``dropped`` = alerts that this client was too slow to be sent."""

    kind: Literal["snapshot"] = "snapshot"
    snapshot: Snapshot
    dropped: int = 0
    #: for a client with a window: what there is beside it
    index: RunIndex | None = None


class Change(Message):
    """What differs from the snapshot that this client was sent last."""

    kind: Literal["delta"] = "delta"
    delta: SnapshotDelta
    index: RunIndex | None = None


class AlertSaid(Message):
    """Something that is said to the operators, once."""

    kind: Literal["alert"] = "alert"
    alert: Alert


class PromptText(Message):
    """One question in the site's own words: foreign text."""

    text: str
    echo: bool


class ChallengeAsked(Message):
    """The site asks; every client that can answer gets it, and the first valid reply wins."""

    kind: Literal["challenge"] = "challenge"
    ask_id: int
    #: who began the login
    asker: str
    #: this very client began it
    yours: bool = False
    host: str
    user: str
    #: (2, 4) = the second of four logins
    position: tuple[int, int]
    title: str
    instructions: str
    prompts: tuple[PromptText, ...]
    #: how long an answer is waited for, from now
    answer_within_s: float
    #: wrong answers in a row after which the site locks the account, less those that were given; None = unknown
    tries_left: int | None = None


class Answered(Message):
    """A challenge is closed: somebody answered it, or nobody will."""

    kind: Literal["answered"] = "answered"
    ask_id: int
    outcome: Literal["answered", "declined", "expired"]
    #: who answered or declined; empty when the time was up
    by: str = ""


class Rejected(Message):
    """A reply that was not passed on to the site; another one may follow."""

    kind: Literal["rejected"] = "rejected"
    ask_id: int
    sentence: str


class Bye(Message):
    """The connection ends, and why."""

    kind: Literal["bye"] = "bye"
    sentence: str
    exit_code: ExitCode = ExitCode.SYSTEM


FromClient = Annotated[ClientHello | Request | Follow | Look | Reply | Decline, Field(discriminator="kind")]
FromEngine = Annotated[
    EngineHello | Answer | WholeSnapshot | Change | AlertSaid | ChallengeAsked | Answered | Rejected | Bye,
    Field(discriminator="kind"),
]
