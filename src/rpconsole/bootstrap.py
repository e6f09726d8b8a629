"""Composition root: the only place where ports meet their adapters."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from rpconsole.adapters.gpc1.engine import Gpc1, open_gpc1
from rpconsole.adapters.gpc1.lineage import SqlLineage
from rpconsole.adapters.gpc1.owner_lock import owner_lock_of
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.adapters.journal.opening import Journal, open_journal
from rpconsole.adapters.ssh.opening import opener_of
from rpconsole.adapters.ssh.options import FrontEnd, Gateway, SshOptions
from rpconsole.adapters.ssh.pool import SshSessions
from rpconsole.adapters.ssh.site import SshSite
from rpconsole.adapters.ssh.storage_hosts import StorageHost
from rpconsole.adapters.storage.local_files import DiskFiles
from rpconsole.adapters.storage.test_files import DiskTestFiles
from rpconsole.adapters.storage.trees import DiskTrees
from rpconsole.adapters.system_clock import SystemClock
from rpconsole.adapters.workshop.processes import Processes
from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.config import Config
from rpconsole.domain.stage import Stage
from rpconsole.engine.facade import RunningEngine
from rpconsole.engine.service import Engine
from rpconsole.engine.settings import Bookkeeping, EngineSettings, ScriptSettings, Waits, WatchedLabel
from rpconsole.engine.tuning import Tuner
from rpconsole.engine.world import Haulage, World
from rpconsole.ports.journal import Owner
from rpconsole.storage import open_storage


@asynccontextmanager
async def open_engine(config: Config, *, patient: bool = False) -> AsyncIterator[RunningEngine]:
    """An engine with everything that it needs; nothing is started, and no session is opened.

    Raises BadConfiguration, DatabaseAway, DatabaseRefused. ``patient``: a database that is away is waited for once the engine runs;
    for a process that goes on living.
    """
    async with AsyncExitStack() as stack:
        world = await open_world(config, stack, patient=patient)
        now = time.time()
        owner = Owner(
            database=config.database.name,
            site=config.site.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            since=now,
            beat=now,
        )
        yield Engine(world, owner)


async def open_world(config: Config, stack: AsyncExitStack, *, patient: bool = False) -> World:
    """The real adapters; each registers its own end on the stack."""
    clock = SystemClock()
    workshop = Processes()
    stack.push_async_callback(workshop.close)
    gpc1 = _gpc1(config, stack)
    journal = await _journal(config, stack, patient=patient)
    options = ssh_options(config)
    sessions = SshSessions(options, clock, opener_of(options))
    stack.push_async_callback(sessions.release)
    site = SshSite(options, sessions)
    return World(
        settings=settings_of(config),
        clock=clock,
        workshop=workshop,
        runs=SqlRunStore(gpc1),
        survey=SqlSurvey(gpc1),
        catalogue=open_storage(config.storage, stack),
        files=DiskFiles(),
        site=site,
        sessions=sessions,
        journal=journal.runs,
        ledger=journal.ledger,
        operations=journal.operations,
        lease=journal.lease,
        lock=owner_lock_of(gpc1),
        costs=journal.costs,
        scratch=site,
        holdings=journal.holdings,
        lineage=SqlLineage(gpc1),
        haulage=_haulage(options, journal, site),
        make_ready=journal.make_ready if patient else None,
    )


def _gpc1(config: Config, stack: AsyncExitStack) -> Gpc1:
    database = open_gpc1(
        config.database.address,
        password=config.database.password(),
        connect_timeout_s=config.database.connect_timeout_s,
    )
    stack.push_async_callback(database.close)
    return database


async def _journal(config: Config, stack: AsyncExitStack, *, patient: bool) -> Journal:
    journal = await open_journal(
        config.journal_address(),
        database=config.database.name,
        site=config.site.name,
        password=config.journal.password(),
        patient=patient,
    )
    stack.push_async_callback(journal.close)
    return journal


def _haulage(options: SshOptions, journal: Journal, site: SshSite) -> Haulage:
    """What transfers by hand need."""
    return Haulage(
        areas=options.roots,
        books=journal.hauls,
        here=DiskTrees(),
        there=site.trees,
        line=site,
        tuner=Tuner(journal.hauls, site),
        # the line to be measured is the one that files of the storage take
        tests=DiskTestFiles(options.storage_hosts[0].volumes[0][0] if options.storage_hosts else None),
    )


def settings_of(config: Config) -> EngineSettings:
    """The configuration as the engine wants it."""
    site, engine = config.site, config.engine
    return EngineSettings(
        site=site.name,
        database=config.database.name,
        layout=config.layout(),
        plan=site.plan(),
        scheduler=KNOWN_SCHEDULERS[site.scheduler](site.programs_dir or ""),
        script=_script(config),
        retry=config.retry.policy(),
        limits=engine.limits(),
        pace=engine.pace(),
        waits=_waits(config),
        labels=tuple(
            WatchedLabel(label=one.label, stages=one.stages, path_base=one.path_base, limit=one.limit)
            for one in config.labels
        ),
        accounts=config.login.accounts(),
        login_tries=config.login.tries,
        any_account=not config.login.users,
        bookkeeping=_bookkeeping(config),
        scratch=config.scratch.settings(config.site.scratch_bytes()),
        learn_costs=site.learned_costs,
        tick_s=engine.tick_s,
        refresh_s=engine.refresh_s,
        sweep_s=engine.define_s,
        lease_stale_s=engine.lease_stale_s,
        grace_s=engine.grace_s,
    )


def _script(config: Config) -> ScriptSettings:
    site = config.site
    return ScriptSettings(
        shell=site.shell,
        python=site.python,
        runner=site.runner,
        lists_nodes=site.node_list == "srun",
        of_stages={stage: site.directives(stage) for stage in Stage},
        account_required=site.account_required,
    )


def _waits(config: Config) -> Waits:
    engine = config.engine
    return Waits(
        submit_s=engine.submit_wait_s,
        receipt_s=engine.receipt_wait_s,
        queue_s=engine.queue_wait_s,
        unlisted_s=engine.unlisted_wait_s,
    )


def _bookkeeping(config: Config) -> Bookkeeping:
    books = config.bookkeeping
    maps = None if books.overlap_maps is None else str(books.overlap_maps)
    return Bookkeeping(fake=books.fake, overlap_maps=maps, stacks=books.stacks, min_warps=books.min_warps)


def _owner_mark(config: Config) -> str:
    """The same for each engine over these books on this host, and for no other: what it leaves at a site is known by it."""
    place = f"{socket.gethostname()}:{config.paths.state_dir}"
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def ssh_options(config: Config) -> SshOptions:
    """How the site is reached, as the ssh adapter wants it."""
    login = config.login
    gateway = login.gateway
    storage_hosts = _storage_hosts(config)
    return SshOptions(
        front_ends=tuple(
            FrontEnd(name=one.name, host=one.host, port=one.port, sessions=one.sessions) for one in login.front_ends
        ),
        user=login.user,
        remote_root=config.site.remote_root,
        areas=(config.site.references_dir, config.site.tess_dir, *config.transfer.areas),
        ceilings=tuple(entry.ceiling() for entry in config.transfer.ceilings),
        known_hosts=str(login.known_hosts),
        gateway=Gateway(host=gateway.host, port=gateway.port, user=gateway.user) if gateway else None,
        hops_by_commands=login.hop == "command",
        lifetime_s=login.lifetime_hours * 3600 if login.lifetime_hours else None,
        max_channels=login.max_channels,
        bulk_channels=config.transfer.streams if storage_hosts else login.bulk_channels,
        keepalive_s=login.keepalive_s,
        keepalive_count=login.keepalive_count,
        connect_timeout_s=login.connect_timeout_s,
        answer_timeout_s=login.answer_timeout_s,
        stall_s=login.stall_s,
        ssh=login.ssh,
        control_path=config.control_path(),
        may_start_masters=login.masters == "start",
        python=config.site.python,
        owner=_owner_mark(config),
        storage_hosts=storage_hosts,
        site_ssh=config.transfer.ssh,
    )


def _storage_hosts(config: Config) -> tuple[StorageHost, ...]:
    """None where all goes through the session."""
    if config.transfer.initiative == "session":
        return ()
    return tuple(
        StorageHost(
            name=one.name,
            host=one.host,
            port=one.port,
            user=one.user,
            identity_file=one.identity_file,
            known_hosts=one.known_hosts,
            python=one.python,
            volumes=tuple(one.volumes.items()),
        )
        for one in config.transfer.storage_hosts
    )
