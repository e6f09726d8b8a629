"""The manifest of a run: one record for each file that it needs or promises, in all three namings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from rpconsole.domain.fault import BadData


class Role(StrEnum):
    """What a file is to its run."""

    #: must be at the site before the job starts
    INPUT = "input"
    #: the run's own lists and script, shipped with it
    LIST = "list"
    #: comes home
    PRODUCT = "product"


class BadManifest(BadData):
    """The manifest cannot be read."""


class ManifestRecord(NamedTuple):
    """One file of a run; a named tuple, since a run has hundreds of thousands."""

    key: str
    #: absolute disk path at home
    local: str
    #: absolute path at the site
    remote: str
    role: Role
    #: stage_id of the component that it belongs to; None for the run's own lists
    component: int | None = None
    #: number, from 1, of the line in the run's merged ``.config`` that makes it; None for inputs and lists
    task: int | None = None
    #: what that line works on: class_id, exp_tag or skycell_id
    item: str | None = None
    #: where it is known beforehand
    bytes: int | None = None
    #: ``md5:…`` or ``sha256:…``, where known
    checksum: str | None = None
    may_be_empty: bool = False
    #: of a dbinfo: the ids that it must carry besides those in its name
    ids: tuple[tuple[str, int | str], ...] = ()


_TYPES: Mapping[str, tuple[type, ...]] = {
    "key": (str,),
    "local": (str,),
    "remote": (str,),
    "role": (str,),
    "component": (int, type(None)),
    "task": (int, type(None)),
    "item": (str, type(None)),
    "bytes": (int, type(None)),
    "checksum": (str, type(None)),
    "may_be_empty": (bool,),
    "ids": (dict,),
}
_encode = json.JSONEncoder(separators=(",", ":")).encode
_text = json.encoder.encode_basestring_ascii
_ROLES = frozenset(Role)
_ROLE_OF = {str(role): role for role in Role}
_REQUIRED = ("key", "local", "remote", "role")


def manifest_text(records: Iterable[ManifestRecord]) -> str:
    """JSON lines, one record a line, fields at their default left out."""
    return "".join(_line(record) for record in records)


def _line(record: ManifestRecord) -> str:
    """Written by hand: a run has hundreds of thousands, and the general encoder takes thrice as long."""
    key, local, remote, role, component, task, item, size, checksum, may_be_empty, ids = record
    line = f'{{"role":"{role}","key":{_text(key)},"local":{_text(local)},"remote":{_text(remote)}'
    if component is not None:
        line += f',"component":{component}'
    if task is not None:
        line += f',"task":{task}'
    if item is not None:
        line += f',"item":{_text(item)}'
    if size is not None:
        line += f',"bytes":{size}'
    if checksum is not None:
        line += f',"checksum":{_text(checksum)}'
    if may_be_empty:
        line += ',"may_be_empty":true'
    if ids:
        line += f',"ids":{_encode(dict(ids))}'
    return line + "}\n"


def read_manifest(text: str, *, source: str, ending: str = "", first: int = 1) -> list[ManifestRecord]:
    """Read a manifest, or the records whose key has this ending; BadManifest names the file, the line and what is wrong there.

    The text may be a piece of it, whose first line has the number ``first``.
    """
    return read_lines(text.split("\n"), source=source, ending=ending, first=first)


def read_lines(lines: Sequence[str], *, source: str, ending: str = "", first: int = 1) -> list[ManifestRecord]:
    """``read_manifest`` of what is in lines already."""
    records = []
    # a line that does not hold the ending at all need not be understood
    for line in [line for line in lines if ending in line] if ending else lines:
        record = _plain_record(line)
        if record is None and line.strip():
            record = _odd_record(line, f"{source}, line {first + lines.index(line)}")
        if record is not None and record.key.endswith(ending):
            records.append(record)
    return records


#: a line as we write it, without a sign that would have to be spelt out
_PLAIN_LINE = re.compile(
    (
        r'\{"role":"(input|list|product)","key":TEXT,"local":TEXT,"remote":TEXT(?:,"component":WHOLE)?(?:,"task":WHOLE)?'
        r'(?:,"item":TEXT)?(?:,"bytes":WHOLE)?(?:,"checksum":TEXT)?(,"may_be_empty":true)?(?:,"ids":(\{[^{}]+\}))?\}'
    )
    .replace("TEXT", r'"([^"\\\x00-\x1f]*)"')
    .replace("WHOLE", "(0|[1-9][0-9]{0,17})")
)


def _plain_record(line: str) -> ManifestRecord | None:
    """Of hundreds of thousands: the general decoder and the looks at what it found take five times as long."""
    plain = _PLAIN_LINE.fullmatch(line)
    if plain is None:
        return None
    role, key, local, remote, component, task, item, size, checksum, may_be_empty, id_text = plain.groups()
    ids = _ids_of(id_text) if id_text else ()
    if ids is None:
        return None
    return ManifestRecord(
        key,
        local,
        remote,
        _ROLE_OF[role],
        int(component) if component else None,
        int(task) if task else None,
        item,
        int(size) if size else None,
        checksum,
        may_be_empty is not None,
        ids,
    )


# the files of one component have the same
@lru_cache(maxsize=1024)
def _ids_of(text: str) -> tuple[tuple[str, int | str], ...] | None:
    """The ids of a plain line; None where they are odd."""
    try:
        ids = json.loads(text)
    except ValueError:
        return None
    return tuple(ids.items()) if all(type(value) in (int, str) for value in ids.values()) else None


def _odd_record(line: str, where: str) -> ManifestRecord:
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise BadManifest(f"{where} is not a JSON object; the file may have been cut") from None
    if not isinstance(fields, dict):
        raise BadManifest(f"{where} is not a JSON object")
    _check(fields, where)
    fields["role"] = Role(fields["role"])
    fields["ids"] = tuple(fields.get("ids", {}).items())
    return ManifestRecord(**fields)


def _check(fields: Mapping[str, object], where: str) -> None:
    for name in _REQUIRED:
        if name not in fields:
            raise BadManifest(f"{where} has no '{name}'")
    for name, value in fields.items():
        if name not in _TYPES:
            raise BadManifest(f"{where} has the unknown field '{name}'; known are {', '.join(_TYPES)}")
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and name != "may_be_empty"):
            raise BadManifest(f"{where}: '{name}' cannot be {value!r}")
    if fields["role"] not in _ROLES:
        raise BadManifest(f"{where}: '{fields['role']}' is not a role; the roles are {', '.join(Role)}")
    ids = fields.get("ids", {})
    if isinstance(ids, dict) and not all(isinstance(value, (int, str)) for value in ids.values()):
        raise BadManifest(f"{where}: 'ids' holds something that is neither a number nor a text")
