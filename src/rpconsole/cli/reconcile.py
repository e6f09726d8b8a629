"""reconcile: the evidence of doubtful submits, side by side."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from rpconsole.cli.door import order
from rpconsole.cli.options import JsonOption
from rpconsole.cli.output import say, show_fields, show_json
from rpconsole.cli.words import duration, moment

RunOrNone = Annotated[
    int | None, typer.Argument(metavar="[ID]", min=1, help="A run's number; all in doubt without one.")
]


def reconcile(context: typer.Context, run_id: RunOrNone = None, as_json: JsonOption = False) -> None:
    """Lay out what speaks for and against a job whose submit is in doubt, and recommend one act; changes nothing."""
    result = order(context, "reconcile", **({"remote_id": run_id} if run_id is not None else {}))
    if as_json:
        show_json(result)
        return
    for number, found in enumerate(result["runs"]):
        if number:
            say("")
        show_fields(_lines(found))
    if not result["runs"]:
        say("no submit is in doubt")


def _lines(found: dict[str, Any]) -> list[tuple[str, object]]:
    return [
        ("run", f"{found['remote_id']} ({found['step']})"),
        ("intended", _intention(found)),
        ("claim", _claim(found)),
        ("receipt", _receipt(found)),
        ("queue", _queue(found)),
        ("start mark", _start(found)),
        ("end mark", found["ended"] or ("none" if found["is_asked"] else "not asked")),
        ("do", found["act"]),
        ("because", found["because"]),
    ]


def _intention(found: dict[str, Any]) -> str:
    if found["attempt"] is None:
        return "no"
    job = f", known as job {found['job']}" if found["job"] else ""
    return f"attempt {found['attempt']} as {found['name']}, {moment(found['intended_at'])}{job}"


def _claim(found: dict[str, Any]) -> str:
    if not found["is_asked"]:
        return "not asked"
    return (
        f"{duration(found['claim_age_s'] or 0)} old"
        if found["is_claimed"]
        else "none: the order never reached the site"
    )


def _receipt(found: dict[str, Any]) -> str:
    said = f": {found['answer']}" if found["answer"] else ""
    return f"{found['reading']}{said}" if found["is_asked"] else "not asked"


def _queue(found: dict[str, Any]) -> str:
    if not found["is_asked"]:
        return "not asked"
    if not found["is_queue_heard"]:
        return "not heard, or printed without names"
    return ", ".join(f"job {job} ({word})" for job, word in found["listed"]) or "no job of this name"


def _start(found: dict[str, Any]) -> str:
    if not found["is_asked"]:
        return "not asked"
    return (
        f"by job {found['started']}, {duration(found['started_age_s'] or 0)} ago"
        if found["started"] is not None
        else "none"
    )
