"""doctor: everything that can be looked at, a line each, with the remedy."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rpconsole.cli.configured import Configured, configured
from rpconsole.cli.door import Result
from rpconsole.cli.findings import Finding, exit_code_of, looked_at, show_findings
from rpconsole.cli.given import Given, who_calls
from rpconsole.cli.options import JsonOption, given
from rpconsole.cli.words import ago, duration
from rpconsole.domain.fault import BadConfiguration, ExitCode, NoSession, SiteUnreachable

if TYPE_CHECKING:
    from rpconsole.protocol.client import EngineClient


def doctor(context: typer.Context, as_json: JsonOption = False) -> None:
    """Look at everything that must be right, and say what to do about what is not."""
    findings = asyncio.run(_look(given(context)))
    show_findings(findings, as_json=as_json)
    raise typer.Exit(exit_code_of(findings))


async def _look(options: Given) -> list[Finding]:
    findings = [_python()]
    try:
        settings = configured(options)
    except BadConfiguration as error:
        remedy = "correct it, or write one with 'rpconsole config init'"
        bad = Finding(name="configuration", ok=False, found=str(error), remedy=remedy, exit_code=error.exit_code)
        return [*findings, bad]
    findings.append(_configuration(settings))
    findings += [await settings.upkeep.gpc1(), await settings.upkeep.journal()]
    findings += await settings.upkeep.storage()
    findings += [_storage(root) for root in settings.storage_roots]
    findings.append(_known_hosts(settings.known_hosts))
    return [*findings, *await _engine(settings)]


def _python() -> Finding:
    return Finding(name="python", ok=True, found=f"{platform.python_version()} at {sys.executable}")


def _configuration(settings: Configured) -> Finding:
    """A warning is not wrong and should not stay so."""
    if not settings.warnings:
        return Finding(name="configuration", ok=True, found=settings.source)
    return Finding(name="configuration", ok=True, found=settings.source, remedy="; ".join(settings.warnings))


def _storage(root: Path) -> Finding:
    def look() -> str:
        if not root.is_dir():
            raise BadConfiguration(f"{root} is not a directory")
        if not os.access(root, os.W_OK | os.X_OK):
            raise BadConfiguration(f"{root} cannot be written by {who_calls()}")
        return f"{root} can be written"

    return looked_at("storage", look, remedy=f"make {root} writable, or name another directory")


def _known_hosts(path: Path) -> Finding:
    def look() -> str:
        lines = (line.strip() for line in path.read_text().splitlines())
        count = sum(1 for line in lines if line and not line.startswith("#"))
        if not count:
            raise BadConfiguration(f"{path} names no host")
        return f"{path} names {count} keys"

    remedy = f"put the gateway's and front ends' keys into {path}, compared with what the site publishes"
    return looked_at("known hosts", look, remedy=remedy)


async def _engine(settings: Configured) -> list[Finding]:
    from rpconsole.protocol.client import EngineClient
    from rpconsole.protocol.errors import NoEngine

    try:
        client = await EngineClient.connect(settings.socket_path, who=who_calls())
    except NoEngine as error:
        remedy = "start it with 'rpconsole --daemon'"
        return [Finding(name="engine", ok=False, found=str(error), remedy=remedy, exit_code=ExitCode.SYSTEM)]
    async with client:
        hello = client.hello
        found = f"process {hello.pid}, version {hello.version}, on {settings.socket_path}"
        snapshot = await client.call("status")
        mine = [Finding(name="engine", ok=True, found=found), _sessions(snapshot), scheduler_heard(snapshot)]
        return mine + await _storage_hosts(client, snapshot)


async def _storage_hosts(client: EngineClient, snapshot: Result) -> list[Finding]:
    """Where front ends fetch and bring by themselves: each way is tried now, which needs a session."""
    if not any(view["state"] in ("open", "draining") for view in snapshot["sessions"]):
        return []
    reached = (await client.call("reach"))["reach"]
    return [storage_host_reached(one["front_end"], one["host"], one["sentence"]) for one in reached]


def storage_host_reached(front_end: str, host: str, sentence: str) -> Finding:
    """One way; until it is open, what is asked for there goes through the session."""

    def look() -> str:
        if sentence:
            raise SiteUnreachable(f"{front_end} does not reach it: {sentence}")
        return f"{front_end} reaches it"

    remedy = (
        f"log in to {front_end} and try ssh with the key, known hosts and paths of transfer.storage_hosts; "
        "its files go through the session meanwhile"
    )
    return looked_at(f"storage host {host}", look, remedy=remedy)


def _sessions(snapshot: Result) -> Finding:
    def look() -> str:
        opened = [view for view in snapshot["sessions"] if view["state"] in ("open", "draining")]
        if not opened:
            raise NoSession
        ends = [view["ends_at"] - snapshot["at"] for view in opened if view["ends_at"] is not None]
        until = f", the first ends in {duration(min(ends))}" if ends else ""
        return f"{len(opened)} of {len(snapshot['sessions'])} open{until}"

    return looked_at("sessions", look, remedy="log in with 'rpconsole login'")


def scheduler_heard(snapshot: Result) -> Finding:
    """The poll goes through the helper at the site: its answer speaks for both."""

    def look() -> str:
        if snapshot["polled_at"] is None and not any(run["step"] == "poll" for run in snapshot["runs"]):
            return "not asked yet: no job is out"
        if snapshot["polled_at"] is None:
            raise SiteUnreachable("neither has answered since the engine started")
        return f"answered {ago(snapshot['polled_at'], snapshot['at'])}"

    remedy = "log in, open the poll gate, and see 'rpconsole logs'"
    return looked_at("helper and scheduler", look, remedy=remedy)
