"""Everything that a performer may touch, in one record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from rpconsole.domain.allocation import Allocation
from rpconsole.engine.in_thread import InThread
from rpconsole.engine.meter import Meter
from rpconsole.engine.settings import EngineSettings
from rpconsole.engine.tuning import Tuner
from rpconsole.ports.clock import Clock
from rpconsole.ports.costs import CostBook
from rpconsole.ports.file_catalogue import FileCatalogue
from rpconsole.ports.hauls import Hauls
from rpconsole.ports.journal import Ledger, Operations, OwnerLease, RunJournal
from rpconsole.ports.lineage import Lineage
from rpconsole.ports.local_files import LocalFiles
from rpconsole.ports.owner_lock import OwnerLock
from rpconsole.ports.run_store import RunStore
from rpconsole.ports.scratch import HoldingBook, Scratch
from rpconsole.ports.sessions import Sessions
from rpconsole.ports.site import Site
from rpconsole.ports.site_files import Line, TestFiles, Trees
from rpconsole.ports.survey import Survey
from rpconsole.ports.workshop import Workshop


@dataclass(frozen=True, kw_only=True, slots=True)
class Haulage:
    """What hauls need besides: their books, and both sides' trees of files."""

    books: Hauls
    here: Trees
    there: Trees
    line: Line
    tuner: Tuner
    tests: TestFiles
    #: directories at the site below which files may lie
    areas: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """The ports and the numbers."""

    settings: EngineSettings
    clock: Clock
    workshop: Workshop = field(default_factory=InThread)
    runs: RunStore
    survey: Survey
    catalogue: FileCatalogue
    files: LocalFiles
    site: Site
    sessions: Sessions
    journal: RunJournal
    ledger: Ledger
    operations: Operations
    lease: OwnerLease
    lock: OwnerLock
    #: None = nothing is learned from finished tasks
    costs: CostBook | None = None
    #: None = nothing is known of the site's scratch
    scratch: Scratch | None = None
    holdings: HoldingBook | None = None
    lineage: Lineage | None = None
    #: None = nothing is sent or fetched by hand, and no books are kept of single files
    haulage: Haulage | None = None
    meter: Meter = field(default_factory=Meter)
    #: run -> what its last script asked for, as far as this engine wrote it
    asked: dict[int, Allocation] = field(default_factory=dict)
    #: what must have gone well once before anything else is asked of the databases
    make_ready: Callable[[], Awaitable[None]] | None = None
