"""The sites that the contracts of ``Sessions`` and ``Site`` are held against: in memory, in process, and behind a real sshd."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.servers import front_end as in_process
from tests.servers.sshd import PrivateSshd
from tests.servers.token_card import TokenCard

from rpconsole.adapters.memory.sessions import MemorySessions
from rpconsole.adapters.memory.site import MemorySite
from rpconsole.adapters.ssh.opening import opener_of
from rpconsole.adapters.ssh.options import FrontEnd, Gateway, SshOptions
from rpconsole.adapters.ssh.pool import SshSessions
from rpconsole.adapters.ssh.site import SshSite
from rpconsole.ports.scratch import Scratch
from rpconsole.ports.sessions import Challenge, Sessions
from rpconsole.ports.site import Answer, Site, SubmitOrder

LIFETIME_S = 12 * 3600.0


class RealClock:
    """What a clock is on this host."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class LookingSite(Site, Scratch, Protocol):
    """One adapter serves both ports."""


class World(Protocol):
    """A site with two front ends, fe1 and fe2, that a test can look at from behind."""

    sessions: Sessions
    site: LookingSite
    root: str
    home: Path

    def token(self) -> str:
        """A token that will be accepted once."""
        ...

    def wrong(self) -> str:
        """A token that will not."""
        ...

    def tries(self) -> tuple[int, int]:
        """Answers that the site accepted and refused."""
        ...

    def cut(self) -> None:
        """End all sessions from the site's side."""
        ...

    def put(self, path: str, data: bytes) -> None:
        """Write a file at the site."""
        ...

    def get(self, path: str) -> bytes | None:
        """A file at the site."""
        ...

    def submission(self, name: str, wait_s: float = 0.0) -> SubmitOrder:
        """An order whose program notes that it ran, waits, and prints Moab.17."""
        ...

    def submitted(self) -> list[str]:
        """The names of the orders that ran."""
        ...


async def right(world: World, challenge: Challenge) -> Sequence[str]:
    """A person with the card in his hand."""
    return [world.token() for _ in challenge.prompts]


async def logged_in(world: World) -> None:
    """Open one session."""

    async def ask(challenge: Challenge) -> Sequence[str]:
        return await right(world, challenge)

    await world.sessions.open(ask, hosts=["fe1"])


class MemoryWorld:
    """The shipped fakes."""

    site: LookingSite

    def __init__(self, home: Path) -> None:
        clock = RealClock()
        self.home = home
        self.root = "/scratch/ipp"
        self.memory = MemorySessions(clock, lifetime_s=LIFETIME_S)
        self.memory_site = MemorySite(self.memory, clock, root=self.root)
        self.sessions: Sessions = self.memory
        self.site = self.memory_site
        self._ran: list[str] = []
        self.memory_site.programs = {
            "submit-probe": self._submit,
            "sleep": lambda argv: Answer(rc=None, out="", err="", timed_out=True),
            "echo": lambda argv: Answer(rc=0, out=" ".join(argv[1:]) + "\n", err=""),
        }

    def token(self) -> str:
        return self.memory.issue()

    def wrong(self) -> str:
        return "000000"

    def tries(self) -> tuple[int, int]:
        accepted = sum(attempt.accepted for attempt in self.memory.tries)
        return accepted, len(self.memory.tries) - accepted

    def cut(self) -> None:
        self.memory.drop()

    def put(self, path: str, data: bytes) -> None:
        self.memory_site.put(path, data)

    def get(self, path: str) -> bytes | None:
        file = self.memory_site.files.get(path)
        return None if file is None else file.data

    def submission(self, name: str, wait_s: float = 0.0) -> SubmitOrder:
        self.memory_site.is_slow = wait_s > 0
        return SubmitOrder(
            claim_dir=f"{self.root}/claims/{name}", argv=("submit-probe", name), cwd=self.root, name=name
        )

    def submitted(self) -> list[str]:
        return self._ran

    def _submit(self, argv: Sequence[str]) -> Answer:
        self._ran.append(argv[1])
        return Answer(rc=0, out="\nMoab.17\n", err="")


