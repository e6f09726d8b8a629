"""The end of a file at the site, read by offset over the session and followed while the screen is open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import ClassVar

from textual.widget import Widget

from rpconsole.console.actions import Place
from rpconsole.console.desk import Desk
from rpconsole.console.screens.base import ConsoleScreen
from rpconsole.console.text import foreign
from rpconsole.console.widgets.log_view import LogView
from rpconsole.domain.fault import RpconsoleError

FIRST_BYTES = 65536
LOOK_S = 2.0


class TailScreen(ConsoleScreen):
    """Follows one remote file."""

    PLACES: ClassVar[tuple[Place, ...]] = ()

    def __init__(self, desk: Desk, path: str) -> None:
        super().__init__(desk)
        self._path = path
        self.crumb = "log"
        self.view = LogView(desk.look, title=foreign(path), empty="reading …")
        # what went wrong stands at the end of long lines full of paths
        self.view.wrap = True
        self._rest = ""
        self._work: asyncio.Task[None] | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield self.view

    def on_mount(self) -> None:
        self.view.styles.height = "1fr"
        self.view.focus()
        self._work = asyncio.create_task(self._follow(), name="tail")

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def touch_body(self, dirty: Collection[int] | None) -> None:
        """Its own task brings what is new."""

    async def _follow(self) -> None:
        offset, told = -FIRST_BYTES, ""
        while True:
            try:
                piece = await self.desk.link.call("tail", path=self._path, offset=offset, limit=FIRST_BYTES)
            except RpconsoleError as error:
                if str(error) != told:
                    told = str(error)
                    self.view.add([(foreign(told), "alert")])
                await asyncio.sleep(LOOK_S)
                continue
            self._take(piece["text"])
            offset, told = piece["offset"], ""
            if piece["size"] < offset:
                # the file was written anew
                offset = 0
                self.view.add([("the file was written anew", "alert")])
            elif offset >= piece["size"]:
                await asyncio.sleep(LOOK_S)

    def _take(self, text: str) -> None:
        """Whole lines; what has no line end yet waits for its rest."""
        *lines, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > FIRST_BYTES:
            lines, self._rest = [*lines, self._rest], ""
        self.view.add([(foreign(line.removesuffix("\r").expandtabs()), "text") for line in lines])

    def go_back(self) -> bool:
        """Search first, then the screen."""
        return self.view.show_all()
