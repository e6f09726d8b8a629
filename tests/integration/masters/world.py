"""Masters of OpenSSH's client as a test sees them from outside: their processes, their front end's log, and those opened by hand."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from pathlib import Path

from tests.integration.ssh_site import Person
from tests.servers.sshd import USER


def masters_in(folder):
    """Processes of masters with their sockets below the folder."""
    found = subprocess.run(
        ["pgrep", "-f", f"ControlPath={folder}|-S {folder}"], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


def connections(server):
    """How often somebody connected to the server at all."""
    return server.log.read_text(errors="replace").count("Connection from")


async def gone(pids, within_s=60.0):
    deadline = time.monotonic() + within_s
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def opened(site, server):
    await site.sessions.open(Person([server.cards[0].next()]))
    return site


def open_by_hand(server, path, known_hosts, card):
    """As an operator does it in his own shell, with a program that types his token."""
    asker = Path(known_hosts).parent / "asker"
    asker.write_text(f"#!/bin/sh\necho {card.next()}\n")
    asker.chmod(0o700)
    words = ["-o", f"UserKnownHostsFile={known_hosts}", "-o", "PreferredAuthentications=keyboard-interactive"]
    subprocess.run(
        ["ssh", "-F", "/dev/null", "-MNf", "-S", path, *words, "-p", str(server.port), f"{USER}@127.0.0.1"],
        check=True,
        env={**os.environ, "SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=90,
    )


def state(site):
    return site.sessions.view()[0].state
