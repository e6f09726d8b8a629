"""Reading the fields of a request; a wrong one is refused with a sentence."""

import difflib
from typing import Any, Dict, Iterable, List, Optional

from .faults import refused


def nearest(word: str, known: Iterable[str]) -> str:
    """'; nearest is …', or nothing."""
    found = difflib.get_close_matches(word, list(known), 1)
    return "; nearest is {!r}".format(found[0]) if found else ""


def only(request: Dict[str, Any], verb: str, known: Iterable[str]) -> None:
    fields = set(known) | {"id", "verb"}
    for name in request:
        if name not in fields:
            raise refused("{} knows no field {!r}{}".format(verb, name, nearest(name, fields)))


def text(request: Dict[str, Any], name: str, default: Optional[str] = None) -> str:
    value = request.get(name, default)
    if not isinstance(value, str):
        raise refused("field {!r} must be a text, not {!r}".format(name, value))
    return value


def optional_text(request: Dict[str, Any], name: str) -> Optional[str]:
    return None if request.get(name) is None else text(request, name)


def texts(request: Dict[str, Any], name: str) -> List[str]:
    value = request.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refused("field {!r} must be a list of texts".format(name))
    return value


def words(request: Dict[str, Any], name: str = "argv") -> List[str]:
    """An argument list for a program: at least one word, no zero bytes."""
    value = texts(request, name)
    if not value or not value[0] or any("\0" in item for item in value):
        raise refused("field {!r} must name a program and its words, got {!r}".format(name, value))
    return value


def number(request: Dict[str, Any], name: str, default: Optional[float], low: float, high: float) -> float:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise refused("field {!r} must be a number from {:g} to {:g}, not {!r}".format(name, low, high, value))
    return value


def whole(request: Dict[str, Any], name: str, default: Optional[int], low: int, high: int) -> int:
    value = number(request, name, default, low, high)
    if value != int(value):
        raise refused("field {!r} must be a whole number, not {!r}".format(name, value))
    return int(value)


def flag(request: Dict[str, Any], name: str) -> bool:
    value = request.get(name, False)
    if not isinstance(value, bool):
        raise refused("field {!r} must be true or false, not {!r}".format(name, value))
    return value


def items(request: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    value = request.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise refused("field {!r} must be a list of objects".format(name))
    return value


def environment(request: Dict[str, Any], name: str = "env") -> Dict[str, str]:
    value = request.get(name)
    if value is None:
        return {}
    good = isinstance(value, dict) and all(
        isinstance(key, str) and isinstance(item, str) and key and "=" not in key and "\0" not in key + item
        for key, item in value.items()
    )
    if not good:
        raise refused("field {!r} must map names to texts".format(name))
    return dict(value)
