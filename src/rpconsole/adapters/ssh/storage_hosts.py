"""The storage hosts that front ends reach by themselves: which of them has a file, and the words that reach it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from shlex import quote

from rpconsole.adapters.ssh.helper_file import helper_bytes
from rpconsole.ports.site import Shipment
from rpconsole.remote.frames import Message

#: at a storage host without a helper: takes so many bytes of standard input for the helper and runs them. Nothing is left there.
_BRING = (
    "import os,runpy,sys,tempfile;n=int(sys.argv[1]);"
    'f=os.fdopen(os.memfd_create("rpr"),"wb") if hasattr(os,"memfd_create") else tempfile.TemporaryFile();'
    'any(f.write(b) is None for b in iter(lambda:os.read(0,min(65536,n-f.tell())),b""));f.flush();'
    'p="/proc/self/fd/%d"%f.fileno();sys.argv[:2]=[p];runpy.run_path(p,run_name="__main__")'
)
#: of the helper at the storage host, by the helper's at the front end
_OTHER_END = {"pull": "give", "push": "receive", "reach": "serve"}
_ALIVE_S = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageHost:
    """A host of the storage at home, as the site's front ends see it."""

    name: str
    host: str
    user: str
    #: (absolute path at home, the same directory's path on that host)
    volumes: tuple[tuple[str, str], ...]
    port: int = 22
    #: at the site; None = as ssh finds it there
    identity_file: str | None = None
    #: at the site; None = as ssh finds it there
    known_hosts: str | None = None
    python: str = "python3"

    def place(self, path: str) -> tuple[int, str] | None:
        """How much of a path at home names one of its volumes, and the path there; None when it has no such file."""
        named = ((here.rstrip("/"), there) for here, there in self.volumes)
        found = [(len(here), there) for here, there in named if path.startswith(here + "/")]
        if not found or ".." in path.split("/"):
            return None
        length, there = max(found)
        return length, there.rstrip("/") + path[length:]


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """Where on which storage host one file comes from or goes to."""

    host: str
    path: str


def legs_of(sized: Iterable[tuple[Shipment, str, int]], hosts: Iterable[StorageHost]) -> dict[Shipment, Leg]:
    """Which storage host each (shipment, path at home, bytes) goes by, where one has it; those that share a volume share its bytes."""
    loads: defaultdict[str, int] = defaultdict(int)
    legs: dict[Shipment, Leg] = {}
    every = tuple(hosts)
    for shipment, path, size in sized:
        places = [(host.name, place) for host in every if (place := host.place(path)) is not None]
        if not places:
            continue
        nearest = max(length for _, (length, _) in places)
        name, there = min(
            ((name, there) for name, (length, there) in places if length == nearest), key=lambda one: loads[one[0]]
        )
        loads[name] += size
        legs[shipment] = Leg(host=name, path=there)
    return legs


def ways_to(hosts: Iterable[StorageHost], verb: str, *, ssh: str, ciphers: Iterable[str], timeout_s: float) -> Message:
    """For the first frame of the helper's ``pull`` or ``push``: how each storage host is reached."""
    return {host.name: {"argv": _argv(host, verb, ssh, ciphers, timeout_s), "program": True} for host in hosts}


def _argv(host: StorageHost, verb: str, ssh: str, ciphers: Iterable[str], timeout_s: float) -> list[str]:
    """Never a question, never a new host key, nothing forwarded, and a connection of its own."""
    settings: Mapping[str, object] = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "ConnectTimeout": max(1, round(timeout_s)),
        "ConnectionAttempts": 1,
        "ServerAliveInterval": _ALIVE_S,
        "ServerAliveCountMax": 2,
        "ClearAllForwardings": "yes",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "ControlMaster": "no",
        "ControlPath": "none",
        "PermitLocalCommand": "no",
        "Compression": "no",
        "LogLevel": "ERROR",
        "Ciphers": ",".join(ciphers),
        **({"UserKnownHostsFile": host.known_hosts, "GlobalKnownHostsFile": "/dev/null"} if host.known_hosts else {}),
        **({"IdentitiesOnly": "yes"} if host.identity_file else {}),
    }
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    key = ["-i", host.identity_file] if host.identity_file else []
    command = _command(host, verb)
    return [ssh, "-T", *words, *key, "-p", str(host.port), "-l", host.user, "--", host.host, command]


def _command(host: StorageHost, verb: str) -> str:
    """One line that every login shell reads alike (tcsh too)."""
    roots = [word for _, there in host.volumes for word in ("--root", there.rstrip("/"))]
    words = [host.python, "-I", "-c", _BRING, str(len(helper_bytes())), _OTHER_END[verb]]
    words += roots if verb != "reach" else []
    return " ".join(quote(word) for word in words)
