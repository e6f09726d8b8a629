"""OpenSSH's own sshd with PAM one-time tokens, private to a test: its own port, keys, users of the card and PAM stack.

Debian's sshd takes its PAM stack from /etc/pam.d/sshd whatever its configuration says; so it runs in a mount namespace of its own,
where that one file is another. Nothing of the machine is touched.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import found, require
from tests.servers.ports import free_port
from tests.servers.processes import tell
from tests.servers.token_card import TokenCard

USER = "root"
START_S = 90.0

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host_key
PidFile {directory}/pid
UsePAM yes
PasswordAuthentication no
PubkeyAuthentication no
KbdInteractiveAuthentication yes
AuthenticationMethods keyboard-interactive
PermitRootLogin yes
AllowTcpForwarding {forwarding}
MaxSessions {max_sessions}
MaxAuthTries 6
LoginGraceTime 120
LogLevel VERBOSE
PrintMotd no
X11Forwarding no
SetEnv {environ}
"""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PAM_END = """\
account required pam_permit.so
session required pam_permit.so
"""
#: who shares an allocation shares its files
_SHARED = "session required pam_umask.so umask=0002\n"
_EXPIRING = "account required pam_unix.so\npassword required pam_unix.so\n"
#: of the accounts of a site alone, one after the other, and their group
FIRST_UID, GROUP = 42_001, 100


