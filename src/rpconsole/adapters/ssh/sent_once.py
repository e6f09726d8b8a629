"""An answer goes to the site once: the same one to the same question again was refused before."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence


class SentOnce:
    """Remembers answers of one login as salted digests, which die with it."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._sent: set[bytes] = set()

    def is_new(self, prompts: Sequence[str], answers: Sequence[str]) -> bool:
        """False when these prompts were answered the same before; they count as answered from now on."""
        text = repr((list(prompts), list(answers)))
        mark = hmac.digest(self._salt, text.encode("utf-8", "surrogatepass"), "sha256")
        is_new = mark not in self._sent
        self._sent.add(mark)
        return is_new

    def forget(self) -> None:
        """The login is over."""
        self._sent.clear()
