"""The section about logins: how the site is reached."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from rpconsole.config.fields import Count, HostName, Hours, LocalPath, Name, Port, Seconds, Section, refused


class GatewaySection(Section):
    """The host that stands before the front ends."""

    host: HostName = Field(description="Host name or address.")
    port: Port = Field(default=22, description="Port of its sshd.")
    user: Name | None = Field(default=None, description="Account there; none = the same as at the front ends.")


class FrontEndSection(Section):
    """A login node."""

    name: Name = Field(description="What people and the console call it.")
    host: HostName = Field(description="Host name or address, as seen from the gateway where there is one.")
    port: Port = Field(default=22, description="Port of its sshd.")


class LoginSection(Section):
    """How the site is reached, and what one login may do."""

    hop: Literal["direct", "jump"] = Field(
        default="direct", description="direct = the front ends are reached from here; jump = through the gateway."
    )
    gateway: GatewaySection | None = Field(default=None, description='The gateway, for hop = "jump".')
    front_ends: tuple[FrontEndSection, ...] = Field(description="Login nodes that sessions may be opened to.")
    user: Name = Field(description="Account at the site that is proposed at a login.")
    users: tuple[Name, ...] = Field(
        default=(), description="All accounts that operators log in with; user is one of them."
    )
    known_hosts: LocalPath = Field(description="Host keys in OpenSSH's format; no other key is trusted.")
    lifetime_hours: Hours | None = Field(
        default=None, description="How long the site lets a session live; none = nothing warns of its end."
    )
    max_channels: Count = Field(
        default=10, description="Commands and copies in one session at once; sshd's own limit is 10."
    )
    bulk_channels: Count = Field(default=2, description="How many of them may carry files.")
    keepalive_s: Seconds = Field(default=5.0, description="Between two signs of life that are asked of a silent site.")
    keepalive_count: Count = Field(default=2, description="How many of them may go unanswered.")
    connect_timeout_s: Seconds = Field(default=20.0, description="For a host to answer during a login.")
    answer_timeout_s: Seconds = Field(default=60.0, description="For the site to answer what needs no waiting.")
    stall_s: Seconds = Field(default=120.0, description="A transfer that does not move for so long is begun anew.")

    def accounts(self) -> tuple[str, ...]:
        """Every account that may be logged in with, the proposed one first."""
        return tuple(dict.fromkeys((self.user, *self.users)))

    @field_validator("max_channels")
    @classmethod
    def _has_room(cls, number: int) -> int:
        if number < 2:
            raise refused("must be at least 2: one for orders and one for files")
        return number

    @field_validator("front_ends")
    @classmethod
    def _names_differ(cls, front_ends: tuple[FrontEndSection, ...]) -> tuple[FrontEndSection, ...]:
        if not front_ends:
            raise refused('must name at least one front end, like { name = "fe1", host = "fe1.example.org" }')
        names = [front_end.name for front_end in front_ends]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(f"has the name '{twice[0]}' twice; each front end needs a name of its own")
        return front_ends

    @model_validator(mode="after")
    def _ways_in_fit(self) -> LoginSection:
        if self.hop == "jump" and self.gateway is None:
            raise refused('is "jump", which needs a gateway: gateway = { host = "gateway.example.org" }', key="hop")
        if self.hop == "direct" and self.gateway is not None:
            raise refused('is given, but hop is "direct"; write hop = "jump", or take the gateway out', key="gateway")
        if self.users and self.user not in self.users:
            raise refused(f"is '{self.user}', who is not in users: {', '.join(self.users)}", key="user")
        return self
