"""Pane 6: what was said to the operators, as it is said."""

from __future__ import annotations

from rpconsole.console.model import Model
from rpconsole.console.text import foreign
from rpconsole.console.widgets.log_lines import LogLine
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.action import Level
from rpconsole.domain.snapshot import Alert

_TOKENS = {Level.ALERT: "alarm", Level.WARN: "alert", Level.NOTE: "text"}


def log_line(alert: Alert) -> LogLine:
    """Level, run and sentence, with the time."""
    named = alert.sentence.startswith(f"run {alert.remote_id} ")
    run = f"run {alert.remote_id}  " if alert.remote_id and not named else ""
    return LogLine(
        f"{alert.level:<5} {run}{foreign(alert.sentence)}",
        _TOKENS[alert.level],
        alert.at,
        alert.level,
        alert.remote_id,
    )


class LogPane(LogView):
    """The log of the engine's words."""

    def __init__(self, look: Look, model: Model) -> None:
        super().__init__(look, title="Log", number=6, empty="nothing was said yet", now=model.now, id="log")
        self._model = model
        self._seen = 0

    def touch(self) -> None:
        """Take in what was said since the last look; what a flood pushed out of the model meanwhile is counted."""
        said = self._model.logged - self._seen
        count = min(said, len(self._model.log))
        if count > 0:
            self._seen = self._model.logged
            self.lines.dropped += said - count
            self.add([log_line(alert) for alert in list(self._model.log)[-count:]])
