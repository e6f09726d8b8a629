"""status, runs, session: the present."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from rpconsole.cli.door import Door, Result, order, through_door
from rpconsole.cli.options import JsonOption, LabelOption, StageOption
from rpconsole.cli.output import say, show_json, show_table
from rpconsole.cli.words import ago, counts, duration, moment, tasks, volume


def status(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show sessions, gates, live runs and what was said to the operators."""

    async def look(door: Door) -> tuple[Result, bool]:
        return await door.call("status"), door.lives

    snapshot, lives = through_door(context, look)
    if as_json:
        show_json({**snapshot, "engine": "running" if lives else "none"})
        return
    show_status(snapshot, lives=lives)


def overview(context: typer.Context) -> None:
    """What ``rpconsole`` alone shows: the present, and how to go on."""

    async def look(door: Door) -> tuple[Result, bool]:
        return await door.call("status"), door.lives

    snapshot, lives = through_door(context, look)
    show_status(snapshot, lives=lives)
    say()
    if not lives:
        say("start the engine:    rpconsole --daemon")
    elif not any(view["state"] in ("open", "draining") for view in snapshot["sessions"]):
        say("open a session:      rpconsole login")
    say("look at one run:     rpconsole run show ID, run why ID, run story ID")
    say("everything else:     rpconsole --help")


def show_status(snapshot: Result, *, lives: bool) -> None:
    """The snapshot as a page."""
    now = snapshot["at"]
    engine = f"engine of {snapshot['owner']}" if lives else "no engine runs: nothing moves by itself"
    say(
        f"{snapshot['site']}  {snapshot['database']}  {engine}  last answer of the scheduler {ago(snapshot['polled_at'], now)}"
    )
    if snapshot["waits_for"] is not None:
        say(f"WAITING for the database: {snapshot['waits_for']}")
    say(f"to the site {volume(snapshot['rate_out'])}/s, from the site {volume(snapshot['rate_in'])}/s")
    say("gates: " + ", ".join(_gate(gate, now) for gate in snapshot["gates"]))
    say()
    show_sessions(snapshot["sessions"], now)
    say()
    show_table(
        ("run", "stage", "label", "state", "step", "job", "tasks", "components", "why it does not move"),
        [_run(run) for run in snapshot["runs"]],
        right=(0,),
        empty="no runs",
    )
    for alert in snapshot["alerts"][-5:]:
        say(f"{moment(alert['at'])}  {alert['level']}  {alert['sentence']}")


def session(
    context: typer.Context,
    past: Annotated[int, typer.Option("--past", min=0, max=10_000, help="How many ended sessions to show.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show the front ends, how long their sessions last, and how the last ones ended."""
    result = order(context, "session", past=past)
    if as_json:
        show_json(result)
    else:
        show_sessions(result["sessions"], result["at"])
        if result["renewal"] is not None:
            say()
            show_renewal(result["renewal"], result["at"])
        if result["past"]:
            say()
            show_past_sessions(result["past"])


def show_past_sessions(sessions: list[Result]) -> None:
    """One line for each that has ended."""
    show_table(
        ("front end", "user", "opened by", "opened", "ended", "lived", "how it ended"),
        [
            (
                past["host"],
                past["user"],
                past["opened_by"],
                moment(past["opened_at"]),
                moment(past["ended_at"]),
                duration(past["ended_at"] - past["opened_at"]),
                past["end"],
            )
            for past in sessions
        ],
        empty="no session has ended yet",
    )


def show_renewal(renewal: Result, now: float) -> None:
    """The eight steps, and what is waited for."""
    ended = renewal["ended_at"]
    when = f"began {ago(renewal['began_at'], now)}" if ended is None else f"ended {ago(ended, now)}"
    sentence = f": {renewal['sentence']}" if renewal["sentence"] else ""
    say(f"renewal by {renewal['who']}, {when}, {renewal['outcome']}{sentence}")
    for number, line in enumerate(renewal["lines"], start=1):
        say(f"  {number} {line['step']:<8} {line['state']:<8} {line['detail']}".rstrip())
    for wait in renewal["waits"]:
        subject = f"haul {wait['haul']}" if wait["haul"] else f"run {wait['remote_id']}"
        left = "" if wait["bytes_left"] is None else f", {volume(wait['bytes_left'])} left"
        eta = "" if wait["left_s"] is None else f", about {duration(wait['left_s'])}"
        say(f"      {subject}: {wait['sentence']}{left}{eta}")
    if renewal["choices"]:
        say(f"  choices: {', '.join(renewal['choices'])} ('rpconsole login --renew --cut' or '--abandon')")


def show_sessions(sessions: list[Result], now: float) -> None:
    """One line a front end."""
    show_table(
        ("front end", "state", "user", "opened by", "opened", "left", "channels", "in/s", "out/s", "why"),
        [
            (
                view["host"],
                view["state"],
                view["user"],
                view["opened_by"],
                moment(view["opened_at"]),
                None if view["ends_at"] is None else duration(view["ends_at"] - now),
                f"{view['channels']}/{view['max_channels']}" if view["max_channels"] else None,
                volume(view["rate_in"]) if view["rate_in"] else None,
                volume(view["rate_out"]) if view["rate_out"] else None,
                view["sentence"],
            )
            for view in sessions
        ],
        right=(6, 7, 8),
        empty="no front end is configured",
    )


def runs(
    context: typer.Context,
    label: LabelOption = None,
    stage: StageOption = None,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="Only runs in this state; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List remote runs from the database, ended ones too."""
    result = order(context, "runs", label=label, stage=stage, states=state or [])
    if as_json:
        show_json(result)
        return
    show_table(
        ("run", "state", "stage", "label", "job", "last change", "fault", "path_base"),
        [
            (
                run["remote_id"],
                run["state"],
                run["stage"],
                run["label"],
                None if run["job_id"] in (None, -1) else run["job_id"],
                moment(run["last_poll"]),
                run["fault"],
                run["path_base"],
            )
            for run in result["runs"]
        ],
        right=(0, 4, 6),
        empty="no runs",
    )


def _gate(gate: Result, now: float) -> str:
    if gate["open"]:
        return f"{gate['name']} open"
    since = "" if gate["at"] is None else f" for {duration(now - gate['at'])}"
    return f"{gate['name']} CLOSED{since} by {gate['who'] or 'nobody known'}"


def _run(run: dict[str, Any]) -> tuple[object, ...]:
    return (
        run["remote_id"],
        run["stage"],
        run["label"],
        run["state"],
        run["step"],
        run["job"],
        tasks(run),
        counts(run["components"]),
        run["why"][0] if run["why"] else "",
    )
