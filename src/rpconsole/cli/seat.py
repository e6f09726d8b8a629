"""The console opened on a terminal: its first frame stands before the configuration is read and the engine is found."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rpconsole.cli.given import Given, who_calls
from rpconsole.cli.tty import can_draw, is_terminal, knows_unicode
from rpconsole.domain.fault import BadConfiguration

if TYPE_CHECKING:
    from subprocess import Popen

    from rpconsole.cli.configured import Configured
    from rpconsole.console.starting import Arrived, Options, Said
    from rpconsole.console.terminal import Ringing


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """How the console is wanted."""

    given: Given
    #: where no engine answers, start one as a child
    starts_engine: bool = False
    read_only: bool = False
    theme: str | None = None
    ascii_only: bool = False
    #: what to do first, in sentences
    hint: Sequence[str] = ()


def open_console(wanted: Wanted) -> int:
    """Run the console until a person leaves; its exit code. Raises what kept it from an engine."""
    from rpconsole.console.app import ConsoleApp

    way = Way(wanted)
    app = ConsoleApp(options_of(wanted), arrive=way.arrive)
    signal.signal(signal.SIGHUP, lambda *_: app.exit("leave"))
    result = app.run(mouse=True)
    if app.failure is not None:
        raise app.failure
    way.part(stops=result == "stop")
    return app.return_code or 0


async def sit_down(config_file: Path, hint: Sequence[str], card: Callable[[], str]) -> None:
    """The console of the practice site, in the loop that also runs the site; returns when the person leaves."""
    from rpconsole.console.app import ConsoleApp

    wanted = Wanted(given=Given(config_file=config_file), hint=hint)
    app = ConsoleApp(options_of(wanted), arrive=Way(wanted).arrive, card=card)
    await app.run_async()
    if app.failure is not None:
        raise app.failure


class Way:
    """The way to the engine, gone while the first frame is already seen."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._child: Popen[bytes] | None = None

    async def arrive(self, say: Said) -> Arrived:
        """Read the configuration and find the engine; where there is none and one is wanted, start it and say so."""
        from rpconsole.console.starting import Arrived

        settings = await asyncio.to_thread(_configured, self._wanted.given)
        if self._wanted.starts_engine:
            await self._engine(settings, say)
        return Arrived(
            socket_path=settings.socket_path,
            ringing=_ringing(settings),
            configuration=lambda: settings.text,
            owns_engine=self._child is not None,
        )

    async def _engine(self, settings: Configured, say: Said) -> None:
        from rpconsole.cli.child import begin_engine, engine_answers, until_it_answers

        if await asyncio.to_thread(engine_answers, settings.socket_path):
            return
        self._child = begin_engine(settings, self._wanted.given)
        say(f"no engine ran; started one as process {self._child.pid}")
        await until_it_answers(self._child, settings)

    def part(self, *, stops: bool) -> None:
        """What becomes of an engine of our own, said on the terminal that is the shell's again."""
        if self._child is None:
            return
        from rpconsole.cli.child import stop_engine

        if stops:
            stop_engine(self._child)
            sys.stdout.write("the engine has stopped\n")
        else:
            sys.stdout.write(f"the engine goes on as process {self._child.pid}; 'rpconsole' attaches to it again\n")


def _configured(given: Given) -> Configured:
    from rpconsole.cli.configured import configured

    return configured(given)


def options_of(wanted: Wanted) -> Options:
    """What the console needs before it is known which engine it is about."""
    from platformdirs import user_config_path, user_state_path

    from rpconsole.console import kept, keymap
    from rpconsole.console.starting import Options
    from rpconsole.console.theme import ThemeFiles, chosen

    if not is_terminal():
        raise BadConfiguration(
            "the console needs a terminal for input, output and errors; 'rpconsole status' and 'rpconsole watch' do not"
        )
    if not can_draw():
        raise BadConfiguration(
            f"the console cannot be drawn on a terminal of kind '{os.environ.get('TERM', '')}' (TERM); "
            "'rpconsole watch' tells in lines what happens, 'rpconsole status' how things are"
        )
    own, state = user_config_path("rpconsole"), user_state_path("rpconsole")
    themes = ThemeFiles(own / "themes", ascii_only=wanted.ascii_only or not knows_unicode())
    keys, complaints = keymap.load(own / "keys.toml")
    kept_file = state / "console.json"
    before = kept.load(kept_file).theme
    theme = wanted.theme or os.environ.get("RPCONSOLE_THEME") or (before if before in themes.palettes else None)
    return Options(
        who=who_calls(),
        palette=chosen(themes.palettes, theme, colourless="NO_COLOR" in os.environ),
        palettes=themes.palettes,
        theme_files=themes,
        keymap=keys,
        kept_file=kept_file,
        exports=state / "exports",
        complaints=[*themes.complaints, *complaints],
        crash_file=state / "console-crash.txt",
        read_only=wanted.read_only,
        place=os.ttyname(sys.stdin.fileno()).removeprefix("/dev/"),
        hint=wanted.hint,
    )


def _ringing(settings: Configured) -> Ringing:
    from rpconsole.console.terminal import Ringing, way_of

    found = Ringing(way=way_of(os.environ))
    wanted = settings.console
    if wanted is None:
        return found
    return replace(
        found,
        bell=wanted.bell,
        way=found.way if wanted.notify == "auto" else wanted.notify,
        through_tmux=wanted.notify_through_tmux,
        quiet=wanted.quiet(),
    )
