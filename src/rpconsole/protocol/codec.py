"""Messages to lines and back, and any of our dataclasses to plain JSON objects."""

from __future__ import annotations

import json
import re
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from rpconsole.domain.snapshot import RunView
from rpconsole.protocol.errors import BadMessage
from rpconsole.protocol.messages import RESULT_VERSION, FromClient, FromEngine, Message

#: the longest line that the engine reads from a client
MAX_REQUEST_BYTES = 1 << 20
#: the longest line that a client reads: a snapshot of 100,000 runs
MAX_ANSWER_BYTES = 64 << 20

Kind = TypeVar("Kind")

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_from_client: TypeAdapter[FromClient] = TypeAdapter(FromClient)
_runs: TypeAdapter[tuple[RunView, ...]] = TypeAdapter(tuple[RunView, ...])
_from_engine: TypeAdapter[FromEngine] = TypeAdapter(FromEngine)


def encode(message: Message) -> bytes:
    """A message as one line; the only place where the answers of a reply are written out."""
    try:
        text = message.model_dump_json(context={"wire": True})
    except PydanticSerializationError:
        # the name of some file is no UTF-8: spelt out, for nobody shall lose a whole snapshot over it
        found = json.dumps(message.model_dump(mode="json", context={"wire": True}), ensure_ascii=False)
        text = _LONE_SURROGATE.sub(lambda one: f"\\\\u{ord(one[0]):04x}", found)
    return text.encode() + b"\n"


def decode_from_client(line: bytes) -> FromClient:
    """Read what a client sent; BadMessage never repeats it."""
    return _decode(_from_client, line)


def decode_from_engine(line: bytes) -> FromEngine:
    """Read what the engine sent; BadMessage never repeats it."""
    return _decode(_from_engine, line)


async def read_line(reader: StreamReader) -> bytes | None:
    """The next line, or None at the end; BadMessage when it is longer than the reader's limit."""
    try:
        return await reader.readuntil(b"\n")
    except IncompleteReadError:
        return None
    except LimitOverrunError:
        raise BadMessage("the line is longer than a message may be") from None


def plain(value: object) -> Any:
    """Dataclasses, enums, tuples and mappings as plain JSON values."""
    return to_jsonable_python(value)


def result(**fields: object) -> dict[str, Any]:
    """A result object: the version first, then its fields."""
    return {"version": RESULT_VERSION, **plain(fields)}


def runs_of(status: Mapping[str, Any]) -> tuple[RunView, ...]:
    """The runs in the answer of the verb ``status``."""
    return _runs.validate_python(status["runs"])


def sentence_of(error: ValidationError) -> str:
    """Where a message or argument is wrong and how, without its content."""
    parts = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(piece) for piece in problem["loc"])
        text = problem["msg"].removeprefix("Value error, ")
        parts.append(f"{place}: {text}" if place else text)
    return "; ".join(parts)


def _decode(adapter: TypeAdapter[Kind], line: bytes) -> Kind:
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        raise BadMessage(f"not a message of this protocol: {sentence_of(error)}") from None
