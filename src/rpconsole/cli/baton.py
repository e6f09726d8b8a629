"""baton: which of the attached operators acts, and asking for it from a shell."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rpconsole.cli.configured import Configured, configured
from rpconsole.cli.door import Result, order
from rpconsole.cli.given import who_calls
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import say, show_json
from rpconsole.cli.words import moment
from rpconsole.domain.fault import ExitCode, RpconsoleError

if TYPE_CHECKING:
    from rpconsole.domain.baton import Baton
    from rpconsole.protocol.client import EngineClient


class Kept(RpconsoleError):
    """The holder keeps the baton."""

    exit_code = ExitCode.SYSTEM


class Do(StrEnum):
    """What may be done with it."""

    SHOW = "show"
    TAKE = "take"


def baton(
    context: typer.Context,
    do: Annotated[Do, typer.Argument(help="show = who has it; take = ask for it, wait, and lay it down.")] = Do.SHOW,
    as_json: JsonOption = False,
) -> None:
    """Show which operator acts, or free the baton so that commands act: its holder has 30 s to refuse."""
    if do is Do.TAKE:
        asyncio.run(_take(configured(given(context))))
    found = order(context, "status")["baton"]
    if as_json:
        show_json({"version": 1, **found})
    else:
        say(_sentence(found))


def _sentence(found: Result) -> str:
    holder, asker = found["holder"], found["asker"]
    if holder is None:
        return "nobody has the baton: commands act, and a console takes it with T"
    asks = f"; {_name(asker)} asks for it" if asker else ""
    return f"{_name(holder)} has the baton since {moment(found['since'])}{asks}"


def _name(seat: Result) -> str:
    return f"{seat['who']} ({seat['place']})" if seat["place"] else str(seat["who"])


async def _take(settings: Configured) -> None:
    from rpconsole.protocol.client import EngineClient

    async with await EngineClient.connect(settings.socket_path, who=who_calls()) as client:
        said = (await client.call("baton", do="ask"))["sentence"]
        if not await _has(client):
            say(str(said))
            await _granted(client)


async def _has(client: EngineClient) -> bool:
    holder = (await client.call("status"))["baton"]["holder"]
    return holder is not None and holder["client"] == client.hello.client


async def _granted(client: EngineClient) -> None:
    """Wait for the holder or for the time; Kept when he refuses."""
    from rpconsole.protocol.messages import AlertSaid, WholeSnapshot

    mine = client.hello.client
    async for event in client.follow(first=0):
        if isinstance(event, AlertSaid):
            continue
        snapshot = event.snapshot if isinstance(event, WholeSnapshot) else event.delta.snapshot
        found: Baton = snapshot.baton
        if found.is_held_by(mine):
            return
        if not found.is_asked_by(mine):
            raise Kept(f"{found.holder} keeps the baton")
