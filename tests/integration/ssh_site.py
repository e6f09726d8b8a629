"""An ssh site for one test: options, sessions and verbs before a server that the test can bend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.contract.site_worlds import RealClock

from rpconsole.adapters.ssh.opening import opener_of
from rpconsole.adapters.ssh.options import FrontEnd, SshOptions
from rpconsole.adapters.ssh.pool import SshSessions
from rpconsole.adapters.ssh.site import SshSite
from rpconsole.ports.sessions import Challenge
from rpconsole.ports.site import Shipment, SubmitOrder


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
        **{"keepalive_s": 0.5, "answer_timeout_s": 20.0, **changes},
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
