"""What the databases hold of a run, field by field, for those who think in rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rpconsole.console.text import foreign

#: columns of ``remoteRun``, in its order
ROW = ("remote_id", "state", "stage", "label", "path_base", "job_id", "last_poll", "fault")
#: said elsewhere: components as a table, failures as a table
_ELSEWHERE = ("version", "component_states", "failure_kinds", "jobs", "files", "site_files", "why", *ROW)


def raw_lines(known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The row, what our journal adds to it, every attempt, every file."""
    lines: list[tuple[str, str]] = [("remoteRun", "title")]
    lines += [_field(name, known.get(name)) for name in ROW]
    lines += [("", "text"), ("the journal", "title")]
    lines += [_field(name, value) for name, value in known.items() if name not in _ELSEWHERE]
    lines += _table("attempts", known.get("jobs", ()))
    for title, where in (("files at home", "files"), ("files at the site", "site_files")):
        lines += [("", "text"), (title, "title"), *(_field(*item) for item in sorted(known.get(where, {}).items()))]
    lines += [
        ("", "text"),
        (f"remoteComponent, {sum(count for _, count in known.get('component_states', ())):,} rows", "title"),
    ]
    return [*lines, ("  c shows them", "dim")]


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    texts = ["  ".join(f"{name}={_said(name, value)}" for name, value in row.items()) for row in rows]
    return [("", "text"), (title, "title"), *((f"  {text}", "text") for text in texts)] if rows else []


def _field(name: str, value: object) -> tuple[str, str]:
    return f"  {foreign(name):<16} {_said(name, value)}", "text"


def _said(name: str, value: object) -> str:
    if value is None:
        return "NULL"
    if name in ("last_poll", "intended_at") and isinstance(value, int | float):
        return f"{value:.0f} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return foreign(value)
