"""What is wrong with a configuration, as sentences: where, what is allowed, and the nearest right key."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rpconsole.config.lines import Place, line_of
from rpconsole.domain.nearest import nearest

#: pydantic's kinds of error -> what is allowed, with its own numbers
ALLOWED: Mapping[str, str] = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be text in quotes",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "tuple_type": "must be a list in [ ]",
    "list_type": "must be a list in [ ]",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}
#: what is never repeated, as it may hold a password
UNREPEATED = ("url", "databases", "password", "password_file")
LONGEST_SHOWN = 60


def sentences_of(error: ValidationError, model: type[BaseModel], places: dict[Place, int]) -> list[str]:
    """One sentence a mistake, in the order of the file."""
    found = [_placed(mistake, model, places) for mistake in error.errors(include_url=False)]
    return [sentence for _, sentence in sorted(found, key=lambda pair: pair[0])]


def _placed(mistake: ErrorDetails, model: type[BaseModel], places: dict[Place, int]) -> tuple[int, str]:
    place: Place = tuple(mistake["loc"])
    key = (mistake.get("ctx") or {}).get("key")
    if key:
        place = (*place, key)
    line = line_of(places, place)
    where = f"line {line}: " if line else ""
    return line or 0, where + _sentence(mistake, place, model)


def _sentence(mistake: ErrorDetails, place: Place, model: type[BaseModel]) -> str:
    kind, context = mistake["type"], mistake.get("ctx") or {}
    if kind == "extra_forbidden":
        return _unknown_key(place, model)
    if kind == "missing":
        return f"{spelt(place)} is missing: {_description(place, model)}"
    if kind == "refused":
        return f"{spelt(place)} {context['sentence']}"
    limits = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    allowed = ALLOWED.get(kind, mistake["msg"])
    return f"{spelt(place)} {allowed.format(**limits)}{_not_this(place, mistake['input'])}"


def _not_this(place: Place, value: object) -> str:
    if place[-1] in UNREPEATED or not isinstance(value, str | int | float):
        return ""
    shown = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return f", not {shown}" if len(shown) <= LONGEST_SHOWN else ""


def _unknown_key(place: Place, model: type[BaseModel]) -> str:
    section, key = section_at(model, place[:-1]), str(place[-1])
    known = list(section.model_fields) if section else []
    tip = nearest(key, known)
    if not tip:
        homes = [spelt(home) for home, fields in sections_of(model) if key in fields and "*" not in home]
        tip = f"; it belongs into [{homes[0]}]" if homes and homes[0] else f"; the keys here are {', '.join(known)}"
    return f"{spelt(place)} is not a key{tip}"


def _description(place: Place, model: type[BaseModel]) -> str:
    section = section_at(model, place[:-1])
    field = section.model_fields.get(str(place[-1])) if section else None
    return (field.description if field else None) or "it must be given"


def spelt(place: Place) -> str:
    """``login.front_ends[1].host``, numbers counted from 1 as people do."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def section_at(model: type[BaseModel], place: Place) -> type[BaseModel] | None:
    """The class of the table at a place."""
    section: type[BaseModel] | None = model
    for part in place:
        if isinstance(part, int):
            continue
        field = section.model_fields.get(part) if section else None
        section = table_class(field.annotation) if field else None
    return section


def sections_of(model: type[BaseModel], place: Place = ()) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Every table that the file may hold, with its fields; ``*`` in the place stands for an entry of a list."""
    yield place, model.model_fields
    for name, field in model.model_fields.items():
        inner = table_class(field.annotation)
        if inner is not None:
            repeated = get_origin(field.annotation) is tuple
            yield from sections_of(inner, (*place, name, "*") if repeated else (*place, name))


def table_class(annotation: Any) -> type[BaseModel] | None:
    """The table that a field holds, alone, or none, or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, Annotated, Union, types.UnionType):
        return next((found for part in get_args(annotation) if (found := table_class(part))), None)
    return None
