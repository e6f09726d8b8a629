"""What every part of the console that keys act on has in common: actions of the registry become methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rpconsole.console.actions import BY_ID


class Acting:
    """Carries out ``do('run.why')`` with its method ``do_run_why``; ``do_`` methods may be coroutines."""

    async def action_do(self, id: str) -> None:
        """Carry out an action of the registry; what acts is refused with a sentence while it must not."""
        if self._application().refuses(BY_ID[id].kind):
            return
        done = self.deed_of(id)()
        if done is not None:
            await done

    def deed_of(self, id: str) -> Callable[[], Any]:
        """The method that an action's id names, of this widget or of the application."""
        name = f"do_{id.replace('.', '_')}"
        # what holds for every table or log alike is the application's
        deed: Callable[[], Any] = getattr(self if hasattr(self, name) else self._application(), name)
        return deed

    def _application(self) -> Any:
        return getattr(self, "app", self)
