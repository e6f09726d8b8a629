"""watch: the engine's life as lines, for terminals that cannot draw, screen readers and pipes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import typer

from rpconsole.cli.configured import configured
from rpconsole.cli.given import who_calls
from rpconsole.cli.options import given
from rpconsole.cli.output import say

if TYPE_CHECKING:
    from rpconsole.console.model import Model


def watch(context: typer.Context) -> None:
    """Say what happens, one line each, until Ctrl-C; nothing is ever drawn over."""
    socket_path = configured(given(context)).socket_path
    from rpconsole.console.link import EngineLink
    from rpconsole.console.model import Model

    model = Model(read_only=True)
    teller = _Teller(model)
    link = EngineLink(who=who_calls(), model=model, dialogue=None, changed=teller.look)
    asyncio.run(link.run(socket_path))


class _Teller:
    """Says what is new in the model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._seen = model.snapshot
        self._link = ""

    def look(self) -> None:
        """Called whenever something arrived, or the link changed."""
        from rpconsole.console.told import told

        standing = f"{self._model.link}: {self._model.sentence}" if self._model.sentence else str(self._model.link)
        if standing != self._link:
            self._link = standing
            self._say(f"engine {standing}")
        if self._model.snapshot is not None and self._model.snapshot is not self._seen:
            for line in told(self._seen, self._model.snapshot):
                self._say(line)
            self._seen = self._model.snapshot

    def _say(self, line: str) -> None:
        say(f"{time.strftime('%H:%M:%S')} {line}")
