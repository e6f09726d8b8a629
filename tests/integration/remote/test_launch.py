"""A task's line means to us what it means to /bin/sh, whether a shell reads it or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rpconsole.remote.launch import Launcher

SCRIPT_WITHOUT_A_FIRST_LINE = "echo ran as $0 with $1\n"


class Ran:
    def __init__(self, launcher: Launcher, folder: Path) -> None:
        self.launcher = launcher
        self.folder = folder

    def __call__(self, line: str) -> tuple[int, str]:
        out = os.open(self.folder / "out", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        try:
            pid = self.launcher.start(self.launcher.read(line), {b"RPR_TASK": b"7"}, out)
            _, status, _ = os.wait4(pid, 0)
            return os.waitstatus_to_exitcode(status), os.pread(out, 1 << 16, 0).decode("utf-8", "surrogateescape")
        finally:
            os.close(out)


@pytest.fixture(params=["posix_spawn", "fork"])
def ran(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    null = os.open(os.devnull, os.O_RDWR)
    launcher = Launcher(environ(tmp_path), null)
    if request.param == "fork":
        monkeypatch.setattr(launcher, "_spawn", None)
    yield Ran(launcher, tmp_path)
    os.close(null)


def environ(folder: Path) -> dict[str, str]:
    (folder / "bin").mkdir(exist_ok=True)
    for name, text in {
        "bare": SCRIPT_WITHOUT_A_FIRST_LINE,
        "arguments": '#!/bin/sh\nprintf "<%s>" "$@"\n',
        "echo": "#!/bin/sh\nprintf 'the file, not the shell'\n",
        "gone": f"#!{folder}/nowhere\n",
    }.items():
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    (folder / "bin" / "forbidden").write_text("#!/bin/sh\n")
    return {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": "/home/x", "LANG": "C.UTF-8", "PWD": "/not/here"}


def as_the_shell_runs_it(line: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["/bin/sh", "-c", line.encode("utf-8", "surrogateescape")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={**environ(folder), "RPR_TASK": "7"},
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "surrogateescape")


LINES = [
    "arguments a b  c\td",
    "  arguments x   ",
    "arguments 'a  b' \"$HOME\" \\; # not this",
    "arguments $RPR_TASK ${HOME}",
    "arguments ~ ~root * ? [a-z]in {1,2}",
    "arguments a=b --x=~ -n=% é 5",
    "A=5 arguments",
    "A=5",
    "echo -n the shell's own",
    "echo the shells own",
    "true",
    "exit 3",
    "/bin/false",
    "/usr/bin/env",
    "./bin/arguments from here",
    "bin/arguments from here",
    "bare word",
    "gone",
    "forbidden",
    "bin/forbidden",
    "nosuchprogram a b",
    "/nosuch/program",
    "bin",
    "time",
    "if",
    "!",
    ":",
    ". bin/bare",
    "arguments a > file && cat file",
    "arguments a 2>&1",
    "arguments a; arguments b",
    "arguments a & wait",
    "(arguments a)",
    "kill -9 $$",
    "kill -TERM $$",
    "arguments \udcff",
    "pwd",
    "/bin/pwd -P",
    "printenv PWD",
    "top -b -n 1 -x-unknown-option",
    "-n",
    "--",
    "2",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_ends_and_prints_as_it_does_in_a_shell(ran, tmp_path, line):
    (code, out), (code_there, out_there) = ran(line), as_the_shell_runs_it(line, tmp_path)
    # only env's order differs
    assert (code, sorted(out.splitlines())) == (code_there, sorted(out_there.splitlines()))


@pytest.mark.parametrize(("line", "is_direct"), [("arguments a", True), ("echo a", False), ("arguments a;", False)])
def test_no_shell_is_started_where_none_is_needed(ran, line, is_direct):
    assert (ran.launcher.read(line).path is not None) is is_direct


def test_another_environment_is_asked_for_anew(ran, tmp_path):
    """The shell of an ssh login knows other paths than the job's."""
    assert ran.launcher.read("arguments a").path == str(tmp_path / "bin" / "arguments")
    ran.launcher.take_environ({"PATH": "/usr/bin:/bin"})
    assert ran.launcher.read("arguments a").path is None


def test_a_program_that_went_away_meanwhile_gets_the_shells_own_answer(ran, tmp_path):
    assert ran("arguments a") == (0, "<a>")
    (tmp_path / "bin" / "arguments").unlink()
    code, out = ran("arguments a")
    assert code == 127
    assert "not found" in out


def test_a_program_found_through_a_folder_that_is_relative_is_left_to_the_shell(ran):
    ran.launcher.take_environ({"PATH": "bin"})
    assert ran.launcher.read("arguments a").path is None
    assert ran("arguments a") == (0, "<a>")


@pytest.mark.parametrize("line", [f"{sys.executable} session", f"exec {sys.executable} 'session'"])
def test_each_task_is_a_session_of_its_own(ran, tmp_path, line):
    (tmp_path / "session").write_text("import os; print(os.getsid(0) == os.getpid() == os.getpgrp())")
    assert ran(line) == (0, "True\n")


@pytest.mark.parametrize("line", ["/bin/cat /proc/self/status", "exec '/bin/cat' /proc/self/status"])
def test_a_task_dies_of_a_broken_pipe_as_every_program_expects(ran, line):
    """Python itself ignores that signal; its children must not."""
    _, out = ran(line)
    (ignored,) = [line for line in out.splitlines() if line.startswith("SigIgn")]
    assert not int(ignored.split()[1], 16) & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


@pytest.mark.skipif(not os.access("/bin/bash", os.X_OK), reason="no shell here knows the operator")
@pytest.mark.parametrize("line", ["ls /none >& both", "ls /none >&both"])
def test_output_and_errors_into_one_file_as_the_old_stack_lines_write_it(ran, line):
    assert ran(line)[1] == ""
    assert "none" in (ran.folder / "both").read_text()
