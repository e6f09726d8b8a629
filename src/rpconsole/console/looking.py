"""Keys that look closer: why a run waits, its output, its raw row, doubtful submits."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.console import later
from rpconsole.console.desk import Result
from rpconsole.console.ordering import Ordering
from rpconsole.console.text import foreign


class Looking(Ordering):
    """Questions to the engine, each answered by a screen."""

    def ask_of_run(self, what: str, remote_id: int) -> None:
        """Why it does not move, its job's output, or everything that is known of it."""
        asked = {"why": self._why, "log": self._output, "raw": self._raw}
        self.order(asked[what](remote_id))

    async def _why(self, remote_id: int) -> str:
        why = (await self.desk.link.call("why", remote_id=remote_id))["why"]
        lines = [(foreign(sentence), "text") for sentence in why] or [("nothing holds it", "text")]
        await self._read(f"why {remote_id}", f"Why run {remote_id} does not move", lines)
        return ""

    async def why_pane(self, what: str) -> str:
        """Why front ends have no session, or queues do not move."""
        snapshot = self.desk.model.snapshot
        if what == "queues":
            lines = later.queues_why((await self.desk.link.call("queues"))["queues"])
            await self._read("why queues", "Why queues do not move", lines)
        elif snapshot is not None:
            lines = later.sessions_why(snapshot, self.desk.model.now())
            await self._read("why sessions", "Why sessions are not open", lines)
        return ""

    async def _output(self, remote_id: int) -> str:
        files = (await self.desk.details(remote_id)).get("site_files", {})
        if "output" not in files:
            return f"the engine names no output of run {remote_id}"
        await self.push_screen(later.TailScreen(self.desk, files["output"]))
        return ""

    async def _raw(self, remote_id: int) -> str:
        known = await self.desk.details(remote_id)
        await self._read(f"raw {remote_id}", f"Run {remote_id} as the databases have it", later.raw_lines(known))
        return ""

    async def _read(self, crumb: str, title: str, lines: Sequence[tuple[str, str]]) -> None:
        await self.push_screen(later.ReadingScreen(self.desk, crumb, title, lines))

    def do_doubts(self) -> None:
        self.order(self._doubts())

    async def _doubts(self) -> str:
        found: list[Result] = (await self.desk.link.call("reconcile"))["runs"]
        await self.push_screen(later.DoubtsScreen(self.desk, found))
        return ""
