"""All themes to try: what the cursor is on is painted at once; files are read anew while the list is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import on

from rpconsole.console.actions import Place
from rpconsole.console.desk import Desk
from rpconsole.console.screens.reading import SheetScreen
from rpconsole.console.tables import Sheet
from rpconsole.console.theme import Palette, ThemeFiles
from rpconsole.console.widgets.columns import Column
from rpconsole.console.widgets.virtual_table import VirtualTable

#: how often the files are looked at
LOOK_S = 1.0

THEMES = Sheet(
    title="Themes",
    noun="theme",
    key=("name",),
    columns=(
        Column(key="name", title="name", width=20),
        Column(key="kind", title="for", width=24),
        Column(key="from", title="glyphs", width=12, grows=True),
    ),
)


class ThemesScreen(SheetScreen):
    """The list; enter keeps a theme, esc goes back to the one before."""

    PLACES: ClassVar[tuple[Place, ...]] = ()

    def __init__(self, desk: Desk, files: ThemeFiles, use: Callable[[Palette], None], say: Callable[..., None]) -> None:
        super().__init__(desk, "themes", THEMES, _rows(files))
        self._files, self._use, self._say = files, use, say
        self._before = desk.look.palette

    def on_mount(self) -> None:
        super().on_mount()
        self.table.title = "Themes: the cursor tries them, enter keeps one, esc none"
        name = self.desk.look.palette.name
        key = next((key for key in self.table.order if self._named(key) == name), None)
        if key is not None:
            self.table.go_to(key)
        self.set_interval(LOOK_S, self.look)

    def look(self) -> None:
        """Read changed files; what is wrong in them is said, and the theme before stays."""
        if not self._files.fresh():
            return
        for complaint in self._files.complaints:
            self._say(complaint, severity="warning")
        self.rows.set(_rows(self._files))
        self.table.touch(None)
        self._paint(self.desk.look.palette.name)

    def _named(self, key: object) -> str:
        row = self.rows.row(key)
        return str(row["name"]) if row is not None else ""

    def _paint(self, name: str) -> None:
        palette = self._files.palettes.get(name)
        if palette is not None and palette != self.desk.look.palette:
            self._use(palette)

    @on(VirtualTable.Moved)
    def _try(self, event: VirtualTable.Moved) -> None:
        if event.key is not None and self.is_current:
            self._paint(self._named(event.key))

    @on(VirtualTable.Opened)
    def _keep(self, event: VirtualTable.Opened) -> None:
        self._paint(self._named(event.key))
        self.dismiss()

    def go_back(self) -> bool:
        """The theme that was there before."""
        if self.desk.look.palette != self._before:
            self._use(self._before)
        return False


def _rows(files: ThemeFiles) -> Sequence[dict[str, Any]]:
    return [
        {
            "name": name,
            "kind": "the terminal's colours" if one.ansi else "a dark terminal" if one.dark else "a light terminal",
            "from": "ASCII" if one.glyphs["rule"] == "-" else "unicode",
        }
        for name, one in files.palettes.items()
    ]
