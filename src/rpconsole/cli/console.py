"""The console's words on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from rpconsole.cli.options import given
from rpconsole.cli.seat import Wanted, open_console

ThemeOption = Annotated[
    str | None, typer.Option("--theme", help="Colours: rp-dark, rp-light, rp-contrast, rp-16, rp-mono.")
]
AsciiOption = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")]


def attach(
    context: typer.Context,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look, do not act; the site's prompts are not answered here.")
    ] = False,
    theme: ThemeOption = None,
    ascii_only: AsciiOption = False,
) -> None:
    """Open the console on the running engine; never starts one."""
    wanted = Wanted(given=given(context), read_only=read_only, theme=theme, ascii_only=ascii_only)
    raise typer.Exit(open_console(wanted))
