"""scratch: what lies on the site's scratch, when it will be purged, and what may go."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from rpconsole.cli.door import Result, order
from rpconsole.cli.options import JsonOption, RunNumbers
from rpconsole.cli.output import complain, say, show_fields, show_json, show_table
from rpconsole.cli.words import ago, duration, moment, volume

app = typer.Typer(
    invoke_without_command=True,
    help="Show the site's scratch: its room, what will be purged when, what waits for room.",
)
RunsOrNone = Annotated[
    list[int] | None, typer.Argument(metavar="[ID...]", help="Runs; all that left something without one.")
]


@app.callback()
def scratch(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show the site's scratch: its room, what will be purged when, what waits for room."""
    if context.invoked_subcommand is not None:
        return
    result = order(context, "scratch")
    if as_json:
        show_json(result)
        return
    _show(result)


@app.command()
def safe(
    context: typer.Context,
    run_ids: RunsOrNone = None,
    limit: Annotated[int, typer.Option("--limit", min=0, max=100_000, help="Paths that are named of each run.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """List what full runs left at the site that nobody needs there, proven file by file; changes nothing."""
    result = order(context, "scratch_safe", remote_ids=run_ids or [], limit=limit)
    if as_json:
        show_json(result)
        return
    paths = [
        (run["remote_id"], one["kind"], one["bytes"], one["remote"]) for run in result["runs"] for one in run["paths"]
    ]
    show_table(("run", "kind", "bytes", "path"), paths, right=(0, 2), empty="nothing is safe to remove")
    for run in result["runs"]:
        _summary(run)


@app.command()
def clean(
    context: typer.Context,
    run_ids: RunNumbers,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove what 'scratch safe' lists of these runs, after asking."""
    found = order(context, "scratch_safe", remote_ids=run_ids, limit=0)
    files = sum(run["files"] for run in found["runs"])
    if files and not yes:
        _ask(found, files)
    result = order(context, "scratch_clean", remote_ids=run_ids) if files else found
    if as_json:
        show_json(result)
        return
    for run in result["runs"]:
        say(f"run {run['remote_id']}: {run['removed'] or 0} files removed, {volume(run['bytes'])}")
        for sentence in run["kept"]:
            say(f"  {sentence}")


def _ask(found: Result, files: int) -> None:
    for run in found["runs"]:
        _summary(run)
    total = volume(sum(run["bytes"] for run in found["runs"]))
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{files} files ({total}) would be removed; say --yes where nobody can be asked")
    if not typer.confirm(f"Remove these {files} files ({total}) from the site's scratch?", err=True):
        complain("rpconsole: nothing was removed")
        raise typer.Exit(0)


def _summary(run: dict[str, Any]) -> None:
    kinds = ", ".join(f"{count} {kind}s" for kind, count in sorted(run["kinds"].items())) or "nothing"
    say(f"run {run['remote_id']}: {kinds} may go, {volume(run['bytes'])}")
    for sentence in run["kept"]:
        say(f"  {sentence}")


def _show(result: Result) -> None:
    room, now = result["room"], result["at"]
    if room is None:
        say("the room is not known: no session has lived since the engine's start")
    else:
        share = room["used"] / room["total"] if room["total"] else 1.0
        show_fields(
            [
                ("used", f"{volume(room['used'])} of {volume(room['total'])} ({share:.0%}), by the {room['source']}"),
                ("looked at", ago(room["at"], now)),
                ("under way", f"about {volume(result['promised'])} more"),
            ]
        )
    rule = "no purge is configured" if result["purge_days"] is None else (
        f"files are purged {result['purge_days']:g} days after their last {result['purge_by']}"
    )  # fmt: skip
    say(rule)
    show_table(
        ("run", "stage", "label", "state", "files", "bytes", "purged in", "from", "read by", "gone"),
        [_row(view, now) for view in result["holdings"]],
        right=(0, 4, 5),
        empty="no run has left anything that is known of",
    )
    for one in result["waiting"]:
        say(f"run {one['remote_id']} waits: {one['sentence']}")


def _row(view: dict[str, Any], now: float) -> tuple[object, ...]:
    held, at = view["holding"], view["purge_at"]
    return (
        held["remote_id"],
        held["stage"],
        held["label"],
        held["state"],
        held["files"],
        volume(held["bytes"]) if held["looked_at"] else "-",
        "-" if at is None else duration(at - now),
        moment(at),
        " ".join(map(str, view["readers"])) or "-",
        f"{held['missing']} of {held['seen'] + held['missing']}" if held["missing"] else "",
    )
