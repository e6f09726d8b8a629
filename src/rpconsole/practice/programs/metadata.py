"""IPP metadata text: typed `name TYPE value` lines, nested METADATA blocks, and MULTI for names that repeat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from rpconsole.practice.programs.exits import BadInput

Scalar: TypeAlias = "str | int | float | bool | None"
Block: TypeAlias = "dict[str, Scalar | Block | list[Block | Scalar]]"

_INTEGERS = {"S8", "S16", "S32", "S64", "U8", "U16", "U32", "U64"}
_FLOATS = {"F32", "F64"}
_TIMES = {"TAI", "UTC", "UT1", "TT"}


def write(block: Mapping[str, object]) -> str:
    """The text of a block; Python types choose the IPP types: int S64, float F64, bool BOOL, str STR."""
    return "\n".join(_lines(block, indent="")) + "\n"


def _lines(block: Mapping[str, object], *, indent: str) -> list[str]:
    lines: list[str] = []
    for name, value in block.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{name}  METADATA", *_lines(value, indent=indent + "   "), f"{indent}END"]
        else:
            kind, text = _typed(value)
            lines.append(f"{indent}{name:<19}  {kind:<8}  {text}")
    return lines


def _typed(value: object) -> tuple[str, str]:
    if isinstance(value, bool):
        return "BOOL", "T" if value else "F"
    if isinstance(value, int):
        return "S64", str(value)
    if isinstance(value, float):
        return "F64", f"{value:.15g}"
    return "STR", "NULL" if value in (None, "") else str(value)


def read(text: str, *, name: str = "metadata") -> Block:
    """Parse the text; raise `BadInput` naming the line where it breaks."""
    top: Block = {}
    open_blocks: list[Block] = [top]
    multi: set[tuple[int, str]] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split(maxsplit=2)
        if not words or words[0].startswith("#"):
            continue
        where = f"{name}, line {number}"
        if words[0] == "END":
            if len(open_blocks) == 1:
                raise BadInput(f"{where}: END without a METADATA block")
            open_blocks.pop()
            continue
        _take(words, open_blocks, multi, where)
    if len(open_blocks) > 1:
        raise BadInput(f"{name}: {len(open_blocks) - 1} METADATA block(s) without END")
    return top


def _take(words: list[str], open_blocks: list[Block], multi: set[tuple[int, str]], where: str) -> None:
    if len(words) < 2:
        raise BadInput(f"{where}: {words[0]!r} has no type")
    key, kind, rest = words[0], words[1], words[2] if len(words) > 2 else ""
    block = open_blocks[-1]
    if kind == "MULTI":
        multi.add((id(block), key))
        block.setdefault(key, [])
        return
    value: Scalar | Block = {} if kind == "METADATA" else _scalar(kind, rest, where)
    if (id(block), key) in multi:
        entries = block[key]
        assert isinstance(entries, list)
        entries.append(value)
    else:
        block[key] = value
    if isinstance(value, dict):
        open_blocks.append(value)


def _scalar(kind: str, rest: str, where: str) -> Scalar:
    text = _without_comment(rest)
    if text in ("", "NULL"):
        return None
    try:
        if kind in _INTEGERS:
            return int(text)
        if kind in _FLOATS:
            return float(text)
    except ValueError:
        raise BadInput(f"{where}: {text!r} is not a number ({kind})") from None
    if kind == "BOOL":
        return text.upper() in ("T", "TRUE", "1")
    if kind == "STR" or kind in _TIMES:
        return text
    raise BadInput(f"{where}: unknown type {kind!r}")


def _without_comment(rest: str) -> str:
    if rest.startswith("#"):
        return ""
    return rest.split(" #", 1)[0].strip()
