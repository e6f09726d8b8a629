"""The section about logins: how the site is reached."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from rpconsole.config.fields import Count, HostName, Hours, LocalPath, Name, Port, Seconds, Section, Word, refused

#: each costs a token at every login, and sites count connections
Sessions = Annotated[int, Field(strict=True, ge=1, le=8)]
#: what OpenSSH fills in; %C stands for the hash of %l %h %p %r
_TOKENS = frozenset("%CdhiLlnpru")
_TELLS_HOSTS_APART = frozenset("Chn")


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
    sessions: Sessions = Field(
        default=1,
        description="Connections to it, each with a token of its own; more of them make transfers faster over a long line.",
    )


class LoginSection(Section):
    """How the site is reached, and what one login may do."""

    hop: Literal["direct", "jump", "command"] = Field(
        default="direct",
        description="direct = the front ends are reached from here; jump = the gateway forwards to them; command = the gateway forwards "
        "nothing and runs ssh to them, without a question.",
    )
    gateway: GatewaySection | None = Field(default=None, description='The gateway, for hop = "jump" or "command".')
    front_ends: tuple[FrontEndSection, ...] = Field(description="Login nodes that sessions may be opened to.")
    user: Name = Field(description="Account at the site that is proposed at a login.")
    users: tuple[Name, ...] = Field(
        default=(), description="All accounts that operators log in with; user is one of them."
    )
    transport: Literal["asyncssh", "openssh"] = Field(
        default="asyncssh",
        description="Who speaks ssh: asyncssh = the engine itself, its sessions end with it; openssh = masters of OpenSSH's client, "
        "which outlive the engine and may be opened by hand.",
    )
    masters: Literal["start", "adopt"] = Field(
        default="start",
        description='For transport = "openssh": start = a login starts a master where none lives; adopt = only those that somebody '
        "opened by hand are used.",
    )
    control_path: LocalPath | None = Field(
        default=None,
        description='Where masters have their sockets, with the tokens of ssh (%C, or all of %l %h %p %r); none = "ssh/%C" in '
        "paths.state_dir.",
    )
    ssh: Word = Field(default="ssh", description="OpenSSH's client.")
    tries: Count | None = Field(
        default=None,
        description="Wrong answers in a row after which the site locks an account; none = unknown, nothing warns of it.",
    )
    known_hosts: LocalPath = Field(description="Host keys in OpenSSH's format; no other key is trusted.")
    lifetime_hours: Hours | None = Field(
        default=None,
        description="How long the site lets a session live; none = learned from the last sessions that it cut, once there were three.",
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

    @field_validator("control_path")
    @classmethod
    def _tokens_known(cls, path: Path | None) -> Path | None:
        tokens = set(re.findall(r"%(.?)", str(path))) if path is not None else set()
        strange = sorted(tokens - _TOKENS)
        if strange:
            raise refused(f"holds '%{strange[0]}', which ssh does not fill in; write %C, or %l %h %p %r")
        if path is not None and not tokens & _TELLS_HOSTS_APART:
            raise refused("must hold %C, or %h at least: each host needs a socket of its own")
        return path

    @model_validator(mode="after")
    def _masters_fit(self) -> LoginSection:
        if self.transport == "asyncssh":
            for key in ("masters", "control_path", "ssh"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise refused('is for transport = "openssh"; set that, or take this out', key=key)
        return self

    @model_validator(mode="after")
    def _ways_in_fit(self) -> LoginSection:
        if self.hop != "direct" and self.gateway is None:
            raise refused(
                f'is "{self.hop}", which needs a gateway: gateway = {{ host = "gateway.example.org" }}', key="hop"
            )
        if self.hop == "direct" and self.gateway is not None:
            raise refused(
                'is given, but hop is "direct"; write hop = "jump" or "command", or take the gateway out', key="gateway"
            )
        if self.hop == "command" and 2 * len(self.front_ends) > self.max_channels:
            raise refused(
                f"is {self.max_channels}, which {len(self.front_ends)} front ends share behind a gateway that only runs commands; each "
                f"needs 2: name fewer front ends",
                key="max_channels",
            )
        if self.hop == "command" and any(front_end.sessions > 1 for front_end in self.front_ends):
            raise refused(
                'ask for several sessions, but with hop = "command" all go over one connection to the gateway: leave sessions at 1',
                key="front_ends",
            )
        if self.users and self.user not in self.users:
            raise refused(f"is '{self.user}', who is not in users: {', '.join(self.users)}", key="user")
        return self
