"""How the sessions of one site are reached and used."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rpconsole.adapters.ssh.storage_hosts import StorageHost
from rpconsole.domain.ceiling import Ceiling
from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.session import session_name

#: paths at the site are part of command lines that any login shell must read alike (tcsh too)
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+@=,-]*")
_PLAIN_PROGRAM = re.compile(r"[A-Za-z0-9_./+-]+")

_PLAIN_WORD = re.compile(r"[0-9a-z]{1,40}")

#: AES-GCM moves 1.4 to 4 times as much in a second of CPU as the others
FAST_CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
)

#: verbs of the helper with which a front end fetches from and brings to storage hosts by itself
CARRYING = ("pull", "push")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gateway:
    """The host that stands before the front ends and forwards to them; it may ask for a login of its own."""

    host: str
    port: int = 22
    #: None = the same user as at the front ends
    user: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FrontEnd:
    """A login node; ``name`` is what people and the console call it."""

    name: str
    host: str
    port: int = 22
    #: connections to it, each with a login of its own
    sessions: int = 1

    def door(self, number: int) -> FrontEnd:
        """Its number-th connection, counted from 1, under the name that it bears among the sessions."""
        return replace(self, name=session_name(self.name, number, self.sessions), sessions=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SshOptions:
    """Everything that the ssh adapter needs to know of a site; holds no secret."""

    front_ends: tuple[FrontEnd, ...]
    user: str
    #: folder at the site below which all files lie, and the helper in ``rpconsole/``
    remote_root: str
    #: known hosts in OpenSSH's format; the only keys that are trusted
    known_hosts: str
    #: further folders at the site that files may be brought to and from, such as the permanent references
    areas: tuple[str, ...] = ()
    #: what transfers may take of the line, by the hour
    ceilings: tuple[Ceiling, ...] = ()
    gateway: Gateway | None = None
    #: the gateway forwards nothing: each channel is an ``ssh`` that it runs
    hops_by_commands: bool = False
    #: how long the site lets a session live; None = unknown
    lifetime_s: float | None = None
    #: of one session; sshd's MaxSessions is 10 unless changed
    max_channels: int = 10
    #: of one session for files; more do not fill the line better than two
    bulk_channels: int = 2
    #: a peer that is silent for keepalive_s * (keepalive_count + 1) is taken for gone
    keepalive_s: float = 5.0
    keepalive_count: int = 2
    #: to reach a host, and for each answer of it during the login; the person has all the time he needs
    connect_timeout_s: float = 20.0
    #: for the helper to answer what needs no waiting
    answer_timeout_s: float = 60.0
    #: a transfer that does not move for so long is begun anew
    stall_s: float = 120.0
    python: str = "python3"
    #: tells this engine's helpers at the site from those of others; letters and digits
    owner: str = "rpconsole"
    #: OpenSSH's client, where masters of its kind hold the connections
    ssh: str = "ssh"
    #: where the masters' control sockets lie, with ssh's tokens; empty = the connections are held inside our own process
    control_path: str = ""
    #: whether a login starts a master where none lives; else only those that somebody opened by hand are used
    may_start_masters: bool = True
    ciphers: tuple[str, ...] = FAST_CIPHERS
    #: hosts of the storage at home that front ends fetch from and bring to by themselves; none = all goes through the session
    storage_hosts: tuple[StorageHost, ...] = ()
    #: OpenSSH's client at the site, for that
    site_ssh: str = "ssh"

    def __post_init__(self) -> None:
        names = [front_end.name for front_end in self.front_ends]
        if not names:
            raise BadConfiguration("The site has no front end; name at least one.")
        if len(set(names)) < len(names):
            raise BadConfiguration(f"Two front ends bear the same name: {', '.join(sorted(names))}.")
        if any("/" in name for name in names) or any(front_end.sessions < 1 for front_end in self.front_ends):
            raise BadConfiguration("A front end's name holds no '/', and it has at least one session.")
        if not _PLAIN_PATH.fullmatch(self.remote_root) or self.remote_root.strip("/") == "":
            raise BadConfiguration(
                f"remote_root {self.remote_root!r} must be an absolute path of letters, digits and _./+@=,- (and not / itself)."
            )
        for area in self.areas:
            if not _PLAIN_PATH.fullmatch(area) or area.strip("/") == "":
                raise BadConfiguration(
                    f"{area!r} must be an absolute path of letters, digits and _./+@=,- (and not / itself)."
                )
        self._check_words()
        if self.max_channels < 2:
            raise BadConfiguration(
                f"max_channels is {self.max_channels}; one for control and one for files are needed."
            )
        if self.hops_by_commands and self.gateway is None:
            raise BadConfiguration("A hop by commands needs a gateway that runs them; name it.")

    def _check_words(self) -> None:
        if not _PLAIN_PROGRAM.fullmatch(self.python):
            raise BadConfiguration(f"python {self.python!r} must be the name or the path of one program.")
        if not _PLAIN_WORD.fullmatch(self.owner):
            raise BadConfiguration(f"owner {self.owner!r} must be of at most 40 small letters and digits.")

    @property
    def doors(self) -> tuple[FrontEnd, ...]:
        """One for each session, in the order of the logins: the first of every front end, then their second ones."""
        most = max(front_end.sessions for front_end in self.front_ends)
        return tuple(
            front_end.door(number)
            for number in range(1, most + 1)
            for front_end in self.front_ends
            if number <= front_end.sessions
        )

    @property
    def roots(self) -> tuple[str, ...]:
        """Folders at the site below which files may be brought to and from."""
        return tuple(dict.fromkeys((self.remote_root, *self.areas)))

    @property
    def bulk_verbs(self) -> tuple[str, str]:
        """What the helper's file streams do, to the site and home."""
        return CARRYING if self.storage_hosts else ("receive", "give")

    @property
    def session_channels(self) -> int:
        """Channels of one session; behind a gateway that only runs commands all sessions share those of its one connection."""
        return max(2, self.max_channels // len(self.doors)) if self.hops_by_commands else self.max_channels

    def is_gateway(self, host: str, port: int) -> bool:
        """Whether that is where the gateway is."""
        return self.gateway is not None and (self.gateway.host, self.gateway.port) == (host, port)

    @property
    def bulk_room(self) -> int:
        """Channels of a session that file streams may hold open, idle ones too: control, a log's tail and a reserve stay free."""
        return max(self.bulk_limit, self.session_channels - 4)

    @property
    def bulk_limit(self) -> int:
        """Channels of a session that files may use: one is kept for control and one in reserve."""
        return max(1, min(self.bulk_channels, self.session_channels - 2))
