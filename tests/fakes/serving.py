"""An engine behind the real server and socket, for as long as a test looks."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.fakes.engine import FakeEngine

from rpconsole.daemon.server import EngineServer
from rpconsole.daemon.single import claimed


@asynccontextmanager
async def serving(engine: FakeEngine, socket_path: Path | None = None, **options: Any) -> AsyncIterator[Path]:
    """Where it answers: the socket that is named, else one of its own with a short name, as a socket's path must be."""
    with ExitStack() as stack:
        if socket_path is None:
            socket_path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rp"))) / "s" / "engine.sock"
        listener = stack.enter_context(claimed(socket_path))
        task = asyncio.create_task(EngineServer(engine, **options).serve(listener))
        try:
            yield socket_path
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
