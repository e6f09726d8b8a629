"""The configuration's reference, written from its classes; and the configuration as it is shown."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from rpconsole.config.mistakes import table_class
from rpconsole.config.model import Config
from rpconsole.domain.stage import Stage

PLAIN_WORDS: Mapping[Any, str] = {
    str: "text", bool: "true or false", int: "whole number", float: "number", Path: "path", SecretStr: "text",
    Stage: "stage",
}  # fmt: skip


def config_reference() -> str:
    """Every key of the configuration file, as Markdown."""
    return "\n\n".join(_sections(Config, ""))


def _sections(model: type[BaseModel], heading: str) -> Iterator[str]:
    rows, inner = [], []
    for name, field in model.model_fields.items():
        table = table_class(field.annotation)
        if table is None:
            rows.append(f"| `{name}` | {_kind(field)} | {_default(field)} | {_cell(field.description or '')} |")
        else:
            brackets = "[[{}]]" if _is_list(field) else "[{}]"
            place = f"{heading}.{name}".lstrip(".")
            inner.append((table, place, brackets.format(place), field.is_required()))
    if rows:
        yield "\n".join(["| key | value | default | meaning |", "| --- | --- | --- | --- |", *rows])
    told: set[type[BaseModel]] = set()
    for table, place, title, required in inner:
        need = "" if required or title.startswith("[[") else " *May be left out.*"
        yield f"### `{title}`\n\n{(table.__doc__ or '').strip()}{need}"
        if table in told:
            yield "The same keys as in the table before."
        else:
            yield from _sections(table, place)
        told.add(table)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _kind(field: FieldInfo) -> str:
    limits = "".join(_limit(rule) for rule in (*field.metadata, *_inner_rules(field.annotation)))
    return _cell((_in_words(field, "value_in_words") or _words(field.annotation)) + limits)


def _in_words(field: FieldInfo, kind: str) -> str:
    """What the field's class says of itself, where its type does not say it."""
    extra = field.json_schema_extra
    return str(extra.get(kind, "")) if isinstance(extra, dict) else ""


def _inner_rules(annotation: Any) -> Iterator[object]:
    """The limits of the value where none may stand for it."""
    for part in get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ():
        for rule in getattr(part, "__metadata__", ()):
            yield from rule.metadata if isinstance(rule, FieldInfo) else (rule,)


def _limit(rule: object) -> str:
    match rule:
        case annotated_types.Ge(ge=least):
            return f", {least} or more"
        case annotated_types.Gt(gt=least):
            return f", more than {least}"
        case annotated_types.Le(le=most):
            return f", {most} or less"
    return ""


def _words(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation in PLAIN_WORDS:
        return PLAIN_WORDS[annotation]
    if origin is Literal:
        return " or ".join(f'`"{part}"`' for part in parts)
    if origin in (Union, types.UnionType):
        return _words(next(part for part in parts if part is not type(None)))
    if origin is tuple:
        return f"list: {_words(parts[0])}"
    if origin is not None and parts and not issubclass(origin, Mapping):
        return _words(parts[0])
    return _words(parts[0]) if hasattr(annotation, "__metadata__") else "table"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*required*"
    if told := _in_words(field, "default_in_words"):
        return told
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value == {}:
        return "–"
    return f"`{_value(value)}`" if not isinstance(value, Mapping) else "built in"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def shown_config(config: Config) -> str:
    """The whole configuration as TOML, defaults included, passwords hidden; keys without a value as comments."""
    lines = [f"# {config.source}"]
    for name, content in config.model_dump(mode="json").items():
        lines += _table([name], content)
    return "\n".join(lines) + "\n"


def _table(place: list[str], content: Any) -> Iterator[str]:
    if isinstance(content, list):
        for entry in content:
            yield from ("", f"[[{'.'.join(place)}]]")
            yield from _pairs(entry)
        return
    pairs = {name: value for name, value in content.items() if not isinstance(value, dict)}
    if pairs:
        yield from ("", f"[{'.'.join(map(_name, place))}]")
        yield from _pairs(pairs)
    for name, value in content.items():
        if isinstance(value, dict) and value:
            yield from _table([*place, name], value)


def _pairs(content: Mapping[str, Any]) -> Iterator[str]:
    for name, value in content.items():
        yield f"# {name} is not set" if value is None else f"{_name(name)} = {_value(value)}"


def _name(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            pairs = ", ".join(f"{_name(key)} = {_value(item)}" for key, item in value.items() if item is not None)
            return f"{{ {pairs} }}"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
