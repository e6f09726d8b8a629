"""login, logout: sessions to the site."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from rpconsole.cli.configured import Configured, configured
from rpconsole.cli.door import Result, order
from rpconsole.cli.given import who_calls
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import show_json
from rpconsole.cli.renewal import Wish, renewed
from rpconsole.cli.status import show_sessions
from rpconsole.domain.fault import SessionLost
from rpconsole.domain.session import front_end_of

Hosts = Annotated[
    list[str] | None, typer.Argument(metavar="HOST...", help="Front ends, or single sessions as fe1/2. Default: all.")
]


def login(
    context: typer.Context,
    hosts: Hosts = None,
    user: Annotated[str | None, typer.Option("--user", help="Account at the site. Default: as configured.")] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the answers from stdin, a line each.")] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="End the sessions in order and open new ones; joins a renewal under way.")
    ] = False,
    cut: Annotated[
        bool, typer.Option("--cut", help="With --renew: cut transfers at the next bundle border, do not wait.")
    ] = False,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="With --renew: give up the renewal that is under way.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Open sessions: the site's questions are shown as they came, your answers are sent once."""
    settings = configured(given(context))
    if renew:
        if hosts:
            raise typer.BadParameter("--renew takes no HOST: all sessions are renewed together")
        wish = Wish(user=user, cut=cut, abandon=abandon, from_stdin=stdin, as_json=as_json)
        asyncio.run(renewed(settings, wish))
        return
    if cut or abandon:
        raise typer.BadParameter("--cut and --abandon go with --renew")
    result = asyncio.run(_login(settings, user, hosts or [], from_stdin=stdin))
    if as_json:
        show_json(result)
    else:
        show_sessions(result["sessions"], result["at"])
    for view in result["sessions"]:
        if view["state"] != "open" and (not hosts or {view["host"], front_end_of(view["host"])} & set(hosts)):
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
            dialogue.joins(others=False)
            try:
                await client.call("login", user=user, hosts=hosts)
            except asyncio.CancelledError:
                # the person pressed Ctrl-C: nobody shall wait for an answer
                await client.decline_all()
                raise
            return await client.call("session")
