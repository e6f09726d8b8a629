"""What dead sessions have left at the site: looked for at each login, and said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rpconsole.adapters.ssh.session import Session
from rpconsole.domain.fault import RpconsoleError

log = logging.getLogger(__name__)


async def clean_up(sessions: Sequence[Session], living: Collection[str]) -> list[str]:
    """End the commands and helpers of dead sessions on each session's host, and remove their half files; what was found, in sentences.

    ``living`` are the badges of all sessions that live. The front ends share their files: one session cleans those.
    """
    sentences, dead = [], []
    hunted = await asyncio.gather(*(_hunted(session, living) for session in sessions))
    for session, found in zip(sessions, hunted, strict=True):
        dead += [str(entry["tag"]) for entry in found if not entry["left"]]
        sentences += [sentence] if (sentence := told(session.name, found)) else []
    sentences += await _cleaned(sessions[0], dead)
    return sentences


def told(host: str, found: Sequence[Mapping[str, Any]]) -> str:
    """What was ended on one host; empty where nothing was."""
    commands, left = (sum(int(entry[name]) for entry in found) for name in ("commands", "left"))
    helpers = sum(bool(entry["helper"]) for entry in found)
    ended = [_counted(commands, "hung command"), _counted(helpers, "helper")]
    said = " and ".join(part for part in ended if part)
    if not said:
        return ""
    stayed = f"; {left} of them cannot be killed now and will be tried again at the next login" if left else ""
    return f"{host}: ended {said} of a session that is dead{stayed}"


async def _hunted(session: Session, living: Collection[str]) -> Sequence[Mapping[str, Any]]:
    try:
        return await session.helper.hunt(living)
    except RpconsoleError as error:
        log.info("leftovers at %s: %s", session.name, error)
        return ()


async def _cleaned(session: Session, dead: Sequence[str]) -> list[str]:
    try:
        removed = await session.helper.clean(dead)
    except RpconsoleError as error:
        log.info("leftovers at %s: %s", session.name, error)
        return []
    halves = sum(path.endswith(".part") for path in removed)
    said = [_counted(halves, "half file"), _counted(len(removed) - halves, "old helper file")]
    return [f"{session.name}: removed {' and '.join(part for part in said if part)}"] if removed else []


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""
