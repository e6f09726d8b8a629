"""Keys that carry something out of the console: the clipboard, files, the pager."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rpconsole.console import later
from rpconsole.console.clipboard import copied_text, too_long
from rpconsole.console.looking import Looking
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.fault import RpconsoleError

STORY = ("at", "event", "before", "after", "detail")
OUTPUT_BYTES = 262_144


class Carrying(Looking):
    """Copying, exporting, paging."""

    terminal_answered: Callable[[], Awaitable[None]]

    # -- the clipboard -----------------------------------------------------------------------------------------------

    def do_copy(self) -> None:
        text = copied_text(self.screen.focused, self.screen)
        if not text:
            self.say("there is nothing to copy here")
        elif too_long(text):
            self.say("that is too long for a terminal's clipboard; E writes it to a file", severity="error")
        else:
            self.copy_to_clipboard(text)
            self.say(f"sent to the terminal's clipboard: {text[:60]}")

    # -- files -------------------------------------------------------------------------------------------------------

    def do_export(self) -> None:
        table, remote_id = self._table(), self._meant_run()
        name = table.title if table is not None else ""
        dialog = later.export_dialog(self.desk, table=name, remote_id=remote_id, folder=str(self.desk.exports))
        picture = self._picture()
        self.push_screen(
            dialog, lambda what: self.order(self._exported(what, table, remote_id, picture)) if what else None
        )

    def _table(self) -> VirtualTable | None:
        focused = self.screen.focused
        return focused if isinstance(focused, VirtualTable) else None

    def _meant_run(self) -> int | None:
        found = getattr(self.screen, "remote_id", None)
        asked = getattr(self.screen.focused, "asked_runs", None)
        runs = asked() if found is None and asked is not None else []
        return runs[0] if runs else found

    def _picture(self) -> str:
        """The screen before the dialog lies over it; never one that a token may be typed into."""
        if any(getattr(screen, "takes_tokens", False) for screen in self.screen_stack):
            return ""
        return self.export_screenshot(title="rpconsole")

    async def _exported(self, what: str, table: VirtualTable | None, remote_id: int | None, picture: str) -> str:
        at = self.desk.model.now()
        try:
            if what in ("csv", "json") and table is not None:
                path = await self._write_table(table, what, at)
            elif what == "svg":
                path = later.written(self.desk.exports, later.file_name("screen", "svg", at), picture)
            elif remote_id is not None:
                path = await self._write_run(what, remote_id, at)
            else:
                return ""
        except OSError as error:
            self.say(f"nothing was written to {self.desk.exports}: {error.strerror}", severity="error")
            return ""
        return f"written: {path}"

    async def _write_table(self, table: VirtualTable, what: str, at: float) -> Path:
        columns = [column.key for column in table.rows.columns]
        rows = [{name: facts.get(name) for name in columns} for facts in await table.whole()]
        text = later.as_csv(columns, rows) if what == "csv" else later.as_json(rows)
        return later.written(self.desk.exports, later.file_name(table.title, what, at), text)

    async def _write_run(self, what: str, remote_id: int, at: float) -> Path:
        story = await self.desk.story(remote_id)
        if what == "story":
            return later.written(
                self.desk.exports, later.file_name(f"run-{remote_id}-story", "txt", at), later.as_text(STORY, story)
            )
        stem = f"run-{remote_id}-incident"
        texts = {"story.txt": later.as_text(STORY, story), **await self._incident(remote_id)}
        return later.written(self.desk.exports, later.file_name(stem, "tar.gz", at), later.bundle(stem, texts, at))

    async def _incident(self, remote_id: int) -> dict[str, str]:
        """Everything that helps somebody who was not there; what cannot be had says why."""
        known = await self.desk.link.call("run", remote_id=remote_id)
        said = [
            {"at": one.at, "level": one.level, "run": one.remote_id or "-", "said": one.sentence}
            for one in self.desk.model.log
        ]
        return {
            "run.json": json.dumps(known, indent=1, default=str) + "\n",
            "why.txt": await self._asked_text("why", "why", remote_id=remote_id),
            "reconcile.txt": await self._asked_text("reconcile", "runs", remote_id=remote_id),
            "log.txt": later.as_text(("at", "level", "run", "said"), said),
            "output.txt": await self._last_output(known),
            "acts.txt": await self._asked_text("acts", "acts", limit=1000),
            "configuration.txt": self.desk.configuration(),
        }

    async def _asked_text(self, verb: str, name: str, **args: object) -> str:
        try:
            found = (await self.desk.link.call(verb, **args))[name]
        except RpconsoleError as error:
            return f"could not be had: {error}\n"
        return "".join(f"{one if isinstance(one, str) else json.dumps(one, default=str)}\n" for one in found)

    async def _last_output(self, known: dict[str, Any]) -> str:
        path = known.get("site_files", {}).get("output")
        if path is None:
            return "the run has no output\n"
        try:
            piece = await self.desk.link.call("tail", path=path, offset=-OUTPUT_BYTES, limit=OUTPUT_BYTES)
        except RpconsoleError as error:
            return f"{path} could not be read: {error}\n"
        return str(piece["text"])

    # -- the pager ---------------------------------------------------------------------------------------------------

    def do_log_pager(self) -> None:
        view = self.screen.focused
        if isinstance(view, LogView) and not self.screen.is_modal:
            self.order(self._paged(view.text()))

    async def _paged(self, text: str) -> str:
        """The console draws nothing while the pager has the terminal, but goes on living: the engine is heard."""
        words = shlex.split(os.environ.get("PAGER", "less")) or ["less"]
        with tempfile.NamedTemporaryFile(
            "w", prefix="rpconsole-", suffix=".log", encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(text)
            file.flush()
            try:
                await self.terminal_answered()
                with self.batch_update(), self.suspend():
                    child = await asyncio.create_subprocess_exec(*words, file.name)
                    await child.wait()
            except OSError as error:
                return f"{words[0]} cannot be started: {error.strerror}; $PAGER names the pager"
        self.refresh(layout=True)
        return ""
