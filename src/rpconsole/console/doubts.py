"""Doubtful submits as rows, and one of them with everything that speaks for and against a job. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rpconsole.console.format import clock, span
from rpconsole.console.tables import Sheet
from rpconsole.console.text import foreign
from rpconsole.console.widgets.columns import Column

Evidence = Mapping[str, Any]

DOUBTS = Sheet(
    title="Doubtful submits",
    noun="run",
    key=("remote_id",),
    columns=(
        Column(key="remote_id", title="run", width=6, right=True),
        Column(key="step", title="step", width=9),
        Column(key="name", title="job name", width=15, rank=2),
        Column(key="found", title="evidence", width=30, grows=True),
        Column(key="act", title="what to do", width=30, rank=1),
    ),
    empty="No submit is in doubt: every job is known, or was never made.",
)


def doubt_rows(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    """One line each: the shortest true account of the evidence, and the one recommended act."""
    return [{**one, "found": _short(one)} for one in found]


def doubt_lines(one: Evidence) -> list[tuple[str, str]]:
    """Side by side: what was sent, what the site has, what follows."""
    lines: list[tuple[str, str]] = [("what the journal knows", "title")]
    lines += [_line("step", one["step"]), _line("attempt", one["attempt"]), _line("job name", one["name"] or None)]
    if one["intended_at"] is not None:
        lines.append(_line("intended at", clock(one["intended_at"], seconds=True)))
    lines += [_line("job as known", one["job"]), ("", "text"), ("what the site says", "title")]
    lines += _site(one) if one["is_asked"] else [("  it was not asked: no session is open", "alert")]
    return [
        *lines,
        ("", "text"),
        ("what to do", "title"),
        (f"  {foreign(one['act'])}", "key"),
        (f"  because {foreign(one['because'])}", "text"),
    ]


def _site(one: Evidence) -> list[tuple[str, str]]:
    age = f", {span(one['claim_age_s'])} ago" if one["claim_age_s"] is not None else ""
    claim = f"claimed{age}: the order was taken up" if one["is_claimed"] else "no claim: the order never arrived"
    listed = ", ".join(f"{foreign(job)} ({foreign(word)})" for job, word in one["listed"]) or "no job of this name"
    started = f"{foreign(one['started'])}, {span(one['started_age_s'] or 0)} ago" if one["started"] else None
    return [
        _line("claim", claim),
        _line("submit said", f"{one['reading']}: {foreign(one['answer'])}" if one["answer"] else one["reading"]),
        _line("queue", listed if one["is_queue_heard"] else "it did not answer"),
        _line("start mark", started),
        _line("end mark", one["ended"]),
    ]


def _short(one: Evidence) -> str:
    if not one["is_asked"]:
        return "the site was not asked: no session"
    parts = ["claimed" if one["is_claimed"] else "no claim", str(one["reading"])]
    parts.append(f"{len(one['listed'])} in the queue" if one["is_queue_heard"] else "queue silent")
    return ", ".join([*parts, *(["started"] if one["started"] else []), *(["ended"] if one["ended"] else [])])


def _line(name: str, value: object) -> tuple[str, str]:
    return f"  {name:<14} {foreign(value) if value is not None else '—'}", "text"
