"""The configuration file: its fields, its reading, its sentences about mistakes."""

from __future__ import annotations

from rpconsole.config.example import example_config
from rpconsole.config.loading import find_config, load_config, usual_places
from rpconsole.config.model import Config
from rpconsole.config.reference import config_reference, shown_config

__all__ = ["Config", "config_reference", "example_config", "find_config", "load_config", "shown_config", "usual_places"]
