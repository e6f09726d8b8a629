"""The section about the site's scratch: its quota, its purge, and how careful we are with both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from rpconsole.config.fields import Days, Gigabytes, Hours, Seconds, Section, Share, Word, refused
from rpconsole.domain.scratch import PurgeClock, ScratchPolicy, ScratchSettings
from rpconsole.domain.stage import Stage

_RULES = ScratchPolicy()
_SETTINGS = ScratchSettings()


class ScratchSection(Section):
    """The site's scratch: what the site allows there, and how careful we are."""

    quota_command: tuple[Word, ...] = Field(
        default=(),
        description='The site\'s program that prints our quota, as ["lfs", "quota", "/scratch3"]; none = the file system is asked.',
    )
    limit_gb: Gigabytes | None = Field(
        default=None, description="Room that we may fill, in 10^9 bytes, instead of the limit that is found."
    )
    purge_days: Days | None = Field(
        default=None, description="Days after which the site removes a file; none = nothing is said of a purge."
    )
    purge_by: Literal["access", "change"] = Field(
        default="access", description="Whether they count from a file's last access or its last change."
    )
    throttle: Share = Field(
        default=_RULES.throttle,
        description="Share of the room that new exposures may fill; more of them wait, later stages go on.",
    )
    full: Share = Field(
        default=_RULES.full, description="Share of the room beyond which nothing at all is prepared or sent."
    )
    risk_days: Days = Field(
        default=_RULES.risk_days,
        description="What loses its inputs within so many days goes before every label's priority.",
    )
    look_s: Seconds = Field(default=_SETTINGS.look_s, description="Between two looks at the room.")
    relook_hours: Hours = Field(
        default=_SETTINGS.relook_s / 3600, description="Between two looks at the purge clocks of one run's files."
    )

    @model_validator(mode="after")
    def _shares_are_in_order(self) -> ScratchSection:
        if self.throttle > self.full:
            raise refused(f"is {self.throttle:g}, more than full, which is {self.full:g}", key="throttle")
        return self

    def settings(self, bytes_each: Mapping[Stage, int]) -> ScratchSettings:
        """As the engine wants them; ``bytes_each``: what one command of each stage adds."""
        return ScratchSettings(
            bytes_each=bytes_each,
            rules=ScratchPolicy(
                purge_days=self.purge_days,
                purge_by=PurgeClock(self.purge_by),
                throttle=self.throttle,
                full=self.full,
                risk_days=self.risk_days,
            ),
            quota_command=self.quota_command,
            limit_bytes=None if self.limit_gb is None else int(self.limit_gb * 1e9),
            look_s=self.look_s,
            relook_s=self.relook_hours * 3600,
        )
