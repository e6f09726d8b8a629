"""Who is at the other end of a unix socket, as the kernel knows it."""

from __future__ import annotations

import pwd
import socket
import struct
from dataclasses import dataclass

_UCRED = struct.Struct("3i")


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A local process and its user."""

    pid: int
    uid: int

    @property
    def user(self) -> str:
        """The user's name, or his number where he has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def peer_of(connection: socket.socket) -> Peer:
    """Ask the kernel (SO_PEERCRED); what the peer says of itself is not asked."""
    pid, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid=pid, uid=uid)


def may_connect(peer: Peer, own_uid: int) -> bool:
    """Our own user and root may; the mode of the socket says the same, this is the second lock."""
    return peer.uid in (own_uid, 0)


def recorded_name(declared: str, peer: Peer) -> str:
    """The name for the audit: operators who share an account say who they are, and the account stays visible beside it."""
    name = "".join(ch for ch in declared if ch.isprintable()).strip()
    return name if name == peer.user else f"{name} as {peer.user}" if name else peer.user
