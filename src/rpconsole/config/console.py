"""The section about the console: how alarms call a person."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rpconsole.config.fields import Flag, Section, refused

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _hours(text: str) -> str:
    if not _HOURS.fullmatch(text):
        raise refused(f'must be two times of the day, like "22:00-06:30", not {text!r}')
    return text


Span = Annotated[str, AfterValidator(_hours)]


class ConsoleSection(Section):
    """How the console calls a person who must act."""

    bell: Flag = Field(default=True, description="Ring the terminal's bell at an alarm.")
    notify: Literal["auto", "osc9", "osc777", "off"] = Field(
        default="auto",
        description="Desktop notice at an alarm while the terminal is not in front; auto = as the terminal names itself.",
    )
    notify_through_tmux: Flag = Field(
        default=False, description="Hand the notice through tmux, which must have allow-passthrough on."
    )
    quiet_hours: Span | None = Field(
        default=None, description='Local time in which nothing rings, like "22:00-06:30"; none = never quiet.'
    )

    def quiet(self) -> tuple[time, time] | None:
        """From and to."""
        found = _HOURS.fullmatch(self.quiet_hours or "")
        if found is None:
            return None
        begin_h, begin_m, end_h, end_m = map(int, found.groups())
        return time(begin_h, begin_m), time(end_h, end_m)