class PrivateSshd:
    """One sshd; with several cards it asks for one token of each, in several rounds."""

    def __init__(
        self,
        cards: Sequence[TokenCard],
        *,
        forwards: bool = False,
        max_sessions: int = 10,
        environ: Mapping[str, str] | None = None,
        settings: str = "",
        pam: str = "",
        accounts: Mapping[str, TokenCard] | None = None,
        expired: Mapping[str, str] | None = None,
    ) -> None:
        """``environ``: what a login finds in its environment, as a site's own start-up files would have it.

        ``settings``: lines of sshd_config that go before ours; sshd takes the first of each keyword.
        ``pam``: lines that stand before ours in the PAM stack.
        ``accounts``: further accounts of this site alone, each with a card of its own; they share one group and what they write.
        ``expired``: those of them whose password must be changed at the next login, and that password.
        """
        self.cards = list(cards)
        self.directory = Path(tempfile.mkdtemp(prefix="rpc-sshd-"))
        self.log = self.directory / "sshd.log"
        #: of who logs in: what this host's start-up files do, or hang in, is not what is tested
        self.home = self.directory / "home"
        self.port = free_port()
        self._forwards = forwards
        self._max_sessions = max_sessions
        self._settings = settings
        self._pam = pam
        self._accounts = dict(accounts or {})
        self._expired = dict(expired or {})
        self._environ = {"PATH": SYSTEM_PATH, **(environ or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._write_files()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Start listening."""
        sshd = found.sshd_with_tokens()
        assert sshd is not None
        prepare = (
            f"{self._own_etc()}mount --bind {self.directory}/pam /etc/pam.d/sshd"
            f" && mount --bind {self.directory}/passwd /etc/passwd"
            " && { [ -d /run/sshd ] || { mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd; }; }"
        )
        command = f"{prepare} && exec {sshd} -D -f {self.directory}/sshd_config -E {self.log}"
        self._process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", command], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._wait_until_it_listens()

    def stop(self) -> None:
        """End the listener; sessions live on, as with the real one."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            assert self._process.stderr is not None
            self._process.stderr.close()
            self._process = None

    def cut(self) -> None:
        """Kill every session's process, without a word to the peer."""
        self._signal(signal.SIGKILL)

    def cut_one(self) -> None:
        """Kill the processes of the youngest session: one of an earlier test may be about to end."""
        youngest = max((pid for pid in self._sessions() if "@" in _title_of(pid)), key=_started_at)
        for pid in (*_descendants(youngest), youngest):
            tell(pid, signal.SIGKILL)

    def freeze(self) -> None:
        """Let every session fall silent."""
        self._signal(signal.SIGSTOP)

    def fall_silent(self) -> None:
        """As a host does that hangs: what listens and every session."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        self.freeze()

    def wake(self) -> None:
        """Go on, whatever was frozen."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        self._signal(signal.SIGCONT)

    def programs(self, name: str) -> list[int]:
        """The processes of that name that its sessions run."""
        assert self._process is not None
        return [pid for pid in _descendants(self._process.pid) if _name_of(pid) == name]

    def new_host_key(self) -> None:
        """Show another host key from now on."""
        self.stop()
        self._make_key()
        self.start()

    def tries(self) -> tuple[int, int]:
        """How many logins it accepted and how many answers it refused; logins under way are waited for."""
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline and any(map(_is_logging_in, self._sessions())):
            time.sleep(0.01)
        text = self.log.read_text(errors="replace")
        return text.count("Accepted keyboard-interactive"), text.count("Failed keyboard-interactive")

    def known_hosts_line(self) -> str:
        """The line that trusts it."""
        key = (self.directory / "host_key.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {key[0]} {key[1]}\n"

    def _sessions(self) -> list[int]:
        if self._process is None:
            return []
        return [pid for pid in _descendants(self._process.pid) if _name_of(pid) == "sshd"]

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        for pid in self._sessions():
            tell(pid, number)

    def _write_files(self) -> None:
        self._make_key()
        # logins that have just ended still count; unlike other keywords the last one of these holds
        many = "" if "MaxStartups" in self._settings else "MaxStartups 100\n"
        (self.directory / "sshd_config").write_text(
            self._settings
            + many
            + _CONFIG.format(
                port=self.port,
                directory=self.directory,
                forwarding="yes" if self._forwards else "no",
                max_sessions=self._max_sessions,
                environ=" ".join(f"{name}={value}" for name, value in self._environ.items()),
            )
        )
        self._write_accounts()
        lines = [self._pam]
        for number, card in enumerate(self.cards):
            folder = self.directory / f"card{number}"
            folder.mkdir(mode=0o700)
            users = folder / "users.oath"
            holders = {USER: card, **(self._accounts if number == 0 else {})}
            users.write_text("".join(f"HOTP {user} - {one.secret.hex()}\n" for user, one in holders.items()))
            users.chmod(0o600)
            lines.append(f"auth requisite pam_oath.so usersfile={users} window=50 digits=6\n")
        end = (_SHARED if self._accounts else "") + (_EXPIRING if self._expired else "")
        (self.directory / "pam").write_text("".join(lines) + _PAM_END + end)

    def _write_accounts(self) -> None:
        """This host's, and beside them those of the site, which no other process sees."""
        ours = [f"{name}:x:{FIRST_UID + n}:{GROUP}::/tmp:/bin/sh\n" for n, name in enumerate(self._accounts)]
        self.home.mkdir(mode=0o700)
        hosts = Path("/etc/passwd").read_text().splitlines(keepends=True)
        (self.directory / "passwd").write_text("".join([*map(self._at_the_site, hosts), *ours]))

    def _at_the_site(self, account: str) -> str:
        fields = account.split(":")
        return ":".join([*fields[:5], str(self.home), *fields[6:]]) if fields[0] == USER else account

    def _own_etc(self) -> str:
        """Where a password can be changed: the file is replaced, which a mounted one does not permit."""
        if not self._expired:
            return ""
        etc = self.directory / "etc"
        if not etc.exists():
            shutil.copytree("/etc", etc, symlinks=True)
            with (etc / "shadow").open("a") as shadow:
                for name, password in self._expired.items():
                    words = ("openssl", "passwd", "-6", password)
                    hashed = subprocess.run(words, capture_output=True, check=True, text=True).stdout.strip()
                    shadow.write(f"{name}:{hashed}:0:0:99999:7:::\n")
        return f"mount --bind {etc} /etc && "

    def _make_key(self) -> None:
        for name in ("host_key", "host_key.pub"):
            (self.directory / name).unlink(missing_ok=True)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.directory / "host_key")],
            check=True,
            stdin=subprocess.DEVNULL,
        )

    def _wait_until_it_listens(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 30).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        if self._process.poll() is not None and self._process.stderr is not None:
            said += self._process.stderr.read().decode(errors="replace")
        raise RuntimeError(f"sshd did not start: {said[-800:]}")


def require_sshd() -> None:
    """Skip, or fail where servers are required, when sshd, PAM's tokens or a mount namespace are not to be had."""
    require("sshd", found.sshd_with_tokens() is not None, "openssh-server, libpam-oath and root are needed")
    may = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
    require("sshd", may, "this host does not permit a mount namespace (unshare --mount)")


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found_pids, todo = [], [root]
    while todo:
        for child in children.get(todo.pop(), []):
            found_pids.append(child)
            todo.append(child)
    return found_pids


def _is_logging_in(pid: int) -> bool:
    """An account that is not root keeps ``ann [priv]`` beside ``ann@notty`` as long as it is there."""
    return "[" in _title_of(pid) and not any("@" in _title_of(child) for child in _descendants(pid))


def _title_of(pid: int) -> str:
    """sshd tells there what it does: ``root [priv]`` before the login is done, ``root@notty`` after it."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("ascii", "replace")
    except OSError:
        return ""


def _started_at(pid: int) -> int:
    """Ticks since the host's start."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return 0


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
