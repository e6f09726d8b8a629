"""Nebulous, the IPP's storage: which database knows an object, where its copies lie, and which copy is nearest.

The rules are Nebulous' own: the path alone identifies an object, one object has several *instances* (copies, each a file on a volume),
and an instance's file is named after its number, so it cannot be reckoned from the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

#: how far apart two volumes are: by number, by cabinet, by site
CABINET_WEIGHT = 20
SITE_WEIGHT = 100
#: a volume of which no cabinet is known is farther than any that is known
UNKNOWN_DISTANCE = 1_000_000
#: written into ``instance.uri`` for the moment in which an instance is made
UNFINISHED = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """Where a volume stands."""

    name: str
    vol_id: int
    cab_id: int | None = None
    site_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One copy of an object."""

    ins_id: int
    #: absolute disk path
    path: str
    volume: Volume


def shard_of(path: str, count: int) -> int:
    """Which of ``count`` databases knows the object with this path.

    Nebulous' rule: the first four characters of the SHA-1 (in hex) of the path's directory, each written as its two hex digits, low one
    first, read as one decimal number, modulo the count.
    """
    directory = path.rpartition("/")[0] or "."
    digest = hashlib.sha1(directory.encode("latin-1", "replace"), usedforsecurity=False).hexdigest()
    return int("".join(f"{ord(letter) & 15:x}{ord(letter) >> 4:x}" for letter in digest[:4])) % count


def file_name_of(ins_id: int, path: str) -> str:
    """What the file of an instance is called: the whole path, with ``:`` for ``/``."""
    return f"{ins_id}.{path.replace('/', ':')}"


def folder_of(path: str) -> str:
    """The directory of every instance of an object, below its volume: two levels, from the SHA-1 of the path."""
    digest = hashlib.sha1(path.encode("latin-1", "replace"), usedforsecurity=False).hexdigest()
    return f"{digest[:2]}/{digest[2:4]}"


def disk_path_in(uri: str) -> str | None:
    """The absolute path in ``file:///…``; None for what is none, or could not be a line of a list file."""
    rest = uri.removeprefix("file://")
    if uri == UNFINISHED or rest == uri:
        return None
    path = unquote(rest.removeprefix("localhost"), encoding="latin-1")
    if not path.startswith("/") or ".." in path.split("/") or any(ord(letter) < 32 for letter in path):
        return None
    return path


def nearest_first(instances: Iterable[Instance], near: Volume | None) -> list[Instance]:
    """Copies in the order in which they are tried; without a volume to be near to, the oldest first."""
    return sorted(instances, key=lambda one: (distance(one.volume, near) if near else 0, one.ins_id))


def distance(one: Volume, other: Volume) -> int:
    """|Δvolume| + 20 |Δcabinet| + 100 |Δsite|."""
    return (
        abs(one.vol_id - other.vol_id)
        + CABINET_WEIGHT * _apart(one.cab_id, other.cab_id)
        + SITE_WEIGHT * _apart(one.site_id, other.site_id)
    )


def _apart(one: int | None, other: int | None) -> int:
    if one is None or other is None:
        return 0 if one is other else UNKNOWN_DISTANCE
    return abs(one - other)
