"""A host of the storage at home: OpenSSH's own sshd, which lets in one key and nobody else, private to a test."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.servers.sshd import USER, PrivateSshd

from rpconsole.adapters.ssh.storage_hosts import StorageHost


class PrivateStorageHost(PrivateSshd):
    """``identity`` is the key that a site's account has for it."""

    def __init__(self, keys: Path, *, settings: str = "") -> None:
        keys.mkdir(parents=True, exist_ok=True)
        self.identity = keys / "identity"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.identity)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        super().__init__(
            [],
            settings=settings
            + "PubkeyAuthentication yes\nKbdInteractiveAuthentication no\nAuthenticationMethods publickey\n"
            f"StrictModes no\nAuthorizedKeysFile {keys}/identity.pub\n",
        )
        self._known_hosts = keys / "known_hosts"

    def known_hosts(self) -> Path:
        """A file at the site that trusts this host and no other."""
        self._known_hosts.write_text(self.known_hosts_line())
        return self._known_hosts

    def logins(self) -> int:
        """How often the key was let in."""
        return self.log.read_text(errors="replace").count("Accepted publickey")

    def as_option(self, name: str, *volumes: tuple[Path, Path]) -> StorageHost:
        """As the adapter is told of it: each directory at home, and where it lies there."""
        return StorageHost(
            name=name,
            host="127.0.0.1",
            port=self.port,
            user=USER,
            identity_file=str(self.identity),
            known_hosts=str(self.known_hosts()),
            volumes=tuple((str(here), str(there)) for here, there in volumes),
        )
