"""Links and empty folders of a tree as the helper's verbs take and tell them; both sides of the line are told alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rpconsole.ports.site_files import Shape


def shape_in(found: Mapping[str, Any]) -> Shape:
    """The answer of ``shape``."""
    base = found["base"]
    return Shape(
        links=tuple((base + name, text) for name, text in found["links"]),
        folders=tuple(base + name for name in found["folders"]),
    )


def request_for(root: str, shape: Shape) -> dict[str, Any]:
    """What ``make_shape`` wants."""
    links = [{"path": path, "text": text} for path, text in shape.links]
    return {"roots": [root], "folders": list(shape.folders), "links": links}


def failures_in(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of the answer of ``make_shape``: a sentence for each that could not be made."""
    return [f"{entry['path']}: {entry['error']}" for entry in entries if "error" in entry]
