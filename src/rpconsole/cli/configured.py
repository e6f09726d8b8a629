"""What commands need of the configuration file."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rpconsole.cli.findings import Finding, answered
from rpconsole.cli.given import Given
from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.nearest import nearest

if TYPE_CHECKING:
    from rpconsole.config import Config
    from rpconsole.config.console import ConsoleSection
    from rpconsole.domain.allocation import SitePlan
    from rpconsole.domain.cost import Learned
    from rpconsole.domain.stage import Stage
    from rpconsole.engine.facade import RunningEngine


class Upkeep(Protocol):
    """The databases, looked at without an engine."""

    async def gpc1(self) -> Finding:
        """Whether the survey's database answers and has our tables."""
        ...

    async def journal(self) -> Finding:
        """Whether the journal answers, and its schema."""
        ...

    async def storage(self) -> list[Finding]:
        """Whether the storage's own servers answer; empty where it is plain directories."""
        ...

    async def upgrade_journal(self) -> str:
        """Bring the journal up to date; returns its schema."""
        ...

    async def index_gpc1(self) -> list[str]:
        """Make the indexes that an SQLite gpc1 lacks; returns their names."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Configured:
    """The configuration, read and checked, with the ways to what is built from it."""

    #: where it was read from
    source: str
    #: what is not wrong and should not stay so
    warnings: Sequence[str]
    #: all of it as TOML, passwords hidden
    text: str
    socket_path: Path
    #: None = stderr
    log_file: Path | None
    #: directories that products are written to
    storage_roots: tuple[Path, ...]
    known_hosts: Path
    open_engine: Callable[[], AbstractAsyncContextManager[RunningEngine]]
    #: the same for a process that goes on living: a database that is away is waited for
    open_patient_engine: Callable[[], AbstractAsyncContextManager[RunningEngine]]
    #: name and limits of a site (of the configured one for None)
    site_plan: Callable[[str | None], tuple[str, SitePlan]]
    #: what finished tasks of (stage, label, filter) cost, as the journal knows; None = too few
    learned: Callable[[Stage, str | None, str | None], Coroutine[Any, Any, Learned | None]]
    #: where runs of a label are prepared
    path_base_of: Callable[[str], str]
    upkeep: Upkeep
    #: [console]; None = its defaults
    console: ConsoleSection | None = None


def configured(given: Given) -> Configured:
    """Read the configuration; BadConfiguration names file, line and the nearest right key."""
    return _read(given)


def _read(given: Given) -> Configured:
    from rpconsole.config import load_config, shown_config

    config = load_config(given.config_file)
    return Configured(
        source=str(config.source),
        warnings=config.warnings,
        text=shown_config(config),
        socket_path=config.paths.socket_path,
        log_file=config.paths.log_file,
        storage_roots=config.storage.directories(),
        known_hosts=config.login.known_hosts,
        open_engine=lambda: _engine(config),
        open_patient_engine=lambda: _engine(config, patient=True),
        site_plan=lambda name: _site_plan(config, name),
        learned=lambda stage, label, filter: _learned(config, stage, label, filter),
        path_base_of=lambda label: _path_base(config, label),
        upkeep=_Databases(config),
        console=config.console,
    )


class _Databases:
    """The configured databases; the adapters are loaded when one is looked at."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def gpc1(self) -> Finding:
        from rpconsole.upkeep import look_at_gpc1

        remedy = "see [database] in the configuration, and whether the server runs"
        return await answered("gpc1", look_at_gpc1(self._config), remedy=remedy)

    async def journal(self) -> Finding:
        from rpconsole.upkeep import look_at_journal

        return await answered("journal", look_at_journal(self._config), remedy="run 'rpconsole db upgrade'")

    async def storage(self) -> list[Finding]:
        section = self._config.storage.nebulous
        if section is None:
            return []
        from rpconsole.storage import look_at_nebulous

        remedy = "see [storage.nebulous] in the configuration, and whether the servers run"
        return [await answered("nebulous", look_at_nebulous(section), remedy=remedy)]

    async def upgrade_journal(self) -> str:
        from rpconsole.upkeep import upgrade_journal

        return await upgrade_journal(self._config)

    async def index_gpc1(self) -> list[str]:
        from rpconsole.upkeep import index_gpc1

        return await index_gpc1(self._config)


def _engine(config: Config, *, patient: bool = False) -> AbstractAsyncContextManager[RunningEngine]:
    from rpconsole.bootstrap import open_engine

    return open_engine(config, patient=patient)


def _site_plan(config: Config, name: str | None) -> tuple[str, SitePlan]:
    if name in (None, config.site.name):
        return config.site.name, config.site.plan()
    return known_site(str(name), config.site.name, where=f"in {config.source}, and none that is built in")


def known_site(name: str, *others: str, where: str = "built in") -> tuple[str, SitePlan]:
    """A site that the survey's recipes describe; BadConfiguration names the nearest that there is."""
    from rpconsole.domain.known_sites import KNOWN_SITES

    if name.lower() not in KNOWN_SITES:
        raise BadConfiguration(f"there is no site '{name}' {where}{nearest(name, [*others, *KNOWN_SITES])}")
    return name.lower(), KNOWN_SITES[name.lower()]


async def _learned(config: Config, stage: Stage, label: str | None, filter: str | None) -> Learned | None:
    from rpconsole.upkeep import learned_cost

    return await learned_cost(config, stage, label, filter)


def _path_base(config: Config, label: str) -> str:
    entry = next((one for one in config.labels if one.label == label), None)
    if entry is None:
        known = [one.label for one in config.labels]
        raise BadConfiguration(
            f"label '{label}' has no path_base in {config.source}; give --path-base{nearest(label, known)}"
        )
    return str(entry.path_base)
