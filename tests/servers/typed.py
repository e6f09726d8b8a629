"""Commands as a script types them, from a process that has the program loaded: to start Python anew costs more than most commands.

What a start costs and what it loads has tests of its own, and so has each command that a terminal sees.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

_LOADED = get_context("forkserver")
_LOADED.set_forkserver_preload(["rpconsole.cli.app", "rpconsole.bootstrap", "rpconsole.protocol.client"])
_STREAMS = ("in", "out", "err")


def rpconsole(words: Sequence[str]) -> int:
    """The program's own start."""
    from rpconsole.cli.entry import main

    return main(list(words))


def typed(
    words: Sequence[str],
    *,
    stdin: str = "",
    cwd: Path,
    environ: Mapping[str, str],
    within_s: float,
    main: Callable[[Sequence[str]], int] = rpconsole,
) -> subprocess.CompletedProcess[str]:
    """Run ``main`` with these words in a process and a session of its own; TimeoutExpired when it does not end."""
    with tempfile.TemporaryDirectory(prefix="rpc-typed-") as made:
        folder = Path(made)
        (folder / "in").write_text(stdin)
        child = _LOADED.Process(target=_begin, args=(folder, str(cwd), dict(environ), main, list(words)))
        child.start()
        child.join(within_s)
        if child.exitcode is None:
            child.kill()
            child.join()
            raise subprocess.TimeoutExpired(list(words), within_s)
        out, err = ((folder / name).read_text(errors="replace") for name in _STREAMS[1:])
        return subprocess.CompletedProcess(list(words), child.exitcode, out, err)


def started(
    words: Sequence[str], *, stdin: str = "", cwd: Path, environ: Mapping[str, str], within_s: float
) -> subprocess.CompletedProcess[str]:
    """The same by an interpreter of its own, for a program that is not the one that was loaded."""
    return subprocess.run(
        [sys.executable, "-m", "rpconsole", *words],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environ,
        timeout=within_s,
        check=False,
    )


def _begin(
    folder: Path, cwd: str, environ: Mapping[str, str], main: Callable[[Sequence[str]], int], words: Sequence[str]
) -> None:
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    for handle, name in enumerate(_STREAMS):
        opened = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, handle)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    sys.argv = ["rpconsole", *words]
    sys.exit(main(words))
