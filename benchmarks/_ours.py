"""The product's own transfer, over sessions that are open already, as they are when a transfer starts."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import shlex
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
from _others import Run, ssh_of
from _ssh_site import DataSet, SshSite

from rpconsole.adapters.ssh.asyncssh_link import AsyncsshLink
from rpconsole.adapters.ssh.link import Link
from rpconsole.adapters.ssh.master_link import MasterLink
from rpconsole.adapters.ssh.mux import MuxControl
from rpconsole.adapters.ssh.options import FAST_CIPHERS, FrontEnd, SshOptions
from rpconsole.adapters.ssh.session import Session
from rpconsole.adapters.ssh.site import SshSite as Verbs
from rpconsole.adapters.ssh.storage_hosts import StorageHost
from rpconsole.domain.fault import NoSession
from rpconsole.ports.site import Shipment, TransferCut

LAG_STEP_S = 0.005


class OpenSessions:
    """Sessions that were opened with a key: the token's dialogue is not what is measured."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = sessions

    def live(self) -> list[Session]:
        return [session for session in self._sessions if session.is_live]

    def first(self) -> Session:
        if not self.live():
            raise NoSession
        return self.live()[0]

    def alive(self) -> bool:
        return bool(self.live())

    def was_silent(self, session: Session) -> None:
        """Nothing is reordered here."""

    def says(self, session: str, sentence: str) -> None:
        """A front end that does not reach its storage would measure something else."""
        if sentence:
            raise SystemExit(f"{session}: {sentence}")


class Ours:
    """One site with its sessions."""

    def __init__(self, site: SshSite, options: SshOptions, sessions: OpenSessions) -> None:
        self._site = site
        self.options = options
        self.sessions = sessions
        self.verbs = Verbs(options, sessions)  # type: ignore[arg-type]
        self.lags: list[float] = []

    async def send(self, data: DataSet, target: Path) -> Run:
        """Home to site."""
        shipments = [Shipment(source=str(path), target=str(target / path.name)) for path in data.files]
        return await self._measured(self.verbs.send(shipments), data)

    async def fetch(self, data: DataSet, source: Path, target: Path) -> Run:
        """Site to home."""
        shipments = [
            Shipment(source=str(source / path.name), target=str(target / path.name), size=path.stat().st_size)
            for path in data.files
        ]
        return await self._measured(self.verbs.fetch(shipments), data)

    async def _measured(self, work: object, data: DataSet) -> Run:
        watching = asyncio.create_task(self._watch())
        began, used = time.perf_counter(), time.process_time()
        delivered, failed = await work  # type: ignore[misc]
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - used
        watching.cancel()
        if failed or len(delivered) != len(data.files):
            raise SystemExit(f"{len(failed)} of {len(data.files)} files were not delivered: {failed[:1]}")
        return Run(size=data.size, seconds=seconds, cpu_s=cpu_s)

    async def _watch(self) -> None:
        """How much later than asked the loop comes round."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(LAG_STEP_S)
            self.lags.append(time.perf_counter() - began - LAG_STEP_S)

    async def send_until_cut(self, data: DataSet, target: Path) -> set[str]:
        """Send until the sessions end; names of what was acknowledged."""
        shipments = [Shipment(source=str(path), target=str(target / path.name)) for path in data.files]
        try:
            delivered, _ = await self.verbs.send(shipments)
        except TransferCut as cut:
            delivered = cut.delivered
        return {Path(delivery.shipment.source).name for delivery in delivered}


async def _asyncssh_links(site: SshSite, port: int, count: int) -> list[Link]:
    connections = [
        await asyncssh.connect(
            "127.0.0.1", port, username=site.user, client_keys=[str(site.folder / "key")], agent_path=None, config=None,
            known_hosts=str(site.folder / "known_hosts"), encryption_algs=list(FAST_CIPHERS), compression_algs=None,
        )
        for _ in range(count)
    ]  # fmt: skip
    return [AsyncsshLink(f"fe{number}", each) for number, each in enumerate(connections)]


async def _master_links(site: SshSite, port: int, count: int) -> list[Link]:
    """Masters as a person would have opened them by hand; ``port`` is what the client's configuration says."""
    links: list[Link] = []
    for number in range(count):
        path = site.folder / f"master{next(_NUMBERS)}"
        command = f"{ssh_of(site)} -o ControlPath={path} -MNf direct"
        await asyncio.to_thread(subprocess.run, shlex.split(command), check=True, stdin=subprocess.DEVNULL)
        links.append(MasterLink(f"fe{number}", path, await MuxControl.connect(path), lambda _: None))
    return links


_NUMBERS = itertools.count(1)
#: adapter -> how its connections are made
ADAPTERS = {"ours": _asyncssh_links, "masters": _master_links}


@asynccontextmanager
async def opened(
    site: SshSite, port: int, count: int, adapter: str = "ours", *, carried: Path | None = None
) -> AsyncIterator[Ours]:
    """``count`` sessions through one port of the line, with their helpers and streams ready.

    ``carried``: below it lie files that front ends fetch and bring by themselves over the line, one stream each.
    """
    storage = StorageHost(
        name="storage", host="127.0.0.1", port=port, user=site.user, identity_file=str(site.folder / "key"),
        known_hosts=str(site.folder / "known_hosts"), volumes=((str(carried), str(carried)),),
    )  # fmt: skip
    options = SshOptions(
        front_ends=tuple(FrontEnd(name=f"fe{number}", host="127.0.0.1", port=port) for number in range(count)),
        user=site.user,
        remote_root=str(site.root),
        known_hosts=str(site.folder / "known_hosts"),
        bulk_channels=2 if carried is None else 1,
        storage_hosts=() if carried is None else (storage,),
    )
    links = await ADAPTERS[adapter](site, port, count)
    sessions = [Session(f"fe{number}", options, link) for number, link in enumerate(links)]
    try:
        for session in sessions:
            await session.helper.prepare()
            for verb in options.bulk_verbs:
                await session.streams.warm(verb)
        yield Ours(site, options, OpenSessions(sessions))
    finally:
        for session in sessions:
            session.close()
            await session.wait_closed()


def same(left: Path, right: Path) -> bool:
    """Whether two files hold the same."""
    return hashlib.sha256(left.read_bytes()).digest() == hashlib.sha256(right.read_bytes()).digest()


async def put_with_sftp(site: SshSite, port: int, data: DataSet, target: Path, limit_s: float) -> float:
    """Seconds that asyncssh's own SFTP takes, or the limit."""
    async with (
        asyncssh.connect(
            "127.0.0.1", port, username=site.user, client_keys=[str(site.folder / "key")], agent_path=None, config=None,
            known_hosts=str(site.folder / "known_hosts"), encryption_algs=list(FAST_CIPHERS), compression_algs=None,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):  # fmt: skip
        began = time.perf_counter()
        try:
            async with asyncio.timeout(limit_s):
                await sftp.put([str(path) for path in data.files], str(target))
        except TimeoutError:
            pass
        return time.perf_counter() - began
