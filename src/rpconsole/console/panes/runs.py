"""Pane 3: the runs; each row says why it does not move."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.filters import Facts, Filter
from rpconsole.console.format import component_counts, progress, span, state_piece, state_word, wall_left, wall_left_s
from rpconsole.console.model import Link, Model
from rpconsole.console.screens.run_deeds import RunDeeds
from rpconsole.console.text import Line, foreign
from rpconsole.console.widgets.columns import Column
from rpconsole.console.widgets.painting import Look
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.run import Step
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
    filter_keys: Sequence[str] = (
        "run",
        "stage",
        "state",
        "job",
        "label",
        "why",
        "comps",
        "fail",
        "pass",
        "tries",
        "fault",
        "left",
        "age",
        "wall",
        "step",
    )

    def __init__(self, look: Look, model: Model) -> None:
        self._look, self._model = look, model

    def row_keys(self) -> Sequence[Hashable]:
        return tuple(self._model.runs)

    def cells(self, key: Hashable) -> Mapping[str, Line]:
        run = self._model.runs.get(key)  # type: ignore[call-overload]
        if run is None:
            return {}
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
        passed, failed, count = component_counts(run)
        why = "; ".join(run.why)
        state = f"{state_word(run)} {run.state}"
        return {
            **{
                "run": run.remote_id,
                "stage": str(run.stage),
                "state": state_word(run),
                "job": run.job or "",
                "why": why,
            },
            **{"label": run.label, "pass": passed, "fail": failed, "tries": run.tries, "fault": run.fault},
            **{"done": passed / count if count else 0.0, "left": count - passed, "comps": count},
            "age": self._model.now() - run.submitted_at if run.submitted_at is not None else None,
            **{"wall": wall_left_s(run, self._model.now()), "step": str(run.step)},
            "walltime": wall_left_s(run, self._model.now()),
            "text": f"{run.remote_id} {run.stage} {state} {run.step} {run.job or ''} {run.label} {why}",
        }

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
    """The table of runs."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUNS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.TABLE, Place.RUNS)

    def __init__(self, look: Look, model: Model) -> None:
        super().__init__(look, RunRows(look, model), title="Runs", number=3, noun="run", id="runs")

    def chosen_runs(self) -> list[int]:
        """The runs that an act is about."""
        return [key for key in self.chosen() if isinstance(key, int)]

    def asked_runs(self) -> list[int]:
        """A question is about the row under the cursor, whatever is marked."""
        return [self.cursor] if isinstance(self.cursor, int) else []
