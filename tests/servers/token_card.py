"""A key card for tests: HOTP after RFC 4226, counted on the card."""

from __future__ import annotations

import hmac
import secrets
import struct


class TokenCard:
    """Shows a new six-digit number each time."""

    def __init__(self) -> None:
        self.secret = secrets.token_bytes(20)
        self._counter = 0

    def next(self) -> str:
        """The next number; the card moves on."""
        code = self.code_at(self._counter)
        self._counter += 1
        return code

    def wrong(self) -> str:
        """A number that is not among those which a server could accept now."""
        near = {self.code_at(self._counter + step) for step in range(-5, 200)}
        return next(code for number in range(10**6) if (code := f"{number:06d}") not in near)

    def code_at(self, counter: int) -> str:
        """The number for a counter."""
        digest = hmac.digest(self.secret, struct.pack(">Q", max(0, counter)), "sha1")
        offset = digest[-1] & 0x0F
        return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"
