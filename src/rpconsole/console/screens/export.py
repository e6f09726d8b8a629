"""The choice of what is written to a file."""

from __future__ import annotations

from rpconsole.console.desk import Desk
from rpconsole.console.screens.dialog import Choice, Dialog


def export_dialog(desk: Desk, *, table: str, remote_id: int | None, folder: str) -> Dialog:
    """Only what there is here is offered."""
    choices = []
    if table:
        choices += [
            Choice(key="c", says="table as CSV", value="csv"),
            Choice(key="j", says="table as JSON", value="json"),
        ]
    if remote_id is not None:
        choices += [
            Choice(key="s", says=f"story of run {remote_id}", value="story"),
            Choice(key="i", says="incident bundle", value="incident"),
        ]
    choices.append(Choice(key="v", says="this screen as SVG", value="svg"))
    sentences = [(f"Files go to {folder}, readable by you only.", "text")]
    if table:
        sentences.append((f"The table is '{table}', as it is filtered and sorted.", "text"))
    if remote_id is not None:
        told = "Story, facts, reasons, failures, the log here, the job's last output, and the configuration without secrets"
        sentences.append((f"The incident bundle of run {remote_id}: {told}.", "text"))
    return Dialog(desk, title="Export", sentences=sentences, choices=choices, at_once=True, no="nothing")
