"""OpenSSH masters: one is started for a login, or one that lives already is taken over. Nothing else of OpenSSH is used."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rpconsole.adapters.ssh.link import Link, OnLost
from rpconsole.adapters.ssh.login import turned_away
from rpconsole.adapters.ssh.master_link import MasterLink
from rpconsole.adapters.ssh.master_process import MasterProcess
from rpconsole.adapters.ssh.mux import MuxControl, MuxRefused
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.target import Target
from rpconsole.adapters.ssh.tty_dialogue import Ending, TtyDialogue
from rpconsole.domain.fault import BadConfiguration, LoginRefused, RpconsoleError, SiteRefused, SiteUnreachable
from rpconsole.ports.sessions import Ask

#: ssh binds under a longer name first, and a socket's path may have 107 bytes
SOCKET_PATH_BYTES = 90
#: for a master that was told to end, and answers
_ENDS_WITHIN_S = 2.0
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]+")
#: no file of the user's or the host's is read, no key is offered, nothing is forwarded, and nothing asks but the site
_ONLY_QUESTIONS = {
    "ControlMaster": "yes",
    "ControlPersist": "no",
    "PreferredAuthentications": "keyboard-interactive",
    "NumberOfPasswordPrompts": "1",
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
    "GlobalKnownHostsFile": "/dev/null",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "IdentityFile": "none",
    "IdentityAgent": "none",
    "CheckHostIP": "no",
    "LogLevel": "INFO",
}


class MasterOpener:
    """Serves ``Opener`` with masters that live in processes of their own."""

    can_adopt = True

    def __init__(self, options: SshOptions) -> None:
        self._options = options
        self._paths: dict[Target, Path] = {}
        #: masters that did not answer: whoever logs in wants another one
        self._mute: set[Path] = set()
        self._processes: dict[Path, MasterProcess | None] = {}

    async def open(self, target: Target, ask: Ask, *, gateway: Link | None, on_lost: OnLost) -> Link:
        """See ``Opener``."""
        if not self._options.may_start_masters:
            raise SiteUnreachable(
                f"No master to {target} is open, and none is started here: open it by hand on this host, "
                f"with the control path {self._options.control_path}."
            )
        path = await self.path_of(target)
        await self._make_way(path)
        ending = await TtyDialogue(target, ask, patience_s=self._options.connect_timeout_s).run(
            self._command(target, path, gateway), _environ()
        )
        if ending.code != 0:
            raise _fault_of(ending, target, self._options)
        return await self._linked(target, path, on_lost)

    async def adopt(self, target: Target, *, gateway: Link | None, on_lost: OnLost) -> Link | None:
        """See ``Opener``. A master of another user is not touched."""
        path = await self.path_of(target)
        if path in self._mute or not path.exists():
            return None
        try:
            control = await MuxControl.connect(path)
        except OSError:
            return None
        if control.peer_uid() != os.getuid():
            control.close()
            raise SiteRefused(f"The master behind {path} belongs to another user of this host; it is not used.")
        return await self._link(target, path, control, on_lost)

    async def path_of(self, target: Target) -> Path:
        """The control path with its tokens filled in, as ssh itself does it."""
        key = replace(target, position=(1, 1))
        if key not in self._paths:
            self._paths[key] = await self._expanded(target)
        return self._paths[key]

    async def _expanded(self, target: Target) -> Path:
        words = ("-G", "-F", "/dev/null", "-o", f"ControlPath={self._options.control_path}", "-l", target.user)
        argv = (self._options.ssh, *words, "-p", str(target.port), "--", target.host)
        said = await _output(argv)
        found = next((line.partition(" ")[2] for line in said.splitlines() if line.startswith("controlpath ")), "")
        if not found:
            raise BadConfiguration(f"'{self._options.control_path}' is not a control path that ssh understands: {said}")
        path = Path(found + self._number_of(target))
        if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
            raise BadConfiguration(f"the control path {path} is longer than {SOCKET_PATH_BYTES} bytes; use %C in it")
        return path

    def _number_of(self, target: Target) -> str:
        """What tells the second session to one host from the first."""
        same = [one.name for one in self._options.doors if (one.host, one.port) == (target.host, target.port)]
        place = same.index(target.name) + 1 if target.name in same else 1
        return f"-{place}" if place > 1 else ""

    async def _linked(self, target: Target, path: Path, on_lost: OnLost) -> Link:
        try:
            return await self._link(target, path, await MuxControl.connect(path), on_lost)
        except OSError as error:
            raise SiteUnreachable(f"The master to {target} ended as soon as it was open: {error}.") from error

    async def _link(self, target: Target, path: Path, control: MuxControl, on_lost: OnLost) -> Link:
        with suppress(OSError, MuxRefused, TimeoutError):
            self._processes[path] = MasterProcess.of(await control.alive())

        def lost(reason: Exception | None) -> None:
            if isinstance(reason, TimeoutError):
                self._mute.add(path)
            on_lost(reason)

        return MasterLink(target.name, path, control, lost)

    async def _make_way(self, path: Path) -> None:
        """A folder that only we may enter, and no dead or mute master's socket in it."""
        _private_folder(path.parent)
        with suppress(OSError, MuxRefused, TimeoutError):
            control = await MuxControl.connect(path)
            try:
                await control.terminate()
            finally:
                control.close()
        process = self._processes.pop(path, None)
        if process is not None:
            await process.end(_ENDS_WITHIN_S)
        self._mute.discard(path)
        _remove_socket(path)

    def _command(self, target: Target, path: Path, gateway: Link | None) -> list[str]:
        options = self._options
        settings = {
            **_ONLY_QUESTIONS,
            "ControlPath": _literal(str(path)),
            "UserKnownHostsFile": _literal(options.known_hosts),
            "ConnectTimeout": str(max(1, round(options.connect_timeout_s))),
            "ServerAliveInterval": str(max(1, round(options.keepalive_s))),
            "ServerAliveCountMax": str(options.keepalive_count),
            "Ciphers": ",".join(options.ciphers),
        }
        if gateway is not None:
            assert isinstance(gateway, MasterLink)
            settings["ProxyCommand"] = _through(options.ssh, gateway.path)
        words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
        login = ["-l", target.user, "-p", str(target.port), "--", target.host]
        return [options.ssh, "-F", "/dev/null", "-M", "-N", "-f", "-T", *words, *login]


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        raise BadConfiguration(f"others may write in {folder}, where the control sockets lie: chmod 700 it")


