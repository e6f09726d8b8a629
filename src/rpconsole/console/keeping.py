"""Bringing a person's view back when the console starts, and writing it down when it was left alone for a while."""

from __future__ import annotations

from pathlib import Path

from rpconsole.console import kept
from rpconsole.console.kept import ALERTS, Kept
from rpconsole.console.model import Model
from rpconsole.console.screens.main import MainScreen

#: the view must stand still for so long before it is written
CALM_S = 5.0


class Keeper:
    """One file, one main screen."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.kept = kept.load(path) if path is not None else Kept()
        self._last = self._written = ""
        self._since = 0.0

    def restore(self, main: MainScreen, model: Model) -> None:
        """Sorting, columns, filter, zoom, focus, and which alerts were seen."""
        runs = main.runs
        column = self.kept.sorts.get("runs")
        if column is not None and column[0] in {one.key for one in runs.rows.columns}:
            runs.sorted_by = (column[0], column[1])
        runs.wide = "runs" in self.kept.wide
        runs.set_filter(self.kept.runs_filter)
        model.acknowledged |= {(float(at), sentence) for at, sentence in self.kept.acknowledged}
        main.bring_back(self.kept.zoomed, self.kept.pane)
        self._last = self._written = repr(self.kept)

    def look(self, main: MainScreen, model: Model, theme: str, now: float) -> None:
        """Note how things are looked at now; write it once it has been so for a while."""
        self._take(main, model, theme)
        state = repr(self.kept)
        if state != self._last:
            self._last, self._since = state, now
        elif state != self._written and now - self._since >= CALM_S:
            self.write()

    def leave(self, main: MainScreen, model: Model, theme: str) -> None:
        """The person leaves, perhaps right after he changed something."""
        self._take(main, model, theme)
        self.write()

    def write(self) -> None:
        """Write it now; a disk that refuses costs only the memory of a view."""
        self._written = repr(self.kept)
        if self._path is not None:
            try:
                kept.save(self._path, self.kept)
            except OSError:
                pass

    def _take(self, main: MainScreen, model: Model, theme: str) -> None:
        runs = main.runs
        self.kept.theme = theme
        self.kept.sorts = {"runs": list(runs.sorted_by)} if runs.sorted_by is not None else {}
        self.kept.wide = ["runs"] if runs.wide else []
        self.kept.runs_filter = runs.filter.text
        self.kept.zoomed = main.zoomed or ""
        if main.focused is not None:
            self.kept.pane = main.focused.id or ""
        self.kept.acknowledged = [list(one) for one in sorted(model.acknowledged)][-ALERTS:]
