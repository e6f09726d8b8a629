"""The engine in the foreground: one owner, signals, systemd, and an exit code."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

from rpconsole.daemon.interpreter import settle_interpreter
from rpconsole.daemon.log import open_log
from rpconsole.daemon.notify import ServiceNotice
from rpconsole.daemon.server import EngineServer
from rpconsole.daemon.single import claimed
from rpconsole.domain.fault import ExitCode, RpconsoleError
from rpconsole.engine.facade import RunningEngine

log = logging.getLogger(__name__)

OpenEngine = Callable[[], AbstractAsyncContextManager[RunningEngine]]
INTERRUPTED = 130


class EngineEnded(RpconsoleError):
    """The engine ended although nobody asked it to."""


def run_daemon(
    open_engine: OpenEngine,
    *,
    socket_path: Path,
    log_file: Path | None = None,
    answer_within_s: float = 120.0,
    debug: bool = False,
) -> int:
    """Serve the engine on the socket until SIGTERM or SIGINT; returns 0 after an orderly stop, raises what ended it otherwise."""
    open_log(log_file, debug=debug)
    try:
        with claimed(socket_path) as listener:
            asyncio.run(_Daemon(open_engine, listener, socket_path, answer_within_s).live())
    except Exception as error:
        cause = _first(error)
        if log_file is not None:
            log.error("ended by a failure", exc_info=cause)
        raise cause from None
    return int(ExitCode.DONE)


class _Daemon:
    """One life of the engine's process."""

    def __init__(self, open_engine: OpenEngine, listener: socket.socket, path: Path, answer_within_s: float) -> None:
        self._open_engine, self._listener, self._path = open_engine, listener, path
        self._answer_within_s = answer_within_s
        self._notice = ServiceNotice()
        self._engine: RunningEngine | None = None
        self._stopping = False
        self._life: asyncio.Task[None] | None = None

    async def live(self) -> None:
        """From the first signal handler to the last word."""
        self._life = asyncio.current_task()
        self._listen_to_signals()
        try:
            async with self._open_engine() as engine:
                settle_interpreter()
                await self._serve(engine)
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        log.info("stopped")

    async def _serve(self, engine: RunningEngine) -> None:
        server = EngineServer(engine, answer_within_s=self._answer_within_s)
        side = [
            asyncio.create_task(server.serve(self._listener), name="server"),
            asyncio.create_task(self._notice.feed_watchdog(), name="watchdog"),
            asyncio.create_task(self._tell_status(engine), name="status"),
        ]
        work = asyncio.create_task(engine.run(), name="engine")
        self._engine = engine
        try:
            self._greet(engine)
            await self._until_ended(work, side[0])
        finally:
            self._notice.stopping()
            for task in side:
                task.cancel()
            for task in side:
                with suppress(asyncio.CancelledError):
                    await task

    async def _until_ended(self, work: asyncio.Task[None], server: asyncio.Task[None]) -> None:
        """Until the engine has ended; a server that falls takes the engine down in order, and its failure is the one told."""
        await asyncio.wait({work, server}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done() and self._engine is not None:
            self._engine.stop()
        await work
        if not self._stopping and not server.done():
            raise EngineEnded

    async def _tell_status(self, engine: RunningEngine) -> None:
        """Tell systemd what is waited for, when it begins and when it ends."""
        told = None
        async for _ in engine.alerts():
            waits_for = engine.snapshot().waits_for
            if waits_for != told:
                told = waits_for
                self._notice.status(self._present(engine) if told is None else f"waiting for the database: {told}")

    def _present(self, engine: RunningEngine) -> str:
        snapshot = engine.snapshot()
        return f"engine {os.getpid()} serves {self._path} for site {snapshot.site}, database {snapshot.database}"

    def _greet(self, engine: RunningEngine) -> None:
        text = self._present(engine)
        log.info(text)
        self._notice.ready(text)
        if self._stopping:
            engine.stop()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop, "SIGTERM")
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        # a terminal that closes behind a foreground engine is no reason to end it
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _interrupt(self) -> None:
        if not self._stopping:
            self._stop("SIGINT")
            return
        log.warning("interrupted twice: ending at once")
        with suppress(OSError):
            self._path.unlink()
        os._exit(INTERRUPTED)

    def _stop(self, name: str) -> None:
        log.info("%s: stopping in order", name)
        first, self._stopping = not self._stopping, True
        if self._engine is not None:
            self._engine.stop()
        elif first and self._life is not None:
            # still opening: a database that is away may be waited for without end
            self._life.cancel()


def _first(error: BaseException) -> BaseException:
    """The one failure out of those that came together that has a sentence, else the first."""
    leaves = list(_leaves(error))
    return next((leaf for leaf in leaves if isinstance(leaf, RpconsoleError)), leaves[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error
