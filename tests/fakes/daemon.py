"""A real engine process around the fake engine: ``python -m tests.fakes.daemon SOCKET [LOGFILE]``."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.engine import FakeEngine, a_run_row

from rpconsole.daemon.main import run_daemon
from rpconsole.domain.fault import RpconsoleError


@asynccontextmanager
async def open_fake() -> AsyncIterator[FakeEngine]:
    engine = FakeEngine(rows=[a_run_row(7), a_run_row(8)])
    if os.environ.get("FAKE_ENGINE_STUBBORN"):
        engine.stop = lambda: None  # type: ignore[method-assign]
    yield engine


def main() -> int:
    socket_path, *rest = sys.argv[1:]
    try:
        return run_daemon(open_fake, socket_path=Path(socket_path), log_file=Path(rest[0]) if rest else None)
    except RpconsoleError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)


if __name__ == "__main__":
    raise SystemExit(main())
