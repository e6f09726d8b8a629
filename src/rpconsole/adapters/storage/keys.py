"""The grammar of storage keys, as Nebulous reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from rpconsole.domain.fault import BadData

LONGEST_KEY = 255
_NEBULOUS = re.compile(r"^neb:(?://(?P<volume>[^/]*))?(?P<path>/.*)$")
_ANYWHERE = frozenset({"", "any", "any.0"})


class KeyKind(StrEnum):
    """Where a key points."""

    NEBULOUS = "neb"
    #: an absolute path on this host's disks
    FILE = "file"
    #: below a directory that the configuration names
    NAMED = "path"


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageKey:
    """A key, taken apart. For Nebulous the path alone names the object; the volume is where one would like it."""

    kind: KeyKind
    #: without a leading slash for neb and path keys, with one for files
    path: str
    #: the directory's name for path keys, the wanted volume for neb keys; None = any
    place: str | None = None
    #: ``~VOL``: an error if the volume cannot be used
    insists: bool = False


def read_key(text: str) -> StorageKey:
    """Take a key apart; BadData says what is wrong with it.

    ``neb://VOL/p``, ``neb:///p`` and ``neb:/p`` are keys, ``neb:p`` is none; no whitespace anywhere. A path that climbs with
    ``..`` is refused: Nebulous would take it literally, a directory would not.
    """
    if not text or re.search(r"\s", text):
        raise BadData(f"{text!r} is no storage key: {'it has whitespace in it' if text else 'it is empty'}")
    if len(text) > LONGEST_KEY:
        raise BadData(
            f"'{text[:60]}…' is no storage key: it has {len(text)} characters, at most {LONGEST_KEY} can be kept"
        )
    key = _taken_apart(text)
    if ".." in key.path.split("/"):
        raise BadData(f"'{text}' is no storage key: it climbs out of its directory with '..'")
    if not key.path.strip("/"):
        raise BadData(f"'{text}' is no storage key: it names no file")
    return key


def _taken_apart(text: str) -> StorageKey:
    scheme = text.split(":", 1)[0] if ":" in text.split("/", 1)[0] else ""
    if scheme == "neb":
        return _nebulous(text)
    if scheme == "file":
        return _file(text)
    if scheme == "path":
        return _named(text)
    if not text.startswith("/"):
        raise BadData(f"'{text}' is no storage key: use neb://VOLUME/path, file:///path, path://NAME/path or /path")
    return StorageKey(kind=KeyKind.FILE, path=text)


def _nebulous(text: str) -> StorageKey:
    found = _NEBULOUS.match(text)
    if found is None:
        raise BadData(f"'{text}' is no storage key: 'neb:' is followed by //VOLUME/path or /path")
    wanted = found["volume"] or ""
    volume = wanted.removeprefix("~")
    return StorageKey(
        kind=KeyKind.NEBULOUS,
        path=normalised(found["path"]),
        place=None if volume in _ANYWHERE else volume,
        insists=wanted.startswith("~"),
    )


def _file(text: str) -> StorageKey:
    path = text.removeprefix("file://")
    if path == text or not path.startswith("/"):
        raise BadData(f"'{text}' is no storage key: a file key is file:///absolute/path")
    return StorageKey(kind=KeyKind.FILE, path=unquote(path))


def _named(text: str) -> StorageKey:
    name, slash, path = text.removeprefix("path://").partition("/")
    if not text.startswith("path://") or not name or not slash:
        raise BadData(f"'{text}' is no storage key: a path key is path://NAME/path")
    return StorageKey(kind=KeyKind.NAMED, path=normalised(path), place=name)


def normalised(path: str) -> str:
    """No leading slash, no doubled slash, no ``/./``, no slash at the end."""
    return "/".join(part for part in path.split("/") if part not in {"", "."})
