"""The annotated example that ``rpconsole config init`` writes."""

from __future__ import annotations

from pathlib import Path

import rpconsole

NAME = "rpconsole.toml"


def example_config() -> str:
    """The text of ``etc/rpconsole.toml``, from the installed package or from the source tree."""
    package = Path(rpconsole.__file__).parent
    places = (package / "etc" / NAME, package.parents[1] / "etc" / NAME)
    return next(place for place in places if place.is_file()).read_text(encoding="utf-8")
