"""What a person finds again the next time: how he looks at things, never what was seen. No Textual."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rpconsole.console.own_files import own_text

#: filters that can be found again
FILTERS = 20
#: acknowledged alerts that are remembered
ALERTS = 200


@dataclass(kw_only=True)
class Kept:
    """One console's view."""

    theme: str = ""
    #: table -> [column, backwards]
    sorts: dict[str, list[Any]] = field(default_factory=dict)
    wide: list[str] = field(default_factory=list)
    #: the newest last
    filters: list[str] = field(default_factory=list)
    runs_filter: str = ""
    pane: str = ""
    zoomed: str = ""
    #: [epoch seconds, sentence]
    acknowledged: list[list[Any]] = field(default_factory=list)


def remember(filters: list[str], text: str) -> None:
    """The newest last, each once, and not for ever."""
    if text:
        filters[:] = [*(one for one in filters if one != text), text][-FILTERS:]


_KINDS = {"theme": str, "sorts": dict, "wide": list, "filters": list, "runs_filter": str, "pane": str, "zoomed": str}


def load(path: Path) -> Kept:
    """What was kept; a file that is missing, broken, or of another version keeps nothing, silently: it holds no truth."""
    try:
        found = json.loads(own_text(path))
    except (OSError, ValueError, RecursionError):
        return Kept()
    if not isinstance(found, dict):
        return Kept()
    kept = Kept(**{name: found[name] for name, kind in _KINDS.items() if isinstance(found.get(name), kind)})
    kept.filters = [one for one in kept.filters if isinstance(one, str)][-FILTERS:]
    kept.wide = [one for one in kept.wide if isinstance(one, str)]
    kept.sorts = {name: sort for name, sort in kept.sorts.items() if _is_sort(sort)}
    seen = found.get("acknowledged")
    kept.acknowledged = [one for one in seen if _is_alert(one)][-ALERTS:] if isinstance(seen, list) else []
    return kept


def save(path: Path, kept: Kept) -> None:
    """Write it whole; raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(asdict(kept), indent=1) + "\n", encoding="utf-8")
    beside.chmod(0o600)
    beside.replace(path)


def _is_sort(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], bool)


def _is_alert(value: object) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], int | float) and isinstance(value[1], str)
    )
