"""Pane 3: the runs; each row says why it does not move."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk
from rpconsole.console.format import progress, span, state_piece, wall_left
from rpconsole.console.model import Link, Model
from rpconsole.console.screens.run_deeds import RunDeeds
from rpconsole.console.text import Line, foreign
from rpconsole.console.widgets.columns import Column
from rpconsole.console.widgets.marking import Key
from rpconsole.console.widgets.painting import Look
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.filters import Facts, Filter
from rpconsole.domain.ranges import numbers_of
from rpconsole.domain.run import Step
from rpconsole.domain.run_facts import FILTER_KEYS, run_facts
from rpconsole.domain.snapshot import RunView


class RunRows:
    """The runs of the snapshot as rows."""

    columns: Sequence[Column] = (
        Column(key="run", title="run", width=6, right=True),
        Column(key="stage", title="stage", width=6),
        Column(key="state", title="state", width=11),
        Column(key="job", title="job", width=11, rank=3),
        Column(key="done", title="done", width=14, rank=1),
        Column(key="age", title="age", width=5, right=True, rank=5),
        Column(key="walltime", title="wall left", width=9, right=True, rank=6),
        Column(key="tries", title="try", width=3, right=True, rank=7),
        Column(key="label", title="label", width=12, rank=4),
        Column(key="why", title="why it does not move", width=24, grows=True, rank=2),
    )
    filter_keys: Sequence[str] = FILTER_KEYS

    def __init__(self, look: Look, model: Model) -> None:
        self._look, self._model = look, model

    def row_keys(self) -> Sequence[Hashable]:
        return tuple(self._model.ids)

    def cells(self, key: Hashable) -> Mapping[str, Line]:
        run = self._model.runs.get(key)  # type: ignore[call-overload]
        if run is None:
            # it is on its way: rows come a page before they are needed
            return {"run": [(str(key), "dim")], "state": [(self._look.palette.glyphs["dash"], "dim")]}
        now = self._model.now()
        why = foreign(run.why[0]) if run.why and run.step is not Step.DONE else ""
        return {
            "run": [(str(run.remote_id), "text")],
            "stage": [(str(run.stage), "text")],
            "state": [state_piece(run, self._look.palette.glyphs)],
            "job": [(foreign(run.job or self._look.palette.glyphs["dash"]), "text" if run.job else "dim")],
            "done": progress(run, self._look.palette.glyphs),
            "age": [(span(now - run.submitted_at) if run.submitted_at is not None else "", "text")],
            "walltime": wall_left(run, self._look.palette.glyphs, now),
            "tries": [(str(run.tries) if run.tries else "", "comp-part")],
            "label": [(foreign(run.label), "text")],
            "why": [(why, "dim")],
        }

    def facts(self, key: Hashable) -> Facts:
        run: RunView | None = self._model.runs.get(key)  # type: ignore[call-overload]
        if run is None:
            return {}
        return run_facts(run, self._model.now())

    def empty(self, filter: Filter) -> Sequence[str]:
        if self._model.snapshot is None:
            return ["Reading the first view …"] if self._model.link is Link.LIVE else ["Looking for the engine …"]
        if filter.text:
            return ["No run matches", f"/{filter.text}", "esc clears, / edits"]
        return [
            "No remote runs yet. They are defined by themselves for the labels of the",
            "configuration, or by 'rpconsole define --stage chip --label LABEL'.",
        ]


class RunsTable(RunDeeds, VirtualTable):
    """The table of runs. Where the engine sends only a window of them, it is the engine that filters and sorts."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUNS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.TABLE, Place.RUNS)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.look, RunRows(desk.look, desk.model), title="Runs", number=3, noun="run", id="runs")
        self._desk, self._model = desk, desk.model
        #: what the engine was asked to show, and by which connection; the order of arrival need not be asked for
        self._sought: object = None
        self._seeking: asyncio.Task[None] | None = None

    def chosen_runs(self) -> list[int]:
        """The runs that an act is about."""
        return [key for key in self.chosen() if isinstance(key, int)]

    def asked_runs(self) -> list[int]:
        """A question is about the row under the cursor, whatever is marked."""
        return [self.cursor] if isinstance(self.cursor, int) else []

    # -- what the engine does for a console with a window --------------------------------------------------------------

    def scrolled(self) -> None:
        self._desk.sight.look("rows", [key for key in self.in_sight() if isinstance(key, int)])

    def touch(self, dirty: Collection[Key] | None = None) -> None:
        if self._model.has_window and self._wanted() != self._sought and not self._is_plain:
            # another engine, or one that was not there when it should have been asked
            self._seek()
        super().touch(dirty)
        self.scrolled()

    def reorder(self) -> None:
        if not self._model.has_window:
            super().reorder()
            return
        if self._is_plain:
            self.take_order(list(self.rows.row_keys()))
        if not self._is_plain or self._sought is not None:
            self._seek()

    def passing(self, keys: Iterable[Key]) -> list[Key]:
        if not self._model.has_window:
            return super().passing(keys)
        text, numbers = self._model.sifted
        return [key for key in keys if not self.filter.text or (text == self.filter.text and key in numbers)]

    async def whole(self) -> list[Facts]:
        if not self._model.has_window:
            return await super().whole()
        now, found = self._model.now(), {run.remote_id: run for run in await self._desk.all_runs()}
        return [run_facts(found[key], now) for key in self.order if key in found]

    @property
    def _is_plain(self) -> bool:
        return not self.filter.text and self.sorted_by is None

    def _wanted(self) -> object:
        return self._model.hello, self.filter.text, self.sorted_by

    def _seek(self) -> None:
        self._sought = self._wanted()
        if self._seeking is not None:
            self._seeking.cancel()
        self._seeking = asyncio.create_task(self._find(), name="order of runs")

    async def _find(self) -> None:
        try:
            by, backwards = self.sorted_by or (None, False)
            found = await self._desk.link.call("find_runs", filter=self.filter.text, by=by, backwards=backwards)
        except RpconsoleError as error:
            self.note = f"not sought: {foreign(error)}"
            self.refresh()
            return
        self.note = ""
        self.take_order([number for number in numbers_of(found["runs"]) if number in self._model.ids])

    def on_unmount(self) -> None:
        if self._seeking is not None:
            self._seeking.cancel()
