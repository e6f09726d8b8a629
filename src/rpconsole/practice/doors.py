"""What the gateway and the front ends share: the prompt for a token, the log of answers, lifetimes, and cutting."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import asyncssh

from rpconsole.practice.card import Card, TokenCheck, Verdict
from rpconsole.practice.faults import Faults
from rpconsole.practice.paths import SitePaths, SiteSettings


class Doors:
    """Every open connection of the site, and the rules that hold at each of its hosts."""

    def __init__(self, paths: SitePaths, settings: SiteSettings) -> None:
        self.paths = paths
        self.settings = settings
        self.faults = Faults(paths)
        self._open: dict[asyncssh.SSHServerConnection, float] = {}

    def knows(self, user: str) -> bool:
        return user in self.settings.users

    def judge(self, host: str, user: str, answer: str) -> bool:
        """Whether an answer lets somebody in; written to the log as a verdict, never as the answer.

        The token is burned even where the account is refused afterwards, as with PAM.
        """
        verdict = Verdict.WRONG
        staged = self.faults.take("login")
        if self.knows(user) and staged != "refuse":
            check = TokenCheck(Card(self.paths.cards / f"{user}.json"), self.paths.state / f"token.{user}.json")
            verdict = check.verify(answer.strip())
        self._note(host, user, "nologin" if staged == "nologin" else str(verdict))
        return verdict is Verdict.ACCEPTED and staged != "nologin"

    def _note(self, host: str, user: str, verdict: str) -> None:
        line = json.dumps({"at": round(time.time(), 3), "host": host, "user": user, "verdict": verdict})
        with self.paths.logins.open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")

    def opened(self, connection: asyncssh.SSHServerConnection) -> None:
        """A login was accepted: its clock runs from here."""
        self._open[connection] = time.monotonic()

    def closed(self, connection: asyncssh.SSHServerConnection) -> None:
        self._open.pop(connection, None)

    def cut_expired(self) -> None:
        """End what has lived its time, without a word, as the site does."""
        limit = time.monotonic() - self.faults.number("session_s", self.settings.session_s)
        for connection, since in list(self._open.items()):
            if since <= limit:
                connection.abort()

    def cut_all(self) -> None:
        for connection in list(self._open):
            connection.abort()


class Door(asyncssh.SSHServer):
    """One connection to one host: a token, then what the host allows."""

    def __init__(self, doors: Doors, host: str) -> None:
        self.doors = doors
        self.host = host
        self.connection: asyncssh.SSHServerConnection | None = None
        self._user = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connection = conn

    def connection_lost(self, exc: Exception | None) -> None:
        if self.connection is not None:
            self.doors.closed(self.connection)

    def begin_auth(self, username: str) -> bool:
        self._user = username
        return True

    def auth_completed(self) -> None:
        if self.connection is not None:
            self.doors.opened(self.connection)

    def password_auth_supported(self) -> bool:
        return False

    def public_key_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        title = f"Practice site, {self.host}"
        return title, "Each token of your card is good once.", "", [(f"Token of {username} for {self.host}: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        return len(responses) == 1 and self.doors.judge(self.host, username, responses[0])
