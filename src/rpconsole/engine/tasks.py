"""The engine's tasks: named, owned, ended in order; one that dies of a fault of ours ends the engine loudly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from rpconsole.domain.action import Level
from rpconsole.domain.fault import DatabaseAway, RpconsoleError
from rpconsole.engine.notices import NoticeBoard

log = logging.getLogger(__name__)

Work = Coroutine[Any, Any, None]


class TaskSet:
    """Everything that runs beside the loop."""

    def __init__(
        self, notices: NoticeBoard, wake: Callable[[], None], say_away: Callable[[DatabaseAway], None]
    ) -> None:
        self._notices = notices
        self._wake = wake
        self._say_away = say_away
        self._tasks: set[asyncio.Task[None]] = set()
        self._once: set[str] = set()
        #: what a task died of; nobody may go on as if nothing had happened
        self.fatal: BaseException | None = None

    def start(self, name: str, work: Work) -> None:
        """Run something to its end; the loop looks again when it has ended."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def start_once(self, name: str, work: Callable[[], Work]) -> bool:
        """Run something unless one of this name is running; its failure is a standing notice, not the engine's end."""
        if name in self._once:
            return False
        self._once.add(name)
        self.start(name, self._guarded(name, work))
        return True

    async def _guarded(self, name: str, work: Callable[[], Work]) -> None:
        try:
            # who waits for the round to end goes first: he shows what is known, and this competes with him for the processor
            await asyncio.sleep(0)
            await work()
        except DatabaseAway as away:
            self._say_away(away)
        except RpconsoleError as error:
            self._notices.once(name, Level.WARN, str(error))
        else:
            self._notices.over(name)
        finally:
            self._once.discard(name)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("task '%s' died", task.get_name(), exc_info=error)
            self.fatal = self.fatal or error
        self._wake()

    async def end(self, grace_s: float) -> None:
        """Grace for what runs, then an end to it; bounded in time."""
        tasks = list(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
