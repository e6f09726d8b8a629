"""config check, show, init: the configuration file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rpconsole.cli.configured import configured
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import complain, say, show_json
from rpconsole.domain.fault import BadConfiguration

app = typer.Typer(no_args_is_help=True, help="The configuration file.")


@app.command()
def check(context: typer.Context, as_json: JsonOption = False) -> None:
    """Read the configuration, and say where it is wrong."""
    settings = configured(given(context))
    if as_json:
        show_json({"version": 1, "ok": True, "file": settings.source, "warnings": list(settings.warnings)})
        return
    for warning in settings.warnings:
        complain(f"rpconsole: {warning}")
    say(f"{settings.source}: all right")


@app.command()
def show(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show the whole configuration, defaults included and passwords hidden."""
    settings = configured(given(context))
    if as_json:
        show_json({"version": 1, "file": settings.source, "toml": settings.text})
    else:
        say(settings.text.rstrip("\n"))


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("rpconsole.toml"),
) -> None:
    """Write an annotated example to start from; a file that is there is left alone."""
    from rpconsole.config import example_config

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadConfiguration(f"{file} is there already; name another file, or move it away") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(example_config())
    say(f"{file} was written; edit it, then 'rpconsole -c {file} config check'")
