"""db check, db upgrade: gpc1 and the journal."""

from __future__ import annotations

import asyncio

import typer

from rpconsole.cli.configured import configured
from rpconsole.cli.findings import Finding, exit_code_of, show_findings
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import say, show_json

app = typer.Typer(no_args_is_help=True, help="The survey's database and our journal.")


@app.command()
def check(context: typer.Context, as_json: JsonOption = False) -> None:
    """See whether both databases answer and have the tables that we need."""
    settings = configured(given(context))

    async def look() -> list[Finding]:
        return [await settings.upkeep.gpc1(), await settings.upkeep.journal()]

    findings = asyncio.run(look())
    show_findings(findings, as_json=as_json)
    raise typer.Exit(exit_code_of(findings))


@app.command()
def upgrade(context: typer.Context, as_json: JsonOption = False) -> None:
    """Bring the journal's tables up to date; gpc1 belongs to the survey and is never changed, save for the indexes of an SQLite file."""
    upkeep = configured(given(context)).upkeep

    async def work() -> tuple[str, list[str]]:
        return await upkeep.upgrade_journal(), await upkeep.index_gpc1()

    revision, indexes = asyncio.run(work())
    if as_json:
        show_json({"version": 1, "journal": revision, "indexes": indexes})
        return
    say(f"the journal has schema {revision}")
    if indexes:
        say(f"gpc1 has new indexes: {', '.join(indexes)}")
