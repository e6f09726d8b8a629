"""rpconsole's configuration for a practice site: everything in it follows from the site's directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from rpconsole.domain.fault import BadConfiguration
from rpconsole.practice.paths import FRONT_ENDS, GATEWAY, STORAGE, SitePaths, SiteSettings

#: what a command line at a site may hold, whatever shell reads it
_PLAIN = re.compile(r"/[A-Za-z0-9_./+@=,-]*")
#: a unix socket's path may have so many bytes
_SOCKET_BYTES = 107
LABEL = "demo"
#: one command of a stage takes about so long here; a real chip takes minutes
_COST_H = {"chip": 0.0005, "camera": 0.001, "warp": 0.0005, "stack": 0.001}


def check_directory(directory: Path) -> None:
    """A directory whose name any shell reads alike: it becomes part of every command line at the site."""
    if not _PLAIN.fullmatch(str(directory)):
        raise BadConfiguration(
            f"a practice site cannot lie in {str(directory)!r}: its path may hold letters, digits and _ . / + @ = , - only"
        )


def socket_path(paths: SitePaths) -> Path:
    """The engine's socket, in a private folder of its own where the site's path is too long for a socket."""
    inside = paths.state / "rpconsole.sock"
    if len(os.fsencode(inside)) <= _SOCKET_BYTES:
        return inside
    digest = sha256(os.fsencode(paths.root)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"rpconsole-{os.getuid()}-{digest}" / "rpconsole.sock"


def remove_private_folder(paths: SitePaths) -> None:
    """Once no engine serves there any more, nothing is left of a socket outside the site's directory."""
    socket = socket_path(paths)
    if socket.parent != paths.state and not socket.exists():
        shutil.rmtree(socket.parent, ignore_errors=True)


def configuration(paths: SitePaths, settings: SiteSettings) -> str:
    """The text of ``rpconsole.toml``: quick looks, one label, and all bookkeeping by rpconsole itself."""
    sections: dict[str, Mapping[str, object]] = {
        "database": {"url": f"sqlite:///{paths.gpc1}", "name": "gpc1"},
        "paths": {
            "state_dir": str(paths.state),
            "socket": str(socket_path(paths)),
            "log_file": str(paths.logs / "rpconsole.log"),
        },
        "storage": {"kind": "plain", "root": str(paths.storage)},
        "site": _site(paths, settings),
        **{f"site.stages.{stage}": _stage(cost_h) for stage, cost_h in _COST_H.items()},
        "scratch": {
            "quota_command": [str(paths.bin / "lfs"), "quota", str(paths.scratch)],
            "purge_days": settings.scratch_purge_s / 86400,
            "look_s": 2.0,
            "relook_hours": 0.001,
        },
        "login": _login(paths, settings),
        "engine": {
            "tick_s": 0.2,
            "refresh_s": 1.0,
            "define_s": 1.0,
            "poll_min_s": 0.5,
            "poll_max_s": 3.0,
            "unlisted_wait_s": 10.0,
            "grace_s": 3.0,
        },
        "retry": {"delays_s": [1.0, 3.0, 10.0], "away_s": 2.0, "queue_full_s": 3.0, "reconcile_s": 2.0},
        "bookkeeping": {"fake": True, "overlap_maps": str(paths.overlaps), "stacks": True},
        "transfer": {"initiative": settings.initiative},
        "[transfer.storage_hosts]": _storage_host(paths, settings),
        "[labels]": {"label": LABEL, "path_base": f"neb://any/remote/{LABEL}"},
    }
    head = "# rpconsole's configuration for the practice site in this directory; written anew whenever the site comes up.\n"
    return head + "".join(_section(name, fields) for name, fields in sections.items())


def _site(paths: SitePaths, settings: SiteSettings) -> dict[str, object]:
    return {
        "name": "practice",
        "remote_root": str(paths.scratch),
        "hostname": "PRACTICE/Mustang",
        "scheduler": "moab",
        "programs_dir": str(paths.bin),
        "proc_per_node": settings.slots,
        "max_nodes": settings.nodes,
        "max_hours": 2,
        "references_dir": str(paths.references),
        "tess_dir": str(paths.tessellations),
    }


def _stage(cost_h: float) -> dict[str, object]:
    return {"cost_h": cost_h, "threads": 1, "multiplier": 1, "safety_h": 0, "scratch_mb": 0.5, "program_threads": 1}


def _login(paths: SitePaths, settings: SiteSettings) -> dict[str, object]:
    ports = settings.ports
    return {
        "hop": "jump",
        "gateway": {"host": "127.0.0.1", "port": ports[GATEWAY]},
        "front_ends": [{"name": name, "host": "127.0.0.1", "port": ports[name]} for name in FRONT_ENDS],
        "user": settings.users[0],
        "users": list(settings.users),
        "known_hosts": str(paths.known_hosts),
        "lifetime_hours": settings.session_s / 3600,
        "max_channels": settings.max_sessions,
    }


def _storage_host(paths: SitePaths, settings: SiteSettings) -> dict[str, object]:
    """As the front ends see it; of use once somebody writes ``initiative = "front-end"``."""
    return {
        "name": STORAGE,
        "host": "127.0.0.1",
        "port": settings.ports[STORAGE],
        "user": "ipp",
        "identity_file": str(paths.storage_key),
        "known_hosts": str(paths.storage_hosts),
        "volumes": {str(paths.storage): str(paths.storage)},
    }


def _section(name: str, fields: Mapping[str, object]) -> str:
    return "".join(
        f"{line}\n" for line in ("", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in fields.items()))
    )


def _key(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key)


def _value(value: object) -> str:
    """TOML of a value; its plain strings are JSON's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return json.dumps(value)
