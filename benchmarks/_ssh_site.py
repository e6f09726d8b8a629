"""A stock sshd of our own behind the line, the data that is moved, and the means to say whether it has arrived."""

from __future__ import annotations

import getpass
import itertools
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: set -> (files, bytes of each); the IPP mix is what one chip run ships: many small lists and statistics, some images
SETS = {
    "20kB": ((2000, 20_000),),
    "1MB": ((200, 1_000_000),),
    "10MB": ((20, 10_000_000),),
    "mix": ((600, 20_000), (300, 500_000), (55, 2_000_000), (5, 10_000_000)),
}
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
UsePAM no
StrictModes no
PubkeyAuthentication yes
PasswordAuthentication no
AuthorizedKeysFile {folder}/key.pub
Subsystem sftp internal-sftp
PermitRootLogin yes
LogLevel ERROR
PrintMotd no
# what this host's start-up files do at each login is not what is measured
SetEnv HOME={folder}/site
"""
_CLIENT = """\
Host direct shared
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
  BatchMode yes
  Compression no
  LogLevel ERROR
Host shared
  ControlPath {folder}/m
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataSet:
    """Files at home."""

    name: str
    folder: Path
    files: tuple[Path, ...]
    size: int


def make_set(folder: Path, name: str, part: float) -> DataSet:
    """Random bytes, so that nothing is gained by packing them; ``part`` of the files."""
    home = folder / "home" / name
    home.mkdir(parents=True)
    rng = random.Random(7)
    files = []
    for count, size in SETS[name]:
        block = rng.randbytes(size)
        for number in range(max(1, round(count * part))):
            path = home / f"o{number:04d}.{size}.fits"
            path.write_bytes(number.to_bytes(8, "big") + block[8:])
            files.append(path)
    # who is stopped before the end shall not have met the small ones only
    rng.shuffle(files)
    return DataSet(name=name, folder=home, files=tuple(files), size=sum(path.stat().st_size for path in files))


class SshSite:
    """sshd with a key that lets us in, and a client's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self.user = getpass.getuser()
        self.root = folder / "site"
        self.root.mkdir()
        self.port = _free_port()
        for name in ("host_key", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        (folder / "sshd_config").write_text(_CONFIG.format(port=self.port, folder=folder))

    @contextmanager
    def running(self) -> Iterator[None]:
        """sshd in the foreground, as a child."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:" + os.environ.get("PATH", "")) or "sshd"
        with (self.folder / "sshd.log").open("wb") as log:
            process = subprocess.Popen([sshd, "-D", "-e", "-f", str(self.folder / "sshd_config")], stderr=log)
        try:
            self._wait()
            yield
        finally:
            process.terminate()
            process.wait(10)

    def _wait(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return
        raise SystemExit(f"sshd does not start: {(self.folder / 'sshd.log').read_text()}")

    def known_at(self, port: int) -> None:
        """Write what a client needs to go through this port."""
        key = (self.folder / "host_key.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
        (self.folder / "ssh_config").write_text(_CLIENT.format(port=port, user=self.user, folder=self.folder))

    def target(self, name: str) -> Path:
        """An empty folder at the site."""
        # a tool that was stopped may still write into its own for a while
        shutil.rmtree(self.root / name, ignore_errors=True)
        folder = self.root / name / str(next(self._numbers))
        folder.mkdir(parents=True)
        return folder


def bytes_in(folder: Path) -> int:
    """What has arrived."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
