"""The section about transfers: where files may go at the site besides our root, and how much of the line they may take."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from rpconsole.config.fields import Section, SitePath, refused
from rpconsole.domain.ceiling import Ceiling

_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


def _time_of_day(value: object) -> str:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise refused(f"must be a time of the day like '08:30', not {value!r}")
    return str(value)


TimeOfDay = Annotated[str, BeforeValidator(_time_of_day)]
Megabits = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


def minute_of(time: str) -> int:
    """Minutes since midnight."""
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)


class CeilingEntry(Section):
    """What all transfers together may take, from one hour to another."""

    from_time: TimeOfDay = Field(default="00:00", description="When it begins, by this host's clock.")
    until_time: TimeOfDay = Field(default="24:00", description="When it ends; may lie behind midnight.")
    mbit: Megabits = Field(description="Megabits per second.")

    def ceiling(self) -> Ceiling:
        """As the transfer wants it."""
        from_min, until_min = minute_of(self.from_time), minute_of(self.until_time)
        return Ceiling(from_min=from_min, until_min=until_min, bytes_per_s=self.mbit * 1e6 / 8)


class TransferSection(Section):
    """Files on their way: a run's, and those that a person sends or fetches."""

    areas: tuple[SitePath, ...] = Field(
        default=(),
        description="Further directories at the site that files may be sent to and fetched from by hand; "
        "`remote_root`, `references_dir` and `tess_dir` always are.",
    )
    ceilings: tuple[CeilingEntry, ...] = Field(
        default=(), description="How much of the line transfers may take, by the hour; none = as much as it gives."
    )

    @field_validator("areas")
    @classmethod
    def _are_not_the_root(cls, areas: tuple[str, ...]) -> tuple[str, ...]:
        if any(not area.strip("/.") for area in areas):
            raise refused("cannot hold / itself")
        return areas
