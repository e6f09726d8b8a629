"""The console on a terminal: attached to the running engine, else to one that is started as a child and said so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rpconsole.cli.configured import Configured, configured
from rpconsole.cli.door import who_calls
from rpconsole.cli.options import Given, given
from rpconsole.cli.output import say
from rpconsole.domain.fault import BadConfiguration, ExitCode, RpconsoleError

if TYPE_CHECKING:
    from rpconsole.console.app import Options
    from rpconsole.console.terminal import Ringing

START_S = 30.0
STOP_S = 20.0

ThemeOption = Annotated[
    str | None, typer.Option("--theme", help="Colours: rp-dark, rp-light, rp-contrast, rp-16, rp-mono.")
]
AsciiOption = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters only.")]


class EngineDidNotStart(RpconsoleError):
    """The engine that the console started ended before it answered."""

    exit_code = ExitCode.SYSTEM


def attach(
    context: typer.Context,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look, do not act; the site's prompts are not answered here.")
    ] = False,
    theme: ThemeOption = None,
    ascii_only: AsciiOption = False,
) -> None:
    """Open the console on the running engine; never starts one."""
    settings = configured(given(context))
    raise typer.Exit(open_console(settings, read_only=read_only, theme=theme, ascii_only=ascii_only)[0])


def console(options: Given) -> int:
    """What ``rpconsole`` alone does on a terminal."""
    settings = configured(options)
    if engine_answers(settings.socket_path):
        return open_console(settings)[0]
    child = start_engine(settings, options)
    say(f"no engine ran; started one as process {child.pid}")
    code, result = open_console(settings, owns_engine=True)
    if result == "stop":
        stop_engine(child)
        say("the engine has stopped")
    else:
        say(f"the engine goes on as process {child.pid}; 'rpconsole' attaches to it again")
    return code


def open_console(
    settings: Configured,
    *,
    read_only: bool = False,
    theme: str | None = None,
    ascii_only: bool = False,
    owns_engine: bool = False,
    hint: Sequence[str] = (),
) -> tuple[int, str]:
    """Run the console; its exit code, and what becomes of an engine of its own."""
    from rpconsole.console.app import ConsoleApp

    app = ConsoleApp(
        _options(settings, read_only=read_only, theme=theme, ascii_only=ascii_only, owns_engine=owns_engine, hint=hint)
    )
    signal.signal(signal.SIGHUP, lambda *_: app.exit("leave"))
    result = app.run(mouse=True)
    return app.return_code or 0, result or "leave"


async def sit_down(config_file: Path, hint: Sequence[str], card: Callable[[], str]) -> None:
    """The console of the practice site, in the loop that also runs the site; returns when the person leaves."""
    from rpconsole.console.app import ConsoleApp

    settings = configured(Given(config_file=config_file))
    app = ConsoleApp(
        _options(settings, read_only=False, theme=None, ascii_only=False, owns_engine=False, hint=hint), card=card
    )
    await app.run_async()


def _options(
    settings: Configured,
    *,
    read_only: bool,
    theme: str | None,
    ascii_only: bool,
    owns_engine: bool,
    hint: Sequence[str],
) -> Options:
    from platformdirs import user_config_path, user_state_path

    from rpconsole.console import kept, keymap
    from rpconsole.console.app import Options
    from rpconsole.console.theme import ThemeFiles, chosen

    # Textual draws on stderr
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise BadConfiguration(
            "the console needs a terminal for input, output and errors; 'rpconsole status' and 'rpconsole watch' do not"
        )
    own, state = user_config_path("rpconsole"), user_state_path("rpconsole")
    themes = ThemeFiles(own / "themes", ascii_only=ascii_only)
    keys, complaints = keymap.load(own / "keys.toml")
    kept_file = state / "console.json"
    before = kept.load(kept_file).theme
    wanted = theme or os.environ.get("RPCONSOLE_THEME") or (before if before in themes.palettes else None)
    return Options(
        socket_path=settings.socket_path,
        who=who_calls(),
        palette=chosen(themes.palettes, wanted, colourless="NO_COLOR" in os.environ),
        palettes=themes.palettes,
        theme_files=themes,
        keymap=keys,
        kept_file=kept_file,
        exports=state / "exports",
        configuration=lambda: settings.text,
        complaints=[*themes.complaints, *complaints],
        crash_file=settings.socket_path.parent / "console-crash.txt",
        read_only=read_only,
        ringing=_ringing(settings),
        place=os.ttyname(sys.stdin.fileno()).removeprefix("/dev/"),
        owns_engine=owns_engine,
        hint=hint,
    )


def _ringing(settings: Configured) -> Ringing:
    from rpconsole.console.terminal import Ringing, way_of

    wanted = settings.console
    if wanted is None:
        return Ringing(way=way_of(os.environ))
    return Ringing(
        bell=wanted.bell,
        way=way_of(os.environ) if wanted.notify == "auto" else wanted.notify,
        through_tmux=wanted.notify_through_tmux,
        quiet=wanted.quiet(),
    )


def engine_answers(socket_path: Path) -> bool:
    """Whether somebody listens there."""
    import socket

    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(socket_path))
        except OSError:
            return False
    return True


def start_engine(settings: Configured, options: Given) -> subprocess.Popen[bytes]:
    """An engine in a session of its own, so that a closed terminal does not take it along; returns when it answers."""
    words = [sys.executable, "-m", "rpconsole"]
    if options.config_file is not None:
        words += ["-c", str(options.config_file)]
    # where no log file is configured its words would be drawn over the console
    settings.socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = settings.socket_path.parent / "engine.out"
    with place.open("wb") as out:
        child = subprocess.Popen(
            [*words, "--daemon"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    deadline = time.monotonic() + START_S
    while not engine_answers(settings.socket_path):
        if child.poll() is not None:
            raise EngineDidNotStart(f"the engine ended at once: {_last_words(place)}")
        if time.monotonic() > deadline:
            stop_engine(child)
            raise EngineDidNotStart(f"the engine did not answer within {START_S:.0f} s; what it said is in {place}")
        time.sleep(0.1)
    return child


def stop_engine(child: subprocess.Popen[bytes]) -> None:
    """In order, then by force."""
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _last_words(place: Path) -> str:
    lines = place.read_text(errors="backslashreplace").strip().splitlines()
    return lines[-1].removeprefix("rpconsole: ") if lines else f"it said nothing ({place})"