def _remove_socket(path: Path) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()


def _through(ssh: str, gateway: Path) -> str:
    """Forwarding through the gateway's master, and nothing but it: without the master there is no way to connect.

    It needs a session of its own: the terminal of the login is hung up on when the master goes into the background.
    """
    only_the_master = ("-o", "ControlMaster=no", "-o", "ProxyCommand=false", "-o", "BatchMode=yes")
    words = ("setsid", ssh, "-F", "/dev/null", "-S", _literal(str(gateway)), *only_the_master)
    return f"{' '.join(shlex.quote(_literal(word)) for word in words)} -W '[%h]:%p' gateway"


def _literal(text: str) -> str:
    """ssh fills in tokens once more."""
    return text.replace("%", "%%")


def _environ() -> dict[str, str]:
    """Nothing of ours that ssh would act upon: no agent, no display, no program that asks."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LOGNAME") if name in os.environ}
    return {**kept, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


async def _output(argv: tuple[str, ...]) -> str:
    try:
        child = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
    except OSError as error:
        raise BadConfiguration(f"'{argv[0]}' cannot be run: {error.strerror}; install OpenSSH's client") from None
    said, _ = await child.communicate()
    return said.decode("utf-8", "replace")


def _fault_of(ending: Ending, target: Target, options: SshOptions) -> RpconsoleError:
    """Why the login came to nothing, in the words that the other adapter uses too."""
    if ending.failure is not None:
        return LoginRefused(f"The login to {target} was not answered: {type(ending.failure).__name__}.")
    if ending.was_declined:
        return LoginRefused(f"The login to {target} was given up.")
    if "Host key verification failed" in ending.said:
        return _key_fault(ending, target, options)
    if ending.was_repeated or (ending.has_answered and "Permission denied" in ending.said):
        return LoginRefused(
            f"{target} refused the answer for {target.user}; it will not be sent again. Take a new code and log in again.",
            evidence=ending.last_line,
        )
    if ending.was_silent:
        return _silence(ending, target, options)
    if ending.has_answered:
        return LoginRefused(
            f"{target} closed the connection upon the answer for {target.user}; it will not be sent again. Take a new code.",
            evidence=ending.last_line,
        )
    return (
        _silence(ending, target, options) if "timed out" in ending.last_line else _fault_without_answer(ending, target)
    )


def _silence(ending: Ending, target: Target, options: SshOptions) -> RpconsoleError:
    if ending.has_answered:
        return SiteUnreachable(f"{target} fell silent during the login; the answer will not be sent again.")
    return SiteUnreachable(f"{target}, port {target.port}, did not answer within {options.connect_timeout_s:g} s.")


def _fault_without_answer(ending: Ending, target: Target) -> RpconsoleError:
    said = ending.last_line.rstrip(".")
    if "Permission denied" in said:
        return LoginRefused(f"{target} refused {target.user} without asking anything: {said}.", evidence=said)
    if "administratively prohibited" in ending.said or "Stdio forwarding request failed" in ending.said:
        return SiteRefused(f"The gateway does not forward to {target}, port {target.port}: {said}.", evidence=said)
    if "kex_exchange_identification" in ending.said:
        return turned_away(target)
    return SiteUnreachable(f"{target}, port {target.port}, cannot be reached: {said or 'ssh gave no reason'}.")


def _key_fault(ending: Ending, target: Target, options: SshOptions) -> RpconsoleError:
    found = _FINGERPRINT.search(ending.said)
    shown = f" it now shows {found[0]}." if found else ""
    name = target.host if target.port == 22 else f"[{target.host}]:{target.port}"
    if "IDENTIFICATION HAS CHANGED" in ending.said:
        return SiteRefused(
            f"The host key of {name} is not the one in {options.known_hosts}:{shown} Somebody may stand in between; nothing was "
            f"sent. Ask the site, then replace the line in that file."
        )
    return SiteRefused(
        f"{name} is not in {options.known_hosts}; its host key was not accepted. Compare it with the one that the site "
        f"publishes (ssh-keyscan -p {target.port} {target.host}), and add it to that file."
    )
