"""The sections about home: databases and our own files."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr, field_serializer, field_validator, model_validator

from rpconsole.config.fields import Count, LocalPath, Name, Section, refused
from rpconsole.config.secrets import password_from, without_password

#: a unix socket's path may have so many bytes (sun_path, less the final zero)
SOCKET_PATH_BYTES = 107
SCHEMES = ("mysql", "mariadb", "mysql+pymysql", "sqlite")


def url_scheme(url: SecretStr) -> SecretStr:
    """Refuse what is no URL of a database."""
    scheme, separator, _ = url.get_secret_value().partition("://")
    if not separator or scheme not in SCHEMES:
        # the URL itself is not repeated: it may hold a password
        raise refused("must be a URL like mysql://ipp@db.example.org/gpc1 or sqlite:////absolute/path.db")
    return url


class DatabaseSection(Section):
    """gpc1, the survey's database."""

    url: SecretStr = Field(
        description="mysql://user@host/gpc1, or sqlite:////absolute/path.db. A password is better kept in password_file."
    )
    password_file: LocalPath | None = Field(
        default=None,
        description="File with the password in its first line; the variable RPCONSOLE_DATABASE_PASSWORD goes before it.",
    )
    name: Name = Field(default="gpc1", description="What dbinfo files and the IPP's programs call the database.")
    connect_timeout_s: Count = Field(default=10, description="For the server to answer a connection.")
    others: dict[Name, SecretStr] = Field(
        default_factory=dict, description="Further databases for `remotetool -dbname NAME`: a URL like `url` a name."
    )

    _checked = field_validator("url")(url_scheme)

    @field_validator("others")
    @classmethod
    def _others_are_urls(cls, others: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return {name: url_scheme(url) for name, url in others.items()}

    @property
    def address(self) -> str:
        """The URL as it is opened; it may hold a password."""
        return self.url.get_secret_value()

    def password(self) -> str | None:
        """The password that is kept apart from the URL, read now."""
        return password_from("RPCONSOLE_DATABASE_PASSWORD", self.password_file)

    @field_serializer("url")
    def _shown(self, url: SecretStr) -> str:
        return without_password(url.get_secret_value())

    @field_serializer("others")
    def _others_shown(self, others: dict[str, SecretStr]) -> dict[str, str]:
        return {name: without_password(url.get_secret_value()) for name, url in others.items()}


class JournalSection(Section):
    """Our own tables: where each run stands, what was sent, who did what."""

    url: SecretStr | None = Field(
        default=None, description="Like database.url; none = the SQLite file journal.db in paths.state_dir."
    )
    password_file: LocalPath | None = Field(
        default=None,
        description="File with the password in its first line; the variable RPCONSOLE_JOURNAL_PASSWORD goes before it.",
    )

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: SecretStr | None) -> SecretStr | None:
        return url if url is None else url_scheme(url)

    def password(self) -> str | None:
        """The password that is kept apart from the URL, read now."""
        return password_from("RPCONSOLE_JOURNAL_PASSWORD", self.password_file)

    @field_serializer("url")
    def _shown(self, url: SecretStr | None) -> str | None:
        return None if url is None else without_password(url.get_secret_value())


class PathsSection(Section):
    """Where rpconsole keeps its own files. A relative path starts at the configuration file."""

    state_dir: LocalPath = Field(
        default_factory=lambda: platformdirs.user_state_path("rpconsole"),
        description="Journal, socket and whatever else must outlive a restart.",
        json_schema_extra={"default_in_words": "`~/.local/state/rpconsole`"},
    )
    socket: LocalPath | None = Field(
        default=None, description="Unix socket of the engine; none = rpconsole.sock in state_dir."
    )
    log_file: LocalPath | None = Field(default=None, description="Log of the engine; none = standard error.")

    @model_validator(mode="after")
    def _socket_fits(self) -> PathsSection:
        length = len(str(self.socket_path).encode())
        if length > SOCKET_PATH_BYTES:
            key = "socket" if self.socket else "state_dir"
            raise refused(
                f"makes the engine's socket {self.socket_path}, {length} bytes long; a socket's path may have "
                f"{SOCKET_PATH_BYTES}, so set a shorter paths.socket",
                key=key,
            )
        return self

    @property
    def socket_path(self) -> Path:
        """The engine's socket."""
        return self.socket or self.state_dir / "rpconsole.sock"
