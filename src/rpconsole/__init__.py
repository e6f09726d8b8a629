"""Run a sky survey's processing at a supercomputer behind a one-time-token login, from one terminal."""

from __future__ import annotations

__version__ = "0.1.0"