class SshWorld:
    """The ssh adapter before a server on this host; the site's files are in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        user: str,
        known_hosts: str,
        card: TokenCard,
        tries: Callable[[], tuple[int, int]],
        cut: Callable[[], None],
        sessions_each: int = 1,
        **changes: Any,
    ) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        scratch = folder / "scratch"
        scratch.mkdir()
        self.root = str(scratch)
        self._card = card
        self.tries = tries
        self.cut = cut
        self.options = SshOptions(
            front_ends=tuple(
                FrontEnd(name=name, host="127.0.0.1", port=port, sessions=sessions_each) for name in ("fe1", "fe2")
            ),
            user=user,
            remote_root=self.root,
            known_hosts=known_hosts,
            lifetime_s=LIFETIME_S,
            # so seldom that what is noticed is the event itself, and that no sign of life starts a helper in between
            keepalive_s=60.0,
            answer_timeout_s=60.0,
            **changes,
        )
        sessions = SshSessions(self.options, RealClock(), opener_of(self.options))
        self.sessions: Sessions = sessions
        self.site: LookingSite = SshSite(self.options, sessions)
        self._noted = folder / "submitted"
        #: end one session from the site's side, whichever
        self.cut_one: Callable[[], None] = cut

    def token(self) -> str:
        return self._card.next()

    def wrong(self) -> str:
        return self._card.wrong()

    def put(self, path: str, data: bytes) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)

    def get(self, path: str) -> bytes | None:
        return Path(path).read_bytes() if Path(path).exists() else None

    def submission(self, name: str, wait_s: float = 0.0) -> SubmitOrder:
        script = f"echo {name} >> {self._noted}; sleep {wait_s}; echo; echo Moab.17"
        return SubmitOrder(claim_dir=f"{self.root}/claims/{name}", argv=("sh", "-c", script), cwd=self.root, name=name)

    def submitted(self) -> list[str]:
        return self._noted.read_text().split() if self._noted.exists() else []


@asynccontextmanager
async def memory_world(folder: Path) -> AsyncIterator[World]:
    """Nothing to start, nothing to end."""
    home = folder / "home"
    home.mkdir()
    yield MemoryWorld(home)


@asynccontextmanager
async def in_process_world(folder: Path, **changes: Any) -> AsyncIterator[World]:
    """asyncssh on both sides."""
    card = TokenCard()
    server = in_process.PrivateFrontEnd(card)
    await server.start()
    known_hosts = in_process.known_hosts(folder / "known_hosts", server)
    world = SshWorld(
        folder,
        port=server.port,
        user="operator",
        known_hosts=known_hosts,
        card=card,
        tries=lambda: (server.logins.count(True), server.logins.count(False)),
        cut=server.cut,
        **changes,
    )
    world.cut_one = server.cut_one
    try:
        yield world
    finally:
        await world.sessions.close()
        await server.stop()


@asynccontextmanager
async def sshd_world(
    folder: Path, sshd: PrivateSshd, door: PrivateSshd | None = None, **changes: Any
) -> AsyncIterator[World]:
    """A real front end; the server is shared by tests, the tries are counted from here on.

    ``door``: where the token is asked for and sessions are cut, if not at the front end.
    """
    door = door or sshd
    (folder / "known_hosts").write_text(door.known_hosts_line())
    before = door.tries()
    world = SshWorld(
        folder,
        port=sshd.port,
        user="root",
        known_hosts=str(folder / "known_hosts"),
        card=door.cards[0],
        tries=lambda: (door.tries()[0] - before[0], door.tries()[1] - before[1]),
        cut=door.cut,
        **changes,
    )
    world.cut_one = door.cut_one
    try:
        yield world
    finally:
        await world.sessions.close()


@asynccontextmanager
async def command_world(folder: Path, gateway: PrivateSshd, front_end: PrivateSshd) -> AsyncIterator[World]:
    """Behind a gateway that runs ssh and nothing else; the token is the gateway's, and so is the cut."""
    async with sshd_world(
        folder,
        front_end,
        gateway=Gateway(host="127.0.0.1", port=gateway.port),
        hops_by_commands=True,
        door=gateway,
    ) as world:
        yield world


@asynccontextmanager
async def master_world(folder: Path, sshd: PrivateSshd, **changes: Any) -> AsyncIterator[World]:
    """The same front end, over masters of OpenSSH's client; a socket's path must be short."""
    with tempfile.TemporaryDirectory(prefix="rpm-") as sockets:
        async with sshd_world(folder, sshd, control_path=f"{sockets}/%C", **changes) as world:
            yield world
