"""plan: what would be asked of the scheduler, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from rpconsole.cli.configured import configured
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import complain, say, show_fields, show_json


def plan(
    context: typer.Context,
    stage: Annotated[str, typer.Option("--stage", help="chip, camera (or cam), warp or stack.")],
    commands: Annotated[int, typer.Option("--commands", min=0, help="How many commands the job has.")],
    site: Annotated[str | None, typer.Option("--site", help="Which site. Default: the configured one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Reckon nodes, hours and threads of a job, and say why."""
    from rpconsole.domain.allocation import allocation_for
    from rpconsole.domain.stage import stage_of

    try:
        wanted = stage_of(stage)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    name, limits = configured(given(context)).site_plan(site)
    asked = allocation_for(wanted, commands, limits)
    if as_json:
        show_json(
            {
                "version": 1,
                "site": name,
                "stage": wanted,
                "commands": commands,
                "nodes": asked.nodes,
                "hours": asked.hours,
                "threads": asked.threads,
                "multiplier": asked.multiplier,
                "node_hours": asked.node_hours,
                "fits": asked.fits,
                "reasons": list(asked.reasons),
            }
        )
        return
    show_fields(
        [
            ("site", name),
            ("nodes", asked.nodes),
            ("hours", asked.hours),
            ("threads", asked.threads),
            ("node hours", asked.node_hours),
        ]
    )
    for reason in asked.reasons:
        say(f"  {reason}")
    if not asked.fits:
        complain("rpconsole: this does not fit the site's limits; define smaller runs")
