"""The terminal around the console: its title and its bell."""

from __future__ import annotations

from typing import Protocol

from rpconsole.console.alerts import notices
from rpconsole.console.model import Model
from rpconsole.domain.action import Level
from rpconsole.domain.foreign import visible


class Ringing(Protocol):
    """What is needed of Textual's application."""

    def bell(self) -> None:
        """Ring."""
        ...


class Terminal:
    """Rings once for each thing that a person must act on."""

    def __init__(self, app: Ringing) -> None:
        self._app = app
        self._heard: set[str] = set()
        self.title = ""

    def follow(self, model: Model) -> None:
        """Look at the model: ring for what is new and loud, name closed gates in the title."""
        loud = {notice.sentence for notice in notices(model) if notice.level is Level.ALERT and not notice.standing}
        if loud - self._heard:
            self._app.bell()
        self._heard = loud
        title = title_of(model)
        if title != self.title:
            self.title = title
            driver = getattr(self._app, "_driver", None)
            if driver is not None:
                driver.write(f"\x1b]0;{title}\x07")


def title_of(model: Model) -> str:
    """``[POLL off] rpconsole practice``."""
    if model.snapshot is None:
        return "rpconsole"
    closed = " ".join(gate.name.upper() for gate in model.snapshot.gates if not gate.open)
    return visible(f"{f'[{closed} off] ' if closed else ''}rpconsole {model.snapshot.site}")
