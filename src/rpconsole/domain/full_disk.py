"""A disk that is full, or a quota that is used up, on whichever side: known by the words of the system that says so."""

from __future__ import annotations

from rpconsole.domain.fault import FaultKind, RpconsoleError

#: what ENOSPC and EDQUOT read as; the helper at the site tells no number
_WORDS = ("No space left on device", "Disk quota exceeded")


def says_full(sentence: str) -> bool:
    """Whether it is room that is wanting."""
    return any(word in sentence for word in _WORDS)


def kind_of(error: RpconsoleError) -> FaultKind:
    """A full disk is a state of the world: what meets it waits for room, and no try is spent."""
    return FaultKind.AWAY if error.kind is FaultKind.TRANSIENT and says_full(str(error)) else error.kind
