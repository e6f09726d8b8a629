"""The options of ``rpconsole`` itself, as every command finds them in its context, and options that commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from rpconsole.cli.given import Given


def given(context: typer.Context) -> Given:
    """The options of the whole command line."""
    found = context.find_object(Given)
    return found if found is not None else Given()


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object with a version number.")]
RunNumber = Annotated[int, typer.Argument(metavar="ID", help="Number of the remote run.")]
RunNumbers = Annotated[list[int], typer.Argument(metavar="ID...", help="Numbers of remote runs.")]
LabelOption = Annotated[str | None, typer.Option("--label", help="The label of the runs.")]
StageOption = Annotated[str | None, typer.Option("--stage", help="chip, camera (or cam), warp or stack.")]
