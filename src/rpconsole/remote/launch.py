"""Starting a task's command line as a child of its own session, and without a shell where none is needed."""

import os
import re
import signal
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional

_SHELL = "/bin/sh"
#: ``>& FILE``, which a plain shell takes for a broken number; the lines of the survey's old scripts have it
_BOTH_INTO = re.compile(r">&[ \t]*[^\s\d&-]")
_SHELL_FOR_BOTH = "/bin/bash"
_ASKED_FOR_S = 10.0
#: words that mean themselves in every shell: no quotes, no expansion, no operators, no assignment
_PLAIN = re.compile(r"[ \t]*([\w./:,@+-]+)((?:[ \t]+[\w./:,@+%=-]+)*)[ \t]*\Z", re.ASCII)


class Command(NamedTuple):
    """What the line becomes; ``path`` is what the shell itself would execute, None where a shell must read the line."""

    line: bytes
    path: Optional[str]
    words: List[str]


class Launcher:
    """Raises OSError when not even a shell can be started."""

    def __init__(self, environ: Dict[str, str], null: int) -> None:
        self._null = null
        self._environ: Dict[bytes, bytes] = {}
        self._found: Dict[str, Optional[str]] = {}
        # of Python 3.8
        self._spawn: Any = getattr(os, "posix_spawn", None)
        self.take_environ(environ)

    def take_environ(self, environ: Dict[str, str]) -> None:
        """What all tasks from now on inherit."""
        environ = dict(environ)
        if "PWD" in environ:
            # as a shell would say it
            environ["PWD"] = _working_directory(environ["PWD"])
        self._environ = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
        self._found.clear()

    def read(self, line: str) -> Command:
        """Ready to start; done ahead, while the slots are busy."""
        plain = _PLAIN.match(line)
        path = self._path_of(plain.group(1)) if plain else None
        words = line.split() if path else []
        return Command(line.encode("utf-8", "surrogateescape"), path, words)

    def start(self, command: Command, extra: Dict[bytes, bytes], out: int) -> int:
        """The child's process id, which is its group's and session's too; whoever starts it reaps it."""
        environ = dict(self._environ)
        environ.update(extra)
        if command.path is not None:
            try:
                return self._start(command.path, command.words, environ, out)
            except OSError:
                # a script without a first line, a program that has gone: the shell knows what to do or to say
                pass
        shell = _shell_for(command.line)
        return self._start(shell, [shell, b"-c", command.line], environ, out)

    def _start(self, path: str, argv: List[Any], environ: Dict[bytes, bytes], out: int) -> int:
        if self._spawn is not None:
            try:
                return int(self._spawn(path, argv, environ, **self._ways(out)))
            except NotImplementedError:  # a C library older than 2.26 knows no setsid there
                self._spawn = None
        child = subprocess.Popen(
            argv, executable=path, stdin=self._null, stdout=out, stderr=out, env=environ, start_new_session=True
        )
        # it is reaped by its number, not by this object
        child.returncode = 0
        return child.pid

    def _ways(self, out: int) -> Dict[str, Any]:
        dup2 = os.POSIX_SPAWN_DUP2
        return {
            "file_actions": [(dup2, self._null, 0), (dup2, out, 1), (dup2, out, 2)],
            "setsid": True,
            # Python ignores these; a program expects them as they were
            "setsigdef": (signal.SIGPIPE, signal.SIGXFSZ),
        }

    def _path_of(self, word: str) -> Optional[str]:
        if word not in self._found:
            self._found[word] = self._ask_the_shell(word)
        return self._found[word]

    def _ask_the_shell(self, word: str) -> Optional[str]:
        """An absolute path only where the shell would execute a file: its own words, functions and aliases read otherwise."""
        try:
            answer = subprocess.run(
                [_SHELL, "-c", 'command -v -- "$1"', "sh", word],
                stdin=self._null,
                stdout=subprocess.PIPE,
                stderr=self._null,
                env=self._environ,
                timeout=_ASKED_FOR_S,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        path = os.fsdecode(answer.stdout).rstrip("\n")
        return path if answer.returncode == 0 and path.startswith("/") and "\n" not in path else None


def _shell_for(line: bytes) -> str:
    """The shell that reads the line as it was meant, where there is one."""
    if _BOTH_INTO.search(os.fsdecode(line)) and os.access(_SHELL_FOR_BOTH, os.X_OK):
        return _SHELL_FOR_BOTH
    return _SHELL


def _working_directory(said: str) -> str:
    """What was said, where it leads here; else where we are."""
    try:
        if said.startswith("/") and os.path.samefile(said, "."):
            return said
    except OSError:
        pass
    return os.getcwd()
