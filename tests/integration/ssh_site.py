"""An ssh site for one test: options, sessions and verbs before a server that the test can bend."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.contract.site_worlds import RealClock
from tests.servers.front_end import PrivateFrontEnd

from rpconsole.adapters.ssh.opening import opener_of
from rpconsole.adapters.ssh.options import FrontEnd, SshOptions
from rpconsole.adapters.ssh.pool import SshSessions
from rpconsole.adapters.ssh.site import SshSite
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.session import SessionState
from rpconsole.ports.sessions import Challenge
from rpconsole.ports.site import Shipment, SubmitOrder

#: bytes of a file that takes more than one block
LARGE = 3 << 20


@dataclass(kw_only=True)
class SshSiteUnderTest:
    """The adapter and the folders on both sides."""

    options: SshOptions
    sessions: SshSessions
    site: SshSite
    home: Path
    root: Path

    def outgoing(self, name: str, data: bytes, **changes: Any) -> Shipment:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return replace(Shipment(source=str(path), target=str(self.root / name)), **changes)

    def product(self, name: str, data: bytes) -> Shipment:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return Shipment(source=str(path), target=str(self.home / name))

    def order(self, name: str, script: str) -> SubmitOrder:
        return SubmitOrder(
            claim_dir=str(self.root / "claims" / name), argv=("sh", "-c", script), cwd=str(self.root), name=name
        )

    def halves(self) -> list[Path]:
        """Files under a temporary name, on either side."""
        return [*self.home.rglob(".rpr-*"), *self.root.rglob(".rpr-*.part")]


def ssh_site(folder: Path, ports: Sequence[int], known_hosts: str, **changes: Any) -> SshSiteUnderTest:
    """Front ends fe1, fe2… on these ports of the loopback."""
    home, root = folder / "home", folder / "scratch"
    home.mkdir(exist_ok=True)
    root.mkdir(exist_ok=True)
    options = SshOptions(
        front_ends=tuple(
            FrontEnd(name=f"fe{number}", host="127.0.0.1", port=port) for number, port in enumerate(ports, 1)
        ),
        user=changes.pop("user", "operator"),
        remote_root=str(root),
        known_hosts=known_hosts,
        **{"keepalive_s": 3.0, "answer_timeout_s": 60.0, **changes},
    )
    sessions = SshSessions(options, RealClock(), opener_of(options))
    return SshSiteUnderTest(options=options, sessions=sessions, site=SshSite(options, sessions), home=home, root=root)


class Person:
    """Gives the answers that he was told, whatever is asked; None declines."""

    def __init__(self, *answers: Sequence[str] | None) -> None:
        self._answers = list(answers)
        self.asked: list[Challenge] = []

    async def __call__(self, challenge: Challenge) -> Sequence[str] | None:
        self.asked.append(challenge)
        return self._answers.pop(0)


async def log_in(site: SshSiteUnderTest, servers: Sequence[PrivateFrontEnd]) -> None:
    """A token of each server's card, one after the other."""
    await site.sessions.open(Person(*([each.card.next()] for each in servers)))


async def until_lost(site: SshSiteUnderTest, within_s: float = 90.0) -> str:
    """What is said of the session once it is known to be lost; other changes may come before."""
    async with asyncio.timeout(within_s):
        while site.sessions.view()[0].state is not SessionState.LOST:
            await site.sessions.changed()
    return site.sessions.view()[0].sentence


async def until_it_looks_again(site: SshSiteUnderTest, within_s: float = 90.0) -> None:
    """Until the site is looked at with success, however often that fails before."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                assert await site.site.stat([f"{site.root}/nothing"]) == {}
            except RpconsoleError:
                # what fails at once never lets the time run out
                await asyncio.sleep(0.05)
            else:
                return


async def until_there(path: Path, within_s: float = 60.0) -> None:
    """Until another process has made the file."""
    async with asyncio.timeout(within_s):
        while not path.exists():  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(0.02)


def some_bytes(size: int, seed: int = 0) -> bytes:
    """So many bytes that no other seed gives."""
    return (hashlib.sha256(b"%d" % seed).digest() * (size // 32 + 1))[:size]


def a_campaign(site: SshSiteUnderTest) -> list[Shipment]:
    """Many small files and some large ones, at home."""
    small = [site.outgoing(f"in/small{number}", some_bytes(number * 101, number)) for number in range(200)]
    return small + [site.outgoing(f"in/large{number}", some_bytes(LARGE, number)) for number in range(3)]


def is_whole(shipment: Shipment) -> bool:
    """Whether it is there as it was at its source."""
    return Path(shipment.target).exists() and Path(shipment.source).read_bytes() == Path(shipment.target).read_bytes()
