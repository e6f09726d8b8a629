"""The database updates that a component leaves behind: parsed, checked against their component, never executed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import NamedTuple

from rpconsole.domain.dbinfo_columns import columns_of
from rpconsole.domain.dbinfo_flags import COMPLETIONS, Completion, Kind
from rpconsole.domain.dbinfo_words import READERS, BadDbinfo, Reader, Value, no_value, words_of
from rpconsole.domain.filerules import Rule, file_of
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.paths import same_file
from rpconsole.domain.stage import STAGE_WORDS, Stage

__all__ = ["BadDbinfo", "DbinfoStatement", "Expected", "Returned", "Value", "expected_of", "read_dbinfo"]


class DbinfoStatement(NamedTuple):
    """One completion record for gpc1, as typed columns of the stage's result table.

    A named tuple, since thousands cross to another process.
    """

    stage: Stage
    #: chip: chip_id exp_id class_id; camera: cam_id; warp: warp_id skycell_id tess_id; stack: stack_id
    id_names: tuple[str, ...]
    key: tuple[int | str, ...]
    #: every other column that the statement sets, by its name in the table
    names: tuple[str, ...]
    #: what they become, each as its column's type has it; NaN and infinities are None
    values: tuple[Value, ...]
    #: hash of the file's bytes
    sha256: str
    #: where it came from, for sentences
    source: str

    @property
    def ids(self) -> dict[str, int | str]:
        """Its row's key by the columns' names."""
        return dict(zip(self.id_names, self.key, strict=True))

    @property
    def columns(self) -> dict[str, Value]:
        """Value by the column's name."""
        return dict(zip(self.names, self.values, strict=True))


class Expected(NamedTuple):
    """What a dbinfo must say to be the one that its component promised."""

    ids: Mapping[str, int | str]
    path_base: str


class Returned(NamedTuple):
    """A dbinfo file as it came back."""

    text: str
    #: where it lies, for sentences
    source: str
    expect: Expected


def expected_of(stage: Stage, record: ManifestRecord) -> Expected:
    """What the dbinfo behind this product must say; BadDbinfo when the record does not tell its component."""
    if record.component is None:
        raise BadDbinfo(f"{record.local}: its name follows no file rule, so the component it belongs to is unknown")
    ids: dict[str, int | str] = {STAGE_WORDS[stage].id_column: record.component}
    item_column = STAGE_WORDS[stage].item
    if record.item is not None and item_column in COMPLETIONS[stage].ids:
        ids[item_column] = record.item
    rule, chip = (Rule.DBINFO_IMFILE, record.item) if stage is Stage.CHIP else (Rule.DBINFO_EXP, None)
    return Expected(ids=ids | dict(record.ids), path_base=record.key.removesuffix(file_of(rule, "", chip=chip)))


def read_dbinfo(
    content: bytes | str,
    *,
    source: str,
    stage: Stage | None = None,
    expect: Expected | None = None,
    dbname: str | None = None,
) -> DbinfoStatement:
    """Read one dbinfo file: one line, one of the four completion commands, known options, values of their column's type.

    Raises BadDbinfo, and nothing else, for whatever is in the file; the sentence names the file and the word. Checked, where given:
    the stage, the ids and path_base that its component must have (every time they occur), the database's name. Of a repeated option
    the last one counts.
    """
    words = words_of(content, source)
    stage, completion = _command(words, source, stage)
    values = _options(words[1:], completion, source, _Checks(completion, expect, dbname))
    ids = _ids(values, completion, source)
    if not values.get("path_base"):
        raise BadDbinfo(f"{source}: it has no -path_base, which every completion carries")
    if expect and (lacking := [name for name in expect.ids if name not in ids]):
        raise BadDbinfo(f"{source}: it has no -{lacking[0]}, which must be {expect.ids[lacking[0]]}")
    raw = content if isinstance(content, bytes) else content.encode("ascii")
    names, row = columns_of(values, completion.tool)
    return DbinfoStatement(stage, tuple(ids), tuple(ids.values()), names, row, hashlib.sha256(raw).hexdigest(), source)


class _Checks(NamedTuple):
    """What a value must be equal to, whenever it occurs."""

    completion: Completion
    expect: Expected | None
    dbname: str | None

    @property
    def names(self) -> set[str]:
        """The options that are looked at."""
        return {*self.completion.ids, "path_base", "dbname"}

    def wanted(self, name: str, value: Value) -> object:
        """What the value should have been; None when it is right or when nothing is known."""
        if name == "path_base" and self.expect:
            good = isinstance(value, str) and same_file(value, self.expect.path_base)
            return None if good else self.expect.path_base
        if name == "dbname" and self.dbname is not None:
            return None if value == self.dbname else self.dbname
        if name in self.completion.ids and self.expect and name in self.expect.ids:
            return None if value == self.expect.ids[name] else self.expect.ids[name]
        return None


def _command(words: list[str], source: str, wanted: Stage | None) -> tuple[Stage, Completion]:
    stage = next((stage for stage, completion in COMPLETIONS.items() if completion.tool == words[0]), None)
    if stage is None:
        tools = ", ".join(completion.tool for completion in COMPLETIONS.values())
        raise BadDbinfo(f"{source}: '{words[0][:80]}' is not a completion command; these are {tools}")
    if wanted is not None and stage is not wanted:
        raise BadDbinfo(f"{source}: '{words[0]}' completes {stage}, but the component is of stage {wanted}")
    completion = COMPLETIONS[stage]
    if f"-{completion.mode}" not in words:
        raise BadDbinfo(f"{source}: '{words[0]}' without -{completion.mode} is not a completion")
    return stage, completion


def _options(words: list[str], completion: Completion, source: str, checks: _Checks) -> dict[str, Value]:
    readers, checked = _READERS[completion.tool], checks.names
    values: dict[str, Value] = {}
    rest = iter(words)
    for word in rest:
        name = word[1:]
        read = readers.get(name) if word[:1] == "-" else None
        if read is None:
            if word == f"-{completion.mode}":
                continue
            raise BadDbinfo(
                f"{source}: '{word[:80]}' is not an option of {completion.tool} here{_nearest(name, completion)}"
            )
        value_word = "" if read is _SWITCH else next(rest, None)
        if value_word is None:
            raise no_value(name, source)
        values[name] = value = read(name, value_word, source)
        if name in checked and (wanted := checks.wanted(name, value)) is not None:
            raise BadDbinfo(f"{source}: -{name} is {value!r}, but its component has {wanted!r}")
    return values


_SWITCH = READERS[Kind.SWITCH]
#: by tool, how the value of every option that it may carry is read
_READERS: Mapping[str, Mapping[str, Reader]] = {
    completion.tool: {name: READERS[kind] for name, kind in completion.kinds.items()}
    for completion in COMPLETIONS.values()
}


def _nearest(name: str, completion: Completion) -> str:
    near = get_close_matches(name[:64], [*completion.ids, *completion.options], n=1)
    return f"; the nearest is -{near[0]}" if near else ""


def _ids(values: Mapping[str, Value], completion: Completion, source: str) -> dict[str, int | str]:
    ids: dict[str, int | str] = {}
    for name in completion.ids:
        value = values.get(name)
        if value is None or isinstance(value, float):
            raise BadDbinfo(f"{source}: it has no -{name}, which {completion.tool} needs")
        ids[name] = value
    return ids
