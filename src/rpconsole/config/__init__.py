"""The configuration file: its fields, its reading, its sentences about mistakes.

What is named here is loaded when it is first asked for: the whole of it takes longer than many a command that needs a part.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rpconsole.config.example import example_config
    from rpconsole.config.finding import find_config, usual_places
    from rpconsole.config.loading import load_config
    from rpconsole.config.model import Config
    from rpconsole.config.reference import config_reference, shown_config

__all__ = ["Config", "config_reference", "example_config", "find_config", "load_config", "shown_config", "usual_places"]

_HOMES = {
    "Config": "model",
    "config_reference": "reference",
    "example_config": "example",
    "find_config": "finding",
    "load_config": "loading",
    "shown_config": "reference",
    "usual_places": "finding",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
