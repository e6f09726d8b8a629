"""The console as a process on a terminal of its own, over a real engine's socket."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest

from rpconsole.config import example_config

CONSOLE = """
import signal, sys
from pathlib import Path
from rpconsole.console import paced
from rpconsole.console.app import ConsoleApp
from rpconsole.console.starting import Options, straight
from rpconsole.console.theme import load, shipped
paced.LAST_ANSWER_S = float(sys.argv[3])
palettes, _ = load(shipped())
app = ConsoleApp(Options(who="ipp", place=sys.argv[2], palette=palettes["rp-mono"], palettes=palettes,
                         crash_file=Path(sys.argv[1]).with_name("crash.txt")), arrive=straight(Path(sys.argv[1])))
signal.signal(signal.SIGHUP, lambda *_: app.exit("leave"))
print("left with", app.run())
"""
PATIENCE_S = 90.0


class Terminal:
    """A pseudo terminal with a console on it."""

    def __init__(
        self, socket_path: Path, place: str = "pts/3", words: Sequence[str] = (), last_answer_s: float = 1.0
    ) -> None:
        self._master, slave = pty.openpty()
        self.resize(80, 24)
        # where the size stands in the environment nobody looks at the terminal's own
        environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environ |= {"HOME": str(socket_path.parent), "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
        self.process = subprocess.Popen(
            [sys.executable, *(words or ("-c", CONSOLE, str(socket_path), place, str(last_answer_s)))],
            stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = ""

    def resize(self, width: int, height: int) -> None:
        ioctl(self._master, TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, *texts: str) -> None:
        """Read until all the texts were written, in whatever order."""
        self.seen = ""
        until = time.monotonic() + PATIENCE_S
        while not all(text in self.seen for text in texts):
            assert time.monotonic() < until, f"{texts!r} never came; the last was {self.seen[-2000:]!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._master, 65536).decode(errors="replace")
                except OSError:
                    break
        assert all(text in self.seen for text in texts)

    def read_for(self, seconds: float) -> str:
        """What it writes meanwhile."""
        seen, until = "", time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                seen += os.read(self._master, 65536).decode(errors="replace")
        return seen

    def close(self) -> None:
        """The window is closed."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.close()


def ended(process: subprocess.Popen[bytes]) -> None:
    """Ended in order, else by force, so that no test waits for ever."""
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def listens(path: Path) -> bool:
    """A socket has its name a moment before it takes connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@pytest.fixture
def engine(tmp_path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    path = tmp_path / "s" / "engine.sock"
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.daemon", str(path), str(tmp_path / "log")], env=environ
    )
    until = time.monotonic() + PATIENCE_S
    while not listens(path):
        assert time.monotonic() < until
        time.sleep(0.05)
    yield path, process
    if process.poll() is None:
        ended(process)


@pytest.fixture
def terminal(engine) -> Iterator[Terminal]:
    made = Terminal(engine[0])
    yield made
    made.end()


def test_it_starts_takes_keys_follows_a_resize_and_leaves(terminal):
    terminal.wait_for("gpc1@practice")
    terminal.type("p")
    terminal.wait_for("POLL off")
    terminal.type("?")
    terminal.wait_for("To the first row")
    terminal.resize(120, 40)
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.wait_for("\x1b[40;")  # a row that the terminal did not have before
    terminal.type("\x1b")
    terminal.wait_for("front end")
    terminal.type("q")
    terminal.wait_for("left with leave")
    assert terminal.process.wait(PATIENCE_S) == 0


QUESTION, ANSWER = "\x1b[6n", "\x1b[1;1R"


def test_a_terminal_that_is_behind_is_sent_nothing_more_until_it_has_answered(terminal):
    terminal.wait_for("moab.4711", QUESTION)
    terminal.type(ANSWER)
    terminal.wait_for(QUESTION)
    # it does not answer: keys are obeyed and not painted
    terminal.read_for(1.0)
    terminal.type("?")
    assert "To the first row" not in terminal.read_for(1.0)
    terminal.type(ANSWER)
    terminal.wait_for("To the first row")
    terminal.type(ANSWER + "q")
    terminal.wait_for("left with leave")


@pytest.fixture
def patient(engine) -> Iterator[Terminal]:
    """A console that waits for its terminal's last answer longer than any machine pauses."""
    made = Terminal(engine[0], last_answer_s=90.0)
    yield made
    made.end()


