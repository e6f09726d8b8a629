"""run show, commands, story, why, retry, resubmit, cancel, revert, rebundle: one run."""

from __future__ import annotations

from typing import Annotated

import typer

from rpconsole.cli.door import Door, Result, order, through_door
from rpconsole.cli.failures import failure_of
from rpconsole.cli.options import JsonOption, RunNumber, RunNumbers
from rpconsole.cli.output import complain, say, show_fields, show_json, show_table
from rpconsole.cli.words import moment, volume
from rpconsole.domain.fault import RpconsoleError

app = typer.Typer(no_args_is_help=True, help="Look at one remote run, or decide about it.")


@app.command()
def show(context: typer.Context, run_id: RunNumber, as_json: JsonOption = False) -> None:
    """Show everything that is known of a run."""
    result = order(context, "run", remote_id=run_id)
    if as_json:
        show_json(result)
        return
    _show_head(result)
    for reason in result["why"]:
        say(f"  {reason}")
    show_table(
        ("component", "state", "commands", "path_base"),
        [(one["stage_id"], one["state"], one["jobs"], one["path_base"]) for one in result["components"]],
        right=(0, 2),
        empty="no components",
    )
    if result["jobs"]:
        show_table(
            ("attempt", "state", "job", "intended"),
            [(job["number"], job["state"], job["job"], moment(job["intended_at"])) for job in result["jobs"]],
        )
    if result["failures"]:
        show_table(
            ("component", "item", "what is wrong"),
            [(one["stage_id"], one["item"], one["sentence"]) for one in result["failures"]],
        )
    show_table(("file", "path"), sorted(result["files"].items()))


@app.command()
def commands(
    context: typer.Context,
    run_id: RunNumber,
    component: Annotated[int | None, typer.Option("--component", help="Only those of this component.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that failed.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=5000, help="At most so many.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """List a run's commands with what became of each, where, and in which file its output lies at the site."""
    result = order(context, "commands", remote_id=run_id, stage_id=component, failed=failed, limit=limit)
    if as_json:
        show_json(result)
        return
    if result["unread"]:
        say(result["unread"])
    show_table(
        ("task", "component", "item", "state", "code", "node", "log"),
        [
            (one["task"], one["stage_id"], one["item"], one["state"], one["code"], one["node"], one["log"])
            for one in result["commands"]
        ],
        right=(0, 1, 4),
        empty="no commands",
    )
    if result["count"] > len(result["commands"]):
        say(f"{len(result['commands'])} of {result['count']} commands; --limit shows more")


@app.command()
def story(
    context: typer.Context,
    run_id: RunNumber,
    limit: Annotated[int, typer.Option("--limit", help="Only the last lines; 0 = all.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Tell how a run got where it is."""
    result = order(context, "story", remote_id=run_id, limit=limit)
    if as_json:
        show_json(result)
        return
    show_table(
        ("when", "what happened", "before", "after", "detail"),
        [
            (moment(line["at"]), line["event"], line["before"], line["after"], line["detail"])
            for line in result["story"]
        ],
        empty="nothing has happened to it yet",
    )


@app.command()
def why(context: typer.Context, run_id: RunNumber, as_json: JsonOption = False) -> None:
    """Say why a run does not move, and what would move it."""
    result = order(context, "why", remote_id=run_id)
    if as_json:
        show_json(result)
        return
    for reason in result["why"] or ["nothing holds it"]:
        say(reason)


@app.command()
def retry(context: typer.Context, run_ids: RunNumbers, as_json: JsonOption = False) -> None:
    """Send stopped runs on their way, or end a waiting."""
    _for_each(context, "retry", run_ids, as_json)


@app.command()
def resubmit(context: typer.Context, run_ids: RunNumbers, as_json: JsonOption = False) -> None:
    """Decide a doubtful submit for a new attempt: you know that no job of the old one is there."""
    _for_each(context, "resubmit", run_ids, as_json)


@app.command()
def cancel(context: typer.Context, run_ids: RunNumbers, as_json: JsonOption = False) -> None:
    """End runs: the job is cancelled at the site."""
    _for_each(context, "cancel", run_ids, as_json)


@app.command()
def revert(context: typer.Context, run_ids: RunNumbers, as_json: JsonOption = False) -> None:
    """Set failed components to 'retry', so that the next definition takes them again."""
    _for_each(context, "revert", run_ids, as_json)


@app.command()
def rebundle(context: typer.Context, run_ids: RunNumbers, as_json: JsonOption = False) -> None:
    """Revert the failed components and define a new run of them at once."""
    _for_each(context, "rebundle", run_ids, as_json)


def _for_each(context: typer.Context, verb: str, run_ids: list[int], as_json: bool) -> None:
    """Try every run; a failure is said and the others are still tried, the first failure's code is the end's."""

    async def work(door: Door) -> tuple[list[Result], list[int]]:
        done, codes = [], []
        for run_id in run_ids:
            try:
                done.append(await door.call(verb, remote_id=run_id))
            except RpconsoleError as error:
                sentence, code = failure_of(error)
                complain(f"rpconsole: run {run_id}: {sentence}")
                codes.append(code)
        return done, codes

    done, codes = through_door(context, work)
    if as_json:
        show_json({"version": 1, "runs": [{key: one[key] for key in ("remote_id", "sentence")} for one in done]})
    else:
        for one in done:
            say(f"run {one['remote_id']}: {one['sentence']}")
    if codes:
        raise typer.Exit(codes[0])


def _show_head(run: Result) -> None:
    show_fields(
        [
            ("run", run["remote_id"]),
            ("state", f"{run['state']} ({run['step']})"),
            ("stage", run["stage"]),
            ("label", run["label"]),
            ("path_base", run["path_base"]),
            ("job", None if run["job_id"] in (None, -1) else run["job_id"]),
            ("last change", moment(run["last_poll"])),
            ("fault", run["fault"]),
            ("sent", volume(run["bytes_sent"])),
            ("returned", volume(run["bytes_returned"])),
        ]
    )
