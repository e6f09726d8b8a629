"""Screens that a key opens, and what they alone need: none of it is loaded before one is opened, or the first frame stands."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rpconsole.console.export import as_csv, as_json, as_text, bundle, file_name, written
    from rpconsole.console.orders import NAMED, order_sentences, order_title
    from rpconsole.console.raw import raw_lines
    from rpconsole.console.screens.dialog import MANY, Choice, Dialog
    from rpconsole.console.screens.doubts import DoubtsScreen
    from rpconsole.console.screens.export import export_dialog
    from rpconsole.console.screens.line import LineScreen
    from rpconsole.console.screens.login import LoginScreen
    from rpconsole.console.screens.reading import ReadingScreen, SheetScreen, help_lines
    from rpconsole.console.screens.renew import RenewScreen
    from rpconsole.console.screens.run import RunScreen
    from rpconsole.console.screens.tail import TailScreen
    from rpconsole.console.screens.themes import ThemesScreen
    from rpconsole.console.tables import ACTS
    from rpconsole.console.why_rows import queues_why, sessions_why

#: module -> what is taken from it
PARTS = {
    "screens.run": ("RunScreen",),
    "screens.line": ("LineScreen",),
    "screens.dialog": ("MANY", "Choice", "Dialog"),
    "screens.reading": ("ReadingScreen", "SheetScreen", "help_lines"),
    "screens.login": ("LoginScreen",),
    "screens.renew": ("RenewScreen",),
    "screens.tail": ("TailScreen",),
    "screens.doubts": ("DoubtsScreen",),
    "screens.export": ("export_dialog",),
    "screens.themes": ("ThemesScreen",),
    "orders": ("NAMED", "order_sentences", "order_title"),
    "raw": ("raw_lines",),
    "tables": ("ACTS",),
    "why_rows": ("queues_why", "sessions_why"),
    "export": ("as_csv", "as_json", "as_text", "bundle", "file_name", "written"),
}
_MODULES = {name: module for module, names in PARTS.items() for name in names}

__all__ = [
    "ACTS", "MANY", "NAMED", "Choice", "Dialog", "DoubtsScreen", "LineScreen", "LoginScreen", "ReadingScreen", "RenewScreen",
    "RunScreen", "SheetScreen", "TailScreen", "ThemesScreen", "as_csv", "as_json", "as_text", "bundle",
    "export_dialog", "file_name", "help_lines", "order_sentences", "order_title", "queues_why", "raw_lines",
    "sessions_why", "written",
]  # fmt: skip


def load(module: str) -> None:
    """Load one of ``PARTS``, so that nobody waits for it later."""
    import_module(f"rpconsole.console.{module}")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"rpconsole.console.{_MODULES[name]}"), name)
