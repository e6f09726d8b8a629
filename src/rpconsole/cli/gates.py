"""pause, resume, and the same in the words of pantasks: remote.poll.off, remote.exec.on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from rpconsole.cli.door import order
from rpconsole.cli.options import JsonOption
from rpconsole.cli.output import show_json, show_table
from rpconsole.cli.words import moment
from rpconsole.domain.snapshot import GATES, STAGE_GATES

Gates = Annotated[list[str], typer.Argument(metavar="GATE...", help=f"{', '.join(GATES)}, prepare.STAGE, or all.")]


def pause(context: typer.Context, gates: Gates, as_json: JsonOption = False) -> None:
    """Close gates: nothing new of their kind is started, what runs goes on."""
    _set(context, gates, is_open=False, as_json=as_json)


def resume(context: typer.Context, gates: Gates, as_json: JsonOption = False) -> None:
    """Open gates."""
    _set(context, gates, is_open=True, as_json=as_json)


def add_pantasks_words(app: typer.Typer) -> None:
    """``remote.<gate>.on`` and ``.off`` for those whose fingers know them; not shown in help."""
    for gate in (*GATES, *STAGE_GATES, "all"):
        for word, is_open in (("on", True), ("off", False)):
            app.command(f"remote.{gate}.{word}", hidden=True)(_pantasks_command(gate, is_open=is_open))


def _pantasks_command(gate: str, *, is_open: bool) -> Callable[..., None]:
    def command(context: typer.Context, as_json: JsonOption = False) -> None:
        _set(context, [gate], is_open=is_open, as_json=as_json)

    command.__doc__ = f"The same as '{'resume' if is_open else 'pause'} {gate}'."
    return command


def _set(context: typer.Context, gates: list[str], *, is_open: bool, as_json: bool) -> None:
    result = order(context, "gates", names=gates, open=is_open)
    if as_json:
        show_json(result)
        return
    show_table(
        ("gate", "state", "set by", "at"),
        [
            (gate["name"], "open" if gate["open"] else "CLOSED", gate["who"], moment(gate["at"]))
            for gate in result["gates"]
        ],
    )