def test_the_last_question_is_answered_before_the_shell_has_the_terminal(patient):
    terminal = patient
    terminal.wait_for("moab.4711", QUESTION)
    terminal.type(ANSWER)
    terminal.wait_for(QUESTION)
    terminal.type("q")
    # the line is long: the answer is still on its way
    assert "left with" not in terminal.read_for(0.3)
    terminal.type(ANSWER)
    terminal.wait_for("left with leave")
    assert "1;1R" not in terminal.seen


def test_a_token_goes_to_the_site_and_stays_off_the_terminal(terminal):
    terminal.wait_for("gpc1@practice")
    terminal.type("L")
    terminal.wait_for("asks for tokens")
    terminal.type("\r")
    terminal.wait_for("PASSCODE")
    terminal.type("999999\r")
    terminal.wait_for("Access denied")
    assert "999999" not in terminal.seen


def test_an_engine_that_dies_leaves_the_view_and_comes_back(engine, terminal, tmp_path):
    path, process = engine
    terminal.wait_for("moab.4711")
    process.kill()
    process.wait()
    terminal.wait_for("STALE")
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    again = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.daemon", str(path), str(tmp_path / "log")], env=environ
    )
    try:
        terminal.wait_for("live")
    finally:
        ended(again)


def test_a_hang_up_ends_the_console_and_not_the_engine(engine, terminal):
    terminal.wait_for("gpc1@practice")
    terminal.process.send_signal(signal.SIGHUP)
    terminal.wait_for("left with leave")
    assert terminal.process.wait(PATIENCE_S) == 0
    assert engine[1].poll() is None


def test_a_terminal_that_goes_without_a_hang_up_takes_the_console_along(engine, terminal):
    terminal.wait_for("gpc1@practice")
    terminal.close()
    terminal.process.wait(PATIENCE_S)
    assert engine[1].poll() is None


def test_of_two_consoles_one_acts_and_the_baton_goes_to_who_stays(engine, terminal):
    terminal.wait_for("gpc1@practice")
    second = Terminal(engine[0], "pts/4")
    try:
        second.wait_for("no baton")
        terminal.type("q")
        terminal.wait_for("left with leave")
        second.wait_for("nobody has the baton")
        second.type("T")
        second.wait_for("you have the baton")
        second.type("p")
        second.wait_for("POLL off")
    finally:
        second.end()


def test_an_engine_that_dies_in_mid_login_gets_no_token_and_the_dialog_says_so(engine, terminal):
    terminal.wait_for("gpc1@practice")
    terminal.type("L")
    terminal.wait_for("asks for tokens")
    terminal.type("\r")
    terminal.wait_for("PASSCODE")
    terminal.type("1234")
    engine[1].kill()
    engine[1].wait()
    terminal.wait_for("Nothing is sent again by itself")
    terminal.type("\x1b")
    terminal.wait_for("moab.4711")
    terminal.type("q")
    terminal.wait_for("left with leave")
    assert "1234" not in terminal.seen


def test_the_command_opens_the_console_that_its_configuration_means(engine):
    config = engine[0].with_name("rpconsole.toml")
    config.write_text(example_config().replace("[paths]", f'[paths]\nsocket = "{engine[0]}"'))
    terminal = Terminal(engine[0], words=["-m", "rpconsole", "-c", str(config), "attach", "--read-only"])
    try:
        terminal.wait_for("gpc1@practice", "read-only")
        terminal.type("q")
        assert terminal.process.wait(PATIENCE_S) == 0
    finally:
        terminal.end()


def test_a_broken_configuration_ends_the_command_with_its_sentence(tmp_path):
    config = tmp_path / "rpconsole.toml"
    config.write_text("[paths\n")
    terminal = Terminal(tmp_path / "nobody.sock", words=["-m", "rpconsole", "-c", str(config), "attach"])
    try:
        terminal.wait_for(f"rpconsole: {config}")
        assert terminal.process.wait(PATIENCE_S) == 3
        assert "Traceback" not in terminal.seen
    finally:
        terminal.end()
