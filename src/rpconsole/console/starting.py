"""How a console is started, and what it learns of its engine once that is found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rpconsole.console.keymap import Keymap
from rpconsole.console.terminal import Ringing
from rpconsole.console.theme import Palette, ThemeFiles


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the console was started."""

    who: str
    palette: Palette
    palettes: Mapping[str, Palette]
    crash_file: Path
    read_only: bool = False
    #: the terminal, as others are told of it
    place: str = "console"
    keymap: Keymap = field(default_factory=Keymap)
    theme_files: ThemeFiles | None = None
    #: where the view is kept; None = nowhere
    kept_file: Path | None = None
    #: where files are written that a person exports
    exports: Path = Path("exports")
    #: what to do first, in sentences; the last one is also shown while logging in
    hint: Sequence[str] = ()
    #: what is wrong with the user's files, told once
    complaints: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What is known once the engine is found: it is looked for while the first frame is already seen."""

    socket_path: Path
    #: how alarms call a person
    ringing: Ringing = field(default_factory=Ringing)
    #: the configuration as text, without secrets
    configuration: Callable[[], str] = lambda: "no configuration is known here\n"
    #: the engine is this console's own child, so leaving asks what becomes of it
    owns_engine: bool = False


Said = Callable[[str], None]
Arrive = Callable[[Said], Awaitable[Arrived]]


def straight(socket_path: Path) -> Arrive:
    """The way to an engine whose socket is known."""

    async def arrive(say: Said) -> Arrived:
        return Arrived(socket_path=socket_path)

    return arrive
