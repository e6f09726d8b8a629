"""login, logout: sessions to the site."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rpconsole.cli.configured import Configured, configured
from rpconsole.cli.door import Result, order, who_calls
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import show_json
from rpconsole.cli.status import show_sessions
from rpconsole.domain.fault import SessionLost

Hosts = Annotated[list[str] | None, typer.Argument(metavar="HOST...", help="Front ends. Default: all.")]


def login(
    context: typer.Context,
    hosts: Hosts = None,
    user: Annotated[str | None, typer.Option("--user", help="Account at the site. Default: as configured.")] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the answers from stdin, a line each.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Open sessions: the site's questions are shown as they came, your answers are sent once."""
    settings = configured(given(context))
    result = asyncio.run(_login(settings, user, hosts or [], from_stdin=stdin))
    if as_json:
        show_json(result)
    else:
        show_sessions(result["sessions"], result["at"])
    for view in result["sessions"]:
        if view["state"] != "open" and (not hosts or view["host"] in hosts):
            raise SessionLost(view["sentence"] or f"The session to {view['host']} is {view['state']}.")


def logout(context: typer.Context, hosts: Hosts = None, as_json: JsonOption = False) -> None:
    """End sessions in order."""
    result = order(context, "logout", hosts=hosts or [])
    if as_json:
        show_json(result)
    else:
        show_sessions(result["sessions"], result["at"])


async def _login(settings: Configured, user: str | None, hosts: list[str], *, from_stdin: bool) -> Result:
    from rpconsole.cli.dialogue import shell_dialogue
    from rpconsole.daemon.dispatch import NoOneToAsk
    from rpconsole.protocol.client import EngineClient
    from rpconsole.protocol.errors import NoEngine

    with shell_dialogue(from_stdin=from_stdin) as dialogue:
        try:
            client = await EngineClient.connect(settings.socket_path, who=who_calls(), dialogue=dialogue)
        except NoEngine as error:
            raise NoOneToAsk(f"{error}; a login lives in the engine: start it with 'rpconsole --daemon'") from None
        async with client:
            try:
                await client.call("login", user=user, hosts=hosts)
            except asyncio.CancelledError:
                # the person pressed Ctrl-C: nobody shall wait for an answer
                await client.decline_all()
                raise
            return await client.call("session")
