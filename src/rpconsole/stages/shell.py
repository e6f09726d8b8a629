"""One line of a run's ``.config``: steps of a shell joined by ``&&``, each word quoted where it needs it."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from shlex import quote

from rpconsole.domain.paths import mirrored

#: what no shell takes for anything but itself
_PLAIN = f"{string.ascii_letters}{string.digits}_@%+=:,./-".encode()
_PLAIN_WORDS = _PLAIN + b" "


def words(*parts: object) -> str:
    """A command of these words."""
    texts = [str(part) for part in parts]
    plain = " ".join(texts)
    # nearly every line is plain: one look at all of it spares a look at each word
    if all(texts) and _is_of(plain, _PLAIN_WORDS) and plain.count(" ") == len(texts) - 1:
        return plain
    return " ".join(map(quote, texts))


def _is_of(text: str, characters: bytes) -> bool:
    """Millions are looked at, so no expression goes by their characters."""
    return text.isascii() and not text.encode().translate(None, characters)


def into(command: str, path: str) -> str:
    """A command whose output makes a file."""
    return f"{command} > {quote(path)}"


def onto(command: str, path: str) -> str:
    """A command whose output goes to the end of a file."""
    return f"{command} >> {quote(path)}"


def chain(steps: Iterable[str]) -> str:
    """The steps as one line: each runs only if the one before it succeeded."""
    return " && ".join(steps)


def folder_of(path: str) -> str:
    """The directory of a path."""
    return path.rpartition("/")[0]


def make_folder(path: str) -> str:
    """Make the directory of a file."""
    return words("mkdir", "-p", folder_of(path))


def listing(paths: Iterable[str], target: str) -> str:
    """Write these names, and no others, into a file; a missing one stops the line and is named in its output."""
    return into(words("ls", "-1", *paths), target)


def dbinfo_steps(first_half: str, stats: str, recipe: str, dbinfo: str) -> Iterator[str]:
    """Write what is known now, then let the statistics add the rest of the line."""
    yield into(f"echo -n {quote(first_half + ' ')}", dbinfo)
    yield onto(words("ppStatsFromMetadata", stats, "-", recipe), dbinfo)


def return_steps(local: str, remote: str, root: str) -> str:
    """The three steps of a return link: below ``<root>/tmp`` a product is found under its name at home.

    Its presence says that the whole line reached this step; the touch keeps the product from the scratch sweeper.
    """
    link: str = mirrored(local, root)
    folder, product = folder_of(link), remote
    if not _is_of(link + remote, _PLAIN):
        folder, product, link = quote(folder), quote(remote), quote(link)
    return f"mkdir -p {folder} && ln -sf {product} {link} && touch {product}"
