"""plan: what would be asked of the scheduler and why, and the inverse: how much fills a job."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpconsole.cli.configured import configured, known_site
from rpconsole.cli.given import Given
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.output import complain, say, show_fields, show_json, show_table
from rpconsole.domain.fault import BadConfiguration

if TYPE_CHECKING:
    from rpconsole.domain.allocation import SitePlan
    from rpconsole.domain.stage import Stage

#: commands of the largest plan: more than any survey has
MOST = 1_000_000_000


def plan(
    context: typer.Context,
    stage: Annotated[str, typer.Option("--stage", help="chip, camera (or cam), warp or stack.")],
    commands: Annotated[
        int | None, typer.Option("--commands", min=0, max=MOST, help="How many commands the job has.")
    ] = None,
    hours: Annotated[
        int | None, typer.Option("--hours", min=1, max=8760, help="Wall time: a wish, or with --nodes the job to fill.")
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option("--nodes", min=1, max=1_000_000, help="With --hours: how many exposures fill so many nodes?"),
    ] = None,
    each: Annotated[
        int | None,
        typer.Option("--each", min=1, max=MOST, help="Commands of one exposure. Default: 60 chip, 1 camera, 70 warp."),
    ] = None,
    site: Annotated[
        str | None, typer.Option("--site", help="The configured site (default), or lanl or uhcray, which are built in.")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="Reckon by what its finished tasks took.")] = None,
    filter: Annotated[str | None, typer.Option("--filter", help="Only those in this filter, as g.")] = None,
    no_safety: Annotated[bool, typer.Option("--no-safety", help="Add no safety hours.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Reckon nodes, hours and threads of a job, and say why; or, without --commands, how many exposures fill a job."""
    name, limits = _site(given(context), site)
    wanted, limits = _stage(stage, limits)
    if label is not None or filter is not None:
        limits = _with_learned(given(context), wanted, limits, label, filter)
    limits = limits.without_safety() if no_safety else limits
    heading = {"version": 1, "site": name, "stage": limits.called or str(wanted)}
    if commands is None:
        if hours is None or nodes is None:
            raise typer.BadParameter("give --commands for a plan, or --hours and --nodes for what fills such a job")
        _show_filling({**heading, "nodes": nodes, "hours": hours}, wanted, limits, each, as_json=as_json)
        return
    if nodes is not None:
        raise typer.BadParameter(
            "--nodes goes with --hours and without --commands; the plan itself says how many nodes"
        )
    _show_plan({**heading, "commands": commands}, wanted, commands, _wished(wanted, limits, hours), as_json=as_json)


def _site(options: Given, site: str | None) -> tuple[str, SitePlan]:
    """A built-in site needs no configuration."""
    try:
        return configured(options).site_plan(site)
    except BadConfiguration as error:
        try:
            return known_site(site or "")
        except BadConfiguration:
            raise error from None


def _stage(word: str, limits: SitePlan) -> tuple[Stage, SitePlan]:
    from rpconsole.domain.cost import OTHER_STAGES
    from rpconsole.domain.stage import Stage, stage_of

    if word in OTHER_STAGES:
        return Stage.STACK, limits.for_other(OTHER_STAGES[word])
    try:
        return stage_of(word), limits
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _with_learned(options: Given, stage: Stage, limits: SitePlan, label: str | None, filter: str | None) -> SitePlan:
    if limits.called:
        raise typer.BadParameter(
            f"{limits.called} is not run here, so nothing is learned of it; leave --label and --filter out"
        )
    learned = asyncio.run(configured(options).learned(stage, label, filter))
    if learned is None:
        whose = " and ".join(
            f"{kind} {word}" for kind, word in (("label", label), ("filter", filter)) if word is not None
        )
        complain(f"rpconsole: too few tasks of {whose} have ended to learn from; reckoning as configured")
        return limits
    return limits.with_cost(stage, learned)


def _wished(stage: Stage, limits: SitePlan, hours: int | None) -> SitePlan:
    if hours is None:
        return limits
    if not limits.min_hours <= hours <= limits.max_hours:
        raise typer.BadParameter(
            f"--hours is {hours}; the site gives {limits.min_hours} to {limits.max_hours} hours to a job"
        )
    return limits.for_hours(stage, hours)


def _show_plan(heading: dict[str, Any], stage: Stage, commands: int, limits: SitePlan, *, as_json: bool) -> None:
    from rpconsole.domain.allocation import allocation_for, series_for
    from rpconsole.domain.cost import THREADING

    asked, series = allocation_for(stage, commands, limits), series_for(stage, commands, limits)
    tested = () if limits.called else THREADING.get(stage, ())
    several = {
        "jobs": series.jobs,
        "commands_each": series.commands_each,
        "nodes": series.each.nodes,
        "hours": series.each.hours,
        "node_hours": series.node_hours,
    }
    if as_json:
        fields = {
            name: getattr(asked, name) for name in ("nodes", "hours", "threads", "multiplier", "node_hours", "fits")
        }
        rest = {"reasons": list(asked.reasons), "series": several, "threading": [asdict(line) for line in tested]}
        show_json({**heading, **fields, **rest})
        return
    fields = {"nodes": asked.nodes, "hours": asked.hours, "threads": asked.threads, "node hours": asked.node_hours}
    show_fields([("site", heading["site"]), *fields.items()])
    for reason in asked.reasons:
        say(f"  {reason}")
    if series.jobs > 1:
        say(
            f"  several jobs instead: {series.jobs} of {series.commands_each} commands, each {series.each.nodes} nodes × "
            f"{series.each.hours} h, {series.node_hours} node hours together"
        )
    if tested:
        say("\nthe survey's test with more threads a command, the same commands on one node:")
        titles = ("threads", "command s", "all s", "load", "memory", "user %")
        rows = [(t.threads, t.command_s, t.job_s, t.load, f"{t.memory:.0%}", f"{t.user:.0f}") for t in tested]
        show_table(titles, rows, right=range(6))
    if not asked.fits:
        complain("rpconsole: this does not fit the site's limits; define smaller runs")


def _show_filling(heading: dict[str, Any], stage: Stage, limits: SitePlan, each: int | None, *, as_json: bool) -> None:
    from rpconsole.domain.allocation import filling_of

    filling = filling_of(stage, heading["nodes"], heading["hours"], limits, commands_each=each)
    if as_json:
        fields = {name: getattr(filling, name) for name in ("exposures", "commands", "cautious", "node_hours")}
        show_json({**heading, **fields, "threads": limits.threads[stage], "reasons": list(filling.reasons)})
        return
    what = {"stack": "stacks"}.get(heading["stage"], f"{limits.called} commands" if limits.called else "exposures")
    show_fields(
        [
            ("site", heading["site"]),
            (what, f"about {filling.exposures}"),
            ("planned", f"{filling.cautious} {what} without a risk"),
            ("node hours", filling.node_hours),
        ]
    )
    for reason in filling.reasons:
        say(f"  {reason}")
