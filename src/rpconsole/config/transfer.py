"""The section about transfers: where files may go at the site besides our root, and how much of the line they may take."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from rpconsole.config.fields import HostName, Name, Port, Section, SitePath, Word, refused
from rpconsole.domain.ceiling import Ceiling

_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


def _time_of_day(value: object) -> str:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise refused(f"must be a time of the day like '08:30', not {value!r}")
    return str(value)


TimeOfDay = Annotated[str, BeforeValidator(_time_of_day)]
#: each is an ssh of its own at the front end
Streams = Annotated[int, Field(strict=True, ge=1, le=16)]
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


class StorageHostSection(Section):
    """A host of the storage at home that front ends log in to with a key, for transfer.initiative = "front-end"."""

    name: Name = Field(description="What the console and the ledger call it.")
    host: HostName = Field(description="Host name or address, as seen from the front ends.")
    port: Port = Field(default=22, description="Port of its sshd.")
    user: Name = Field(description="Account there; it reads inputs and writes products.")
    identity_file: SitePath | None = Field(
        default=None,
        description="The site account's private key for it, a path at the site, without a passphrase; none = as ssh finds it there.",
    )
    known_hosts: SitePath | None = Field(
        default=None,
        description="Host keys in OpenSSH's format, a path at the site; no other key is trusted. none = as ssh finds them there.",
    )
    python: Word = Field(default="python3", description="Its Python, 3.6 or later: a name or a path.")
    volumes: dict[SitePath, SitePath] = Field(
        description="Directories that it has: the path at home, and the same directory's path on that host."
    )

    @field_validator("volumes")
    @classmethod
    def _holds_something(cls, volumes: dict[str, str]) -> dict[str, str]:
        if not volumes:
            raise refused('must name a directory at least, like { "/data/ippc20.0" = "/export/ippc20.0" }')
        if any(not path.strip("/.") or ".." in path.split("/") for pair in volumes.items() for path in pair):
            raise refused("can hold neither / itself nor '..'")
        return volumes


class TransferSection(Section):
    """Files on their way: a run's, and those that a person sends or fetches."""

    initiative: Literal["session", "front-end"] = Field(
        default="session",
        description="Who moves the bytes: session = the engine, through the sessions; front-end = the front ends fetch from and bring to "
        "storage_hosts by ssh, and the engine only orders it. What no storage host has goes through the session.",
    )
    storage_hosts: tuple[StorageHostSection, ...] = Field(
        default=(),
        description='Hosts of the storage, for initiative = "front-end"; those with the same volume share its files.',
    )
    streams: Streams = Field(
        default=2,
        description='Connections to a storage host that each session\'s front end may have, for initiative = "front-end".',
    )
    ssh: Word = Field(
        default="ssh", description='OpenSSH\'s client at the site, for initiative = "front-end": a name or a path.'
    )
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

    @model_validator(mode="after")
    def _initiative_has_its_hosts(self) -> TransferSection:
        names = [host.name for host in self.storage_hosts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(f"have the name '{twice[0]}' twice; each needs a name of its own", key="storage_hosts")
        if self.initiative == "front-end" and not names:
            raise refused(
                'is "front-end", which needs hosts to fetch from: add a table [[transfer.storage_hosts]]',
                key="initiative",
            )
        return self
