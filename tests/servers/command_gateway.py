"""A gateway that runs ``ssh`` and ``scp`` and nothing else, and front ends that let its account in by a key; all of them real sshd."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.sshd import PrivateSshd
from tests.servers.token_card import TokenCard

#: splits into words without a shell, and runs what it knows; the account's own ssh settings name its key and the keys that it trusts
_SCRIPT = """\
#!{python} -IS
import os, shlex, sys
noise = {noise!r}
sys.stdout.write(noise); sys.stdout.flush()
sys.stderr.write(noise); sys.stderr.flush()
words = shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
if not words or words[0] not in ("ssh", "scp"):
    sys.exit("only ssh and scp are allowed here")
os.execvp(words[0], [words[0], "-F", {config!r}, *words[1:]])
"""
_INNER = """\
PubkeyAuthentication yes
AuthenticationMethods publickey
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
"""


class CommandGateway:
    """The account at the gateway: its key, what it trusts, and the script that is all it may run."""

    def __init__(self, folder: Path, noise: str = "") -> None:
        self._folder = folder
        self._noise = noise
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        self.let_in()
        self._write_script()

    def let_in(self) -> None:
        """The front ends accept the account's key."""
        (self._folder / "authorized_keys").write_bytes((self._folder / "key.pub").read_bytes())

    def shut_out(self) -> None:
        """They do not any more."""
        (self._folder / "authorized_keys").write_text("")

    def trust(self, *front_ends: PrivateSshd) -> None:
        """The account knows these host keys and no others."""
        (self._folder / "known_hosts").write_text("".join(one.known_hosts_line() for one in front_ends))

    @property
    def settings(self) -> str:
        """For the gateway's sshd."""
        banner = self._banner("gateway")
        return f"PermitTTY no\nPermitTunnel no\nForceCommand {self._folder}/only-ssh\n{banner}"

    @property
    def front_end_settings(self) -> str:
        """For the sshd of a front end."""
        return _INNER.format(folder=self._folder) + self._banner("front end")

    def _banner(self, name: str) -> str:
        if not self._noise:
            return ""
        path = self._folder / f"banner-{name.replace(' ', '-')}"
        path.write_text(f"{self._noise}This is the {name}.\n")
        return f"Banner {path}\n"

    def _write_script(self) -> None:
        config = self._folder / "ssh_config"
        config.write_text(
            f"IdentityFile {self._folder}/key\nIdentitiesOnly yes\nUserKnownHostsFile {self._folder}/known_hosts\n"
            "GlobalKnownHostsFile /dev/null\nRequestTTY force\n"
        )
        script = self._folder / "only-ssh"
        # the interpreter itself, not a link inside a virtual environment
        python = os.path.realpath(sys.executable)
        script.write_text(_SCRIPT.format(python=python, noise=self._noise, config=str(config)))
        script.chmod(0o755)


@contextmanager
def command_site(
    folder: Path, *, noise: str = "", front_ends: int = 1
) -> Iterator[tuple[CommandGateway, PrivateSshd, list[PrivateSshd]]]:
    """The account, the gateway's sshd (which asks for the token) and the front ends'."""
    account = CommandGateway(folder, noise)
    servers = [PrivateSshd([TokenCard()], settings=account.front_end_settings) for _ in range(front_ends)]
    gateway = PrivateSshd([TokenCard()], settings=account.settings)
    with ExitStack() as stack:
        for server in (*servers, gateway):
            stack.enter_context(server)
        account.trust(*servers)
        yield account, gateway, servers
