"""Run a sky survey's processing at a supercomputer behind a one-time-token login, from one terminal."""

from __future__ import annotations

import os

# pydantic would look through every installed distribution for plugins of its own, at each start of each command
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

__version__ = "0.1.0"
