"""The host of the storage at home that the front ends log in to by themselves, with a key."""

from __future__ import annotations

from collections.abc import Callable

import asyncssh

from rpconsole.practice.doors import Doors
from rpconsole.practice.front_end import FrontEnd
from rpconsole.practice.paths import STORAGE


class StorageHost(FrontEnd):
    """Runs commands as a front end does; who has the site's key is in, for as long as he likes."""

    def auth_completed(self) -> None:
        """No card, no lifetime."""

    def kbdint_auth_supported(self) -> bool:
        return False

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key == asyncssh.read_public_key(self.doors.paths.storage_key.with_suffix(".pub"))


def storage_host(doors: Doors) -> Callable[[], StorageHost]:
    """A maker of one connection's server, as asyncssh wants it."""
    return lambda: StorageHost(doors, STORAGE)
