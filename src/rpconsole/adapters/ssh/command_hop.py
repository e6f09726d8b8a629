"""The words of a hop by commands: what the gateway is asked to run, and what its ``ssh`` says when the front end does not let it in."""

from __future__ import annotations

import shlex

from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.target import Target
from rpconsole.domain.fault import LoginRefused, RpconsoleError, SiteRefused, SiteUnreachable

#: ssh's own exit code for "no connection", which a program at the front end may give too
NO_CONNECTION = 255
_STRANGE_KEY = "Host key verification failed"
_REFUSED = ("Permission denied", "Too many authentication failures")
_LAST_CHARACTERS = 300


def hop_command(options: SshOptions, target: Target, command: str) -> str:
    """The command line for the gateway; ``command`` reaches the front end's login shell as it stands.

    Two readers take it apart: whatever the gateway splits words by (a POSIX shell, or a script that only unquotes), and the front
    end's login shell. Banners are ssh's messages of level INFO; nothing asks, nothing is forwarded, no byte is an escape.
    """
    settings = {
        "BatchMode": "yes",
        "ClearAllForwardings": "yes",
        "ForwardAgent": "no",
        "StrictHostKeyChecking": "yes",
        "ControlPath": "none",
        "LogLevel": "ERROR",
        "ConnectTimeout": str(max(1, round(options.connect_timeout_s))),
        "ServerAliveInterval": str(max(1, round(options.keepalive_s))),
        "ServerAliveCountMax": str(options.keepalive_count),
    }
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    login = ["-l", target.user, "-p", str(target.port), target.host]
    # ssh looks for options behind the host too
    return shlex.join(["ssh", "-T", "-x", "-e", "none", *words, *login, "--", command])


def hop_fault(target: Target, code: int | None, said: str) -> RpconsoleError:
    """Why the gateway's ``ssh`` did not get through, from its exit code and what it wrote on standard error."""
    reason = _last_line(said) or (f"exit code {code}" if code is not None else "no reason given")
    if _STRANGE_KEY in said:
        return SiteRefused(
            f"The gateway does not know the host key of {target}: {reason}. Its administrators must add it there.",
            evidence=said,
        )
    if any(word in said for word in _REFUSED):
        return LoginRefused(
            f"{target} refused {target.user}, who came from the gateway: {reason}. The gateway's account must be let in "
            f"there without a question.",
            evidence=said,
        )
    if code == NO_CONNECTION:
        return SiteUnreachable(f"The gateway cannot reach {target}, port {target.port}: {reason}.", evidence=said)
    return SiteRefused(f"The gateway does not run ssh to {target}: {reason}.", evidence=said)


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:_LAST_CHARACTERS].rstrip(".") if lines else ""
