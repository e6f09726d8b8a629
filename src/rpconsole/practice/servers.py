"""The practice site's gateway and front ends on loopback: ``python -m rpconsole.practice.servers --dir D``.

SIGUSR1 cuts every login at once; SIGSTOP freezes the site; SIGTERM ends it with what it started.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

import asyncssh

from rpconsole.practice.configuring import remove_private_folder
from rpconsole.practice.doors import Doors
from rpconsole.practice.front_end import front_end
from rpconsole.practice.gateway import Gateway
from rpconsole.practice.paths import FRONT_ENDS, GATEWAY, STORAGE, SitePaths, read_settings, write_settings, write_whole
from rpconsole.practice.processes import end_marked
from rpconsole.practice.storage_host import storage_host

_TICK_S = 0.1
#: for an orderly end of what runs in the site's name, an engine among them
_GRACE_S = 5.0


async def serve(paths: SitePaths, *, tied: bool) -> None:
    """Listen, say where, and stay until somebody ends us or, when tied, until standard input ends."""
    doors = Doors(paths, read_settings(paths))
    _storage_key(paths)
    acceptors = {GATEWAY: await _listen(paths, doors, GATEWAY)}
    for host in (*FRONT_ENDS, STORAGE):
        acceptors[host] = await _listen(paths, doors, host)
    doors.settings.ports.update({host: acceptor.get_port() for host, acceptor in acceptors.items()})
    write_settings(paths, doors.settings)
    _write_known_hosts(paths, doors.settings.ports)
    write_whole(paths.state / "servers.json", json.dumps({"pid": os.getpid(), "ports": doors.settings.ports}) + "\n")
    try:
        await _until_ended(doors, tied=tied)
    finally:
        for acceptor in acceptors.values():
            acceptor.close()
        doors.cut_all()
        (paths.state / "servers.json").unlink(missing_ok=True)
        await asyncio.to_thread(end_marked, paths.root, jobless=True, grace_s=_GRACE_S)
        remove_private_folder(paths)


async def _listen(paths: SitePaths, doors: Doors, host: str) -> asyncssh.SSHAcceptor:
    """On the port of last time where it is still free: a client's configuration stays true."""
    makers = {GATEWAY: lambda: Gateway(doors, GATEWAY), STORAGE: storage_host(doors)}
    factory = makers.get(host) or front_end(doors, host)
    options = {
        "server_host_keys": [str(_host_key(paths, host))],
        "server_version": "PracticeSite",
        "login_timeout": 120,
    }
    try:
        return await asyncssh.listen("127.0.0.1", doors.settings.ports.get(host, 0), server_factory=factory, **options)
    except OSError:
        return await asyncssh.listen("127.0.0.1", 0, server_factory=factory, **options)


def _host_key(paths: SitePaths, host: str) -> Path:
    path = paths.host_keys / host
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519", comment=f"practice {host}")
        write_whole(path, key.export_private_key().decode(), 0o600)
    return path


def _write_known_hosts(paths: SitePaths, ports: dict[str, int]) -> None:
    lines = []
    for host, port in ports.items():
        public = asyncssh.read_private_key(paths.host_keys / host).export_public_key().decode().strip()
        lines.append(f"{host},[{host}]:{port},[127.0.0.1]:{port},[localhost]:{port} {public}\n")
    write_whole(paths.known_hosts, "".join(lines))
    write_whole(paths.storage_hosts, "".join(line for line in lines if line.startswith(f"{STORAGE},")))


def _storage_key(paths: SitePaths) -> None:
    """The key that the site's account has for the storage host."""
    if not paths.storage_key.exists():
        key = asyncssh.generate_private_key("ssh-ed25519", comment="practice site")
        write_whole(paths.storage_key.with_suffix(".pub"), key.export_public_key().decode())
        write_whole(paths.storage_key, key.export_private_key().decode(), 0o600)


async def _until_ended(doors: Doors, *, tied: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, doors.cut_all)
    if tied:
        loop.add_reader(0, _read_lifeline, ended)
    while not ended.is_set():
        doors.cut_expired()
        try:
            async with asyncio.timeout(_TICK_S):
                await ended.wait()
        except TimeoutError:
            continue


def _read_lifeline(ended: asyncio.Event) -> None:
    if not os.read(0, 1):
        asyncio.get_running_loop().remove_reader(0)
        ended.set()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="rpconsole.practice.servers")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--tied", action="store_true", help="end when standard input ends")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    asyncssh.set_log_level(logging.CRITICAL)
    asyncio.run(serve(SitePaths(chosen.dir.resolve()), tied=chosen.tied))
    return 0


if __name__ == "__main__":
    sys.exit(main())
