"""The section about the storage at home: a plain directory, or Nebulous."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_serializer, field_validator, model_validator

from rpconsole.config.fields import Count, LocalPath, Name, Seconds, Section, Several, refused
from rpconsole.config.home import url_scheme
from rpconsole.config.secrets import holds_password, password_from, without_password

_SERVER = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9_./~-]*)?")


class NebulousSection(Section):
    """Nebulous, for storage.kind = "nebulous": its databases are read, its own server or commands make files."""

    databases: Annotated[tuple[SecretStr, ...], Several] = Field(
        description="URLs of its databases, like database.url; several in the order of the server's own list.",
        json_schema_extra={"value_in_words": "list of text"},
    )
    password_file: LocalPath | None = Field(
        default=None,
        description="File with their password in its first line; the variable RPCONSOLE_NEBULOUS_PASSWORD goes before it.",
    )
    make: Literal["server", "programs"] = Field(
        default="server", description="Who makes files: the SOAP server, or the commands neb-touch and neb-repair."
    )
    server: str | None = Field(
        default=None,
        description='URL of the SOAP server (NEB_SERVER), for make = "server"; the commands are told it too.',
    )
    programs_dir: LocalPath | None = Field(
        default=None, description="Directory of the neb-* commands; none = they are on the PATH."
    )
    volume: Name | None = Field(
        default=None,
        description="Volume whose copies are preferred, and those near to it.",
        json_schema_extra={"default_in_words": "`<this host>.0`"},
    )
    connections: Count = Field(default=8, description="Files that are made at once.")
    timeout_s: Seconds = Field(default=60.0, description="For one file to be made.")

    @field_validator("databases")
    @classmethod
    def _are_urls(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        return tuple(url_scheme(url) for url in urls)

    @field_validator("server")
    @classmethod
    def _is_a_server(cls, url: str | None) -> str | None:
        if url is not None and not _SERVER.fullmatch(url):
            raise refused("must be a URL like http://nebserver.example.org:80/nebulous, without user or password")
        return url

    @model_validator(mode="after")
    def _somebody_makes_files(self) -> NebulousSection:
        if self.make == "server" and self.server is None:
            raise refused(
                'is "server", which needs its URL: server = "http://nebserver.example.org/nebulous"', key="make"
            )
        return self

    @property
    def near(self) -> str:
        """The volume that copies are preferred from."""
        return self.volume or f"{socket.gethostname().partition('.')[0]}.0"

    def addresses(self) -> list[str]:
        """The databases as they are opened; they may hold passwords."""
        return [url.get_secret_value() for url in self.databases]

    def has_password(self) -> bool:
        """Whether one stands in the file itself."""
        return any(holds_password(address) for address in self.addresses())

    def password(self) -> str | None:
        """The password that is kept apart from the URLs, read now."""
        return password_from("RPCONSOLE_NEBULOUS_PASSWORD", self.password_file)

    @field_serializer("databases")
    def _shown(self, urls: tuple[SecretStr, ...]) -> list[str]:
        return [without_password(url.get_secret_value()) for url in urls]


class StorageSection(Section):
    """The storage at home, where inputs lie and products go."""

    kind: Literal["plain", "nebulous"] = Field(
        default="plain",
        description="plain = a directory; neb://VOLUME/a/b is <root>/a/b. nebulous = the IPP's own, see [storage.nebulous].",
    )
    root: LocalPath | None = Field(default=None, description='Directory that keys are found below, for kind = "plain".')
    names: dict[Name, LocalPath] = Field(
        default_factory=dict, description="Directories for path://NAME/… keys: one key a NAME."
    )
    nebulous: NebulousSection | None = Field(default=None, description='Nebulous, for kind = "nebulous".')

    @model_validator(mode="after")
    def _kind_has_its_keys(self) -> StorageSection:
        if self.kind == "plain" and self.root is None:
            raise refused("is missing: the directory that keys are found below", key="root")
        if self.kind == "nebulous" and self.nebulous is None:
            raise refused('is "nebulous", which needs a table [storage.nebulous] with its databases', key="kind")
        if self.kind == "nebulous" and self.root is not None:
            raise refused('is for kind = "plain"; nebulous knows by itself where files lie, so take it out', key="root")
        if self.kind == "plain" and self.nebulous is not None:
            raise refused('is given, but kind is "plain"; write kind = "nebulous", or take it out', key="nebulous")
        return self

    def directories(self) -> tuple[Path, ...]:
        """The directories that are named in the configuration itself."""
        return (*([self.root] if self.root else []), *self.names.values())
