"""The gateway: a way on to the front ends and nowhere else, no shell, no commands."""

from __future__ import annotations

from typing import Any

import asyncssh

from rpconsole.practice.doors import Door
from rpconsole.practice.paths import FRONT_ENDS

_LOCAL = ("127.0.0.1", "localhost")


class Gateway(Door):
    """Accepts direct-tcpip to a front end, under its name or under the loopback port that it really has."""

    def session_requested(self) -> bool:
        return False

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Any:
        port = self._front_end_port(dest_host, dest_port)
        if port is None or self.connection is None:
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, f"{dest_host}:{dest_port} is not a front end of this site"
            )
        return self.connection.forward_connection("127.0.0.1", port)

    def _front_end_port(self, host: str, port: int) -> int | None:
        ports = {name: self.doors.settings.ports[name] for name in FRONT_ENDS}
        if host in ports and port in (22, ports[host]):
            return ports[host]
        return port if host in _LOCAL and port in ports.values() else None
