"""Host keys: only those that the known hosts file names are trusted, and a refusal says what to do."""

from __future__ import annotations

from collections.abc import Sequence

import asyncssh

from rpconsole.domain.fault import SiteRefused


def read_known_hosts(path: str) -> asyncssh.SSHKnownHosts:
    """The trusted keys; a file that is not there trusts nobody, a broken one is refused."""
    try:
        return asyncssh.read_known_hosts(path)
    except FileNotFoundError:
        return asyncssh.import_known_hosts("")
    except (OSError, ValueError) as error:
        raise SiteRefused(f"The known hosts file {path} cannot be used: {error}.") from error


def refusal_of(path: str, host: str, port: int, shown: asyncssh.SSHKey | None) -> SiteRefused:
    """Why the key that a host shows is not accepted, and what to do about it."""
    known = read_known_hosts(path).match(host, "", port)[0]
    name = host if port == 22 else f"[{host}]:{port}"
    if shown is None:
        return SiteRefused(
            f"{name} offers no host key of a kind that {path} knows ({_kinds(known)}); nothing was sent. Ask the site whether it "
            f"has changed its keys, and compare with: ssh-keyscan -p {port} {host}"
        )
    print_of = f"{_kind(shown)} {shown.get_fingerprint()}"
    line = f"{name} {shown.export_public_key('openssh').decode('ascii').strip()}"
    if not known:
        sentence = (
            f"{name} is not in {path}; it shows the host key {print_of}, which was not accepted. Compare it with the one that the "
            f"site publishes, and add it to that file."
        )
    else:
        sentence = (
            f"The host key of {name} is not the one in {path} (known: {', '.join(key.get_fingerprint() for key in known)}): it now "
            f"shows {print_of}. Somebody may stand in between; nothing was sent. Ask the site, then replace the line in that file."
        )
    return SiteRefused(sentence, evidence=line)


def _kind(key: asyncssh.SSHKey) -> str:
    return key.get_algorithm()


def _kinds(keys: Sequence[asyncssh.SSHKey]) -> str:
    return ", ".join(sorted({_kind(key) for key in keys})) or "none"
