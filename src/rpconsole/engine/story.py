"""Lines of a run's story: what happened, told from the event's own fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields

from rpconsole.domain.event import Event, RunPrepared
from rpconsole.domain.run import Attempt, Run
from rpconsole.ports.journal import StoryLine


def story_line(before: Run, event: Event, after: Run, at: float) -> StoryLine:
    """One line: the event, the steps around it, its fields as words."""
    return StoryLine(
        at=at,
        remote_id=before.remote_id,
        event=type(event).__name__,
        before=str(before.step),
        after=str(after.step),
        detail=detail_of(event, before),
    )


def detail_of(event: Event, run: Run) -> str:
    """``job 4711`` or ``passed 8, failed 0, left 0``: never more than the event says."""
    words = []
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, Attempt):
            words.append(f"attempt {value.number} as {value.job_name(run.remote_id)}")
        elif field.name == "sentence":
            words[:0] = [str(value)] if value else []
        else:
            words.append(f"{field.name} {value}")
    return ", ".join(words)


_COUNTS = re.compile(r",? ?prepared \d+, refused \d+, tasks \d+$")


def left_out(lines: Iterable[StoryLine]) -> str:
    """What the last preparation said that it left out; nothing where it took everything."""
    told = [line.detail for line in lines if line.event == RunPrepared.__name__]
    return _COUNTS.sub("", told[-1]) if told else ""
