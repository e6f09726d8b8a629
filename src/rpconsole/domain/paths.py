"""One file in its three namings: the key in the database, the disk path at home, the path at the site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NewType

from rpconsole.domain.fault import BadData

NebKey = NewType("NebKey", str)
"""How the database names a file: ``neb://VOL/a/b``, also ``file:///p``, ``path://NAME/p`` or a plain ``/p``."""
DiskPath = NewType("DiskPath", str)
"""An absolute path on the disks at home; for a nebulous key one of its instances."""
RemotePath = NewType("RemotePath", str)
"""An absolute path at the site."""

#: ``storage_object.ext_id`` is a VARCHAR(255)
MAX_KEY_LENGTH = 255
#: a volume of this name is no wish at all
ANY_VOLUMES = frozenset({"", "any", "any.0"})

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_INSTANCE_ID = re.compile(r"^[0-9]+\.")
#: a file's name in which nothing has to be looked at twice
_PLAIN_NAME = re.compile(r"(?!\.\.?$)[A-Za-z0-9_@%+=,.~-]+")


class BadKey(BadData):
    """The text is not the name of a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NebName:
    """A nebulous key taken apart: the path alone identifies the object, the volume is only a wish unless it is hard."""

    #: None = any
    volume: str | None
    #: written ``~VOL``: an error when the volume cannot be used
    hard: bool
    #: normalised, without a leading slash
    path: str

    @property
    def key(self) -> NebKey:
        """The key in its plainest spelling."""
        volume = self.volume or ""
        return NebKey(f"neb://{'~' if self.hard else ''}{volume}/{self.path}")


def is_neb(text: str) -> bool:
    """True for a key that nebulous resolves."""
    return text.startswith("neb:")


def read_neb_key(text: str) -> NebName:
    """Take a nebulous key apart; BadKey says what is wrong.

    Nebulous' own rules: ``neb://VOL/path``, ``neb:///path``, ``neb:/path``; no blanks anywhere; ``neb:path`` is an error;
    ``any`` means no volume. A ``..`` inside is refused too: below the site's root it would lead out of it.
    """
    rest = text.removeprefix("neb:")
    if rest == text or not rest.startswith("/"):
        raise BadKey(f"'{text}' is not a nebulous key; one looks like neb://VOLUME/path or neb:///path")
    if _BLANK.search(text):
        raise BadKey(f"{text!r} is not a nebulous key: it holds a blank or a control character")
    volume, _, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
    hard = volume.startswith("~")
    volume = volume.removeprefix("~")
    return NebName(volume=None if volume in ANY_VOLUMES else volume, hard=hard, path=_object_path(path, text))


def _object_path(path: str, text: str) -> str:
    pieces = [piece for piece in path.split("/") if piece not in ("", ".")]
    if pieces and pieces[0] == "..":
        pieces = pieces[1:]
    normal = "/".join(pieces)
    if not normal:
        raise BadKey(f"'{text}' names no file: its path is empty")
    if ".." in pieces:
        raise BadKey(f"'{text}' is refused: a '..' in the middle of a key could lead anywhere")
    if len(normal) > MAX_KEY_LENGTH:
        raise BadKey(f"the key '{normal[:40]}…' is {len(normal)} characters long; nebulous takes {MAX_KEY_LENGTH}")
    return normal


def key_path(text: str) -> str:
    """The part of a key that identifies the file, without scheme, volume and leading slash; BadKey for what is none.

    ``path://NAME/x`` keeps its NAME, and a plain path keeps all of itself, so that two files never meet.
    """
    # a survey names hundreds of files a folder: the folder is read once
    folder, slash, name = text.rpartition("/")
    if slash and _PLAIN_NAME.fullmatch(name) and (above := _path_of_folder(folder)) is not None:
        path = above + name
        if len(path) <= MAX_KEY_LENGTH:
            return path
    return _whole_key_path(text)


@lru_cache(maxsize=4096)
def _path_of_folder(folder: str) -> str | None:
    """What comes before the name of every file in a folder; None where there can be none."""
    try:
        return _whole_key_path(f"{folder}/x")[:-1]
    except BadKey:
        return None


def _whole_key_path(text: str) -> str:
    if is_neb(text):
        return read_neb_key(text).path
    scheme = _SCHEME.fullmatch(text)
    if scheme and scheme[1] not in ("file", "path"):
        raise BadKey(f"'{text}' has the unknown scheme '{scheme[1]}:'; known are neb:, file: and path:")
    body = scheme[2] if scheme else text
    if not body.startswith("/") or "\n" in body or "\0" in body:
        raise BadKey(f"{text!r} is not an absolute path and not a key")
    return _object_path(body, text)


def refuse_beyond_ascii(text: str) -> None:
    """BadKey for a name with a letter beyond ASCII: its bytes would be others in a list file, on a disk and at the site."""
    if not text.isascii():
        letter = next(letter for letter in text if not letter.isascii())
        raise BadKey(f"{text!r} holds {letter!r}: names of files that a job reads or makes are plain ASCII")


# the results of one exposure all name the same few files
@lru_cache(maxsize=256)
def same_file(one: str, other: str) -> bool:
    """True when two keys name the same file, whatever their volumes; a text that is no key is the same as nothing."""
    try:
        return key_path(one) == key_path(other)
    except BadKey:
        return False


def normal_path(path: str) -> str:
    """A path with every run of slashes made one: a root that ends in '/' leaves ``//`` in the old scripts' lists."""
    return re.sub("/{2,}", "/", path) if "//" in path else path


def mapped_by_instance(disk: str, root: str) -> RemotePath:
    """M1, disk path to remote key path: nebulous names an instance ``<number>.<key path with ':' for '/'>``.

    A ':' inside the key itself cannot be told from a '/'.
    """
    name = _INSTANCE_ID.sub("", disk.rpartition("/")[2])
    return RemotePath(normal_path(f"{root}/{name.replace(':', '/')}"))


def mapped_by_key(key: str, root: str) -> RemotePath:
    """M2, key to remote key path, without looking anything up: where intermediate files and products live at the site.

    Same as the old scripts' for ``neb://`` and ``file:///``; theirs loses the NAME of ``path://NAME/x`` and the head of a plain path.
    """
    folder, slash, name = key.rpartition("/")
    if slash and _PLAIN_NAME.fullmatch(name) and (placed := _place_of_folder(folder, root)) is not None:
        above, room = placed
        if len(name) <= room:
            return RemotePath(above + name)
    return _mapped_whole(key, root)


@lru_cache(maxsize=4096)
def _place_of_folder(folder: str, root: str) -> tuple[str, int] | None:
    """Where the files of a key's folder lie at the site, and how long their names may be; None where there can be none."""
    above = _path_of_folder(folder)
    return None if above is None else (_mapped_whole(f"{folder}/x", root)[:-1], MAX_KEY_LENGTH - len(above))


def _mapped_whole(key: str, root: str) -> RemotePath:
    return RemotePath(normal_path(f"{root.rstrip('/')}/{key_path(key)}"))


def mirrored(disk: str, root: str) -> RemotePath:
    """M3, the raw mirror: where every shipped input lands, the whole local path below ``<root>/tmp``."""
    folder, _, name = disk.rpartition("/")
    return RemotePath(f"{_mirrored_folder(folder, root)}/{name}")


@lru_cache(maxsize=4096)
def _mirrored_folder(folder: str, root: str) -> str:
    return normal_path(f"{root.rstrip('/')}/tmp/{folder.lstrip('/')}").rstrip("/")
