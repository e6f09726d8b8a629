"""login --renew: the eight steps of the renewal, followed line by line, with the site's questions answered here."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpconsole.cli.configured import Configured
from rpconsole.cli.door import Result
from rpconsole.cli.given import who_calls
from rpconsole.cli.output import complain, show_json
from rpconsole.cli.status import show_renewal, show_sessions
from rpconsole.domain.fault import LoginRefused, RpconsoleError
from rpconsole.domain.renewal import LineState, Outcome, RenewalView

if TYPE_CHECKING:
    from rpconsole.cli.dialogue import ShellDialogue
    from rpconsole.domain.snapshot import Snapshot
    from rpconsole.protocol.client import EngineClient


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What the person typed."""

    user: str | None
    cut: bool
    abandon: bool
    from_stdin: bool
    as_json: bool


async def renewed(settings: Configured, wish: Wish) -> None:
    """Begin a renewal or join the one under way, and show how it ended; LoginRefused when it did not end well."""
    from rpconsole.cli.dialogue import shell_dialogue
    from rpconsole.daemon.dispatch import NoOneToAsk
    from rpconsole.protocol.client import EngineClient
    from rpconsole.protocol.errors import NoEngine

    with shell_dialogue(from_stdin=wish.from_stdin) as dialogue:
        try:
            client = await EngineClient.connect(settings.socket_path, who=who_calls(), dialogue=dialogue)
        except NoEngine as error:
            raise NoOneToAsk(f"{error}; a login lives in the engine: start it with 'rpconsole --daemon'") from None
        async with client:
            await _followed(client, wish, dialogue)
            result = await client.call("session")
    _show(result, as_json=wish.as_json)
    if result["renewal"]["outcome"] != Outcome.DONE and not wish.abandon:
        raise LoginRefused(result["renewal"]["sentence"])


async def _followed(client: EngineClient, wish: Wish, dialogue: ShellDialogue) -> None:
    before = (await client.call("session"))["renewal"]
    joins = before is not None and before["outcome"] == Outcome.RUNNING
    dialogue.joins(others=joins)
    telling = asyncio.create_task(_tell(client, after=None if joins or before is None else before["began_at"]))
    try:
        if wish.abandon or (joins and wish.cut):
            await client.call("renewal", choice="abandon" if wish.abandon else "cut")
        elif not joins:
            await client.call("renew", user=wish.user, cut=wish.cut)
        await telling
    except asyncio.CancelledError:
        # the person pressed Ctrl-C: what he began shall not go on without him
        if not joins:
            with suppress(RpconsoleError):
                await client.call("renewal", choice="abandon")
        await client.decline_all()
        raise
    finally:
        telling.cancel()


async def _tell(client: EngineClient, *, after: float | None) -> None:
    """Say each step as it is reached, until the renewal that began later than ``after`` has ended."""
    from rpconsole.protocol.delta import apply_delta
    from rpconsole.protocol.messages import Change, WholeSnapshot

    snapshot: Snapshot | None = None
    said: list[str] = []
    async for event in client.follow(first=0):
        if isinstance(event, WholeSnapshot):
            snapshot = event.snapshot
        elif isinstance(event, Change) and snapshot is not None:
            snapshot = apply_delta(snapshot, event.delta)
        view = snapshot.renewal if snapshot is not None else None
        if view is None or (after is not None and view.began_at <= after):
            continue
        for line in _lines(view):
            if line not in said:
                said.append(line)
                complain(line)
        if view.outcome is not Outcome.RUNNING:
            return


def _lines(view: RenewalView) -> list[str]:
    """What there is to say, each thing once."""
    lines = [
        f"{number} {line.step}: {line.detail}"
        for number, line in enumerate(view.lines, start=1)
        if line.state in (LineState.DOING, LineState.DONE, LineState.FAILED)
    ]
    waits = [f"    waits for {wait.subject}: {wait.sentence}" for wait in view.waits]
    by = f" (ordered by {view.chosen_by})" if view.chosen_by else ""
    return [*lines, *waits, *([f"    {view.choice}{by}"] if by else [])]


def _show(result: Result, *, as_json: bool) -> None:
    if as_json:
        show_json(result)
        return
    show_renewal(result["renewal"], result["at"])
    show_sessions(result["sessions"], result["at"])
