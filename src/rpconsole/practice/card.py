"""The key card: counter-based one-time tokens (RFC 4226), and the site's check of them."""

from __future__ import annotations

import fcntl
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from rpconsole.practice.paths import write_whole

DIGITS = 6
#: how many presses of the card's button the site forgives
LOOK_AHEAD = 50


def hotp(secret: bytes, counter: int, digits: int = DIGITS) -> str:
    """The token of RFC 4226 for one count."""
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


class Verdict(StrEnum):
    """What the site thinks of an answer."""

    ACCEPTED = "accepted"
    #: a token that was good once, or was burned by a later one
    USED = "used"
    WRONG = "wrong"


class Card:
    """One person's card: a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def issue(cls, path: Path) -> Card:
        """A new card, unless there is one."""
        if not path.exists():
            write_whole(path, json.dumps({"secret": secrets.token_hex(20), "counter": 0}), 0o600)
        return cls(path)

    def next_token(self) -> str:
        """Press the button: a token that was never shown before."""
        with _locked(self._path) as card:
            token = hotp(bytes.fromhex(card["secret"]), card["counter"])
            card["counter"] += 1
        return token

    def secret(self) -> bytes:
        return bytes.fromhex(json.loads(self._path.read_text(encoding="utf-8"))["secret"])


class TokenCheck:
    """The site's side of a card: it remembers only the count that comes next."""

    def __init__(self, card: Card, path: Path) -> None:
        self._card = card
        self._path = path

    def verify(self, answer: str) -> Verdict:
        """Accept a token once; it burns itself and every earlier one. A wrong answer burns nothing."""
        secret = self._card.secret()
        if not self._path.exists():
            write_whole(self._path, json.dumps({"next": 0}), 0o600)
        with _locked(self._path) as state:
            for counter in range(state["next"], state["next"] + LOOK_AHEAD):
                if hmac.compare_digest(hotp(secret, counter).encode(), answer.encode("utf-8", "replace")):
                    state["next"] = counter + 1
                    return Verdict.ACCEPTED
            burned = range(max(0, state["next"] - LOOK_AHEAD), state["next"])
        return Verdict.USED if answer in {hotp(secret, counter) for counter in burned} else Verdict.WRONG


@contextmanager
def _locked(path: Path) -> Iterator[dict[str, Any]]:
    """Read, let the caller change, write; one process at a time."""
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = json.loads(path.read_text(encoding="utf-8"))
        try:
            yield content
        finally:
            write_whole(path, json.dumps(content), 0o600)
