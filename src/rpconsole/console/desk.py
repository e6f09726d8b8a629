"""What all screens share: the model, the look, the way to the engine, and the site's prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rpconsole.console.model import Model
from rpconsole.console.prompts import Prompts
from rpconsole.console.sight import Sight
from rpconsole.console.theme import Palette
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.snapshot import RunView

Result = dict[str, Any]


class Orders(Protocol):
    """Somewhere that carries out the engine's verbs."""

    async def call(self, verb: str, **args: object) -> Result:
        """What became of it, or the engine's sentence as an error."""
        ...

    def look(self, runs: Sequence[int]) -> None:
        """The runs that are in sight from now on; of others only numbers are known."""
        ...


@dataclass(kw_only=True)
class Desk:
    """One operator's desk."""

    model: Model
    look: Look
    link: Orders
    prompts: Prompts
    palettes: Mapping[str, Palette] = field(default_factory=dict)
    #: the runs that are shown
    sight: Sight = field(init=False)
    #: what to do first, in sentences; shown at the start and while logging in
    hint: tuple[str, ...] = ()
    #: the practice site's key card: a new token at each press
    card: Callable[[], str] | None = None
    #: what was filtered by before, the newest last
    filters: list[str] = field(default_factory=list)
    #: where files are written that a person exports
    exports: Path = Path("exports")
    #: the configuration as text, without secrets
    configuration: Callable[[], str] = lambda: "no configuration is known here\n"

    def __post_init__(self) -> None:
        self.sight = Sight(self.link.look)

    async def details(self, remote_id: int) -> Result:
        """What the engine knows of a run, its components and failures in few words."""
        return await self.link.call("run", remote_id=remote_id, brief=True)

    async def all_runs(self) -> tuple[RunView, ...]:
        """Every run with everything that is shown of it: for an export, not for the screen."""
        from rpconsole.protocol.codec import runs_of

        return runs_of(await self.link.call("status"))

    async def story(self, remote_id: int, limit: int = 0) -> list[Result]:
        """How a run got where it is."""
        story: list[Result] = (await self.link.call("story", remote_id=remote_id, limit=limit))["story"]
        return story
