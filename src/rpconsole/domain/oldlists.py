"""Read the lists of a run that the IPP's own scripts prepared: five files, no manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import contains

from rpconsole.domain.fault import BadData
from rpconsole.domain.filerules import ids_in_name
from rpconsole.domain.listfiles import (
    CONFIG,
    GENERATE,
    LIST_SUFFIXES,
    MANIFEST,
    RETURN,
    TRANSFER,
    CommandLine,
    ComponentLists,
)
from rpconsole.domain.manifest import ManifestRecord, Role, read_manifest
from rpconsole.domain.paths import mapped_by_instance, mirrored, normal_path
from rpconsole.domain.stage import Stage

#: how the manifest begins a product's line
_PRODUCT = '{"role":"product",'
#: and that of its list of commands, at its end
_LIST = '{"role":"list",'
_quoted = json.encoder.encode_basestring_ascii


class BadLists(BadData):
    """The run's list files do not fit together."""


def read_lists(texts: Mapping[str, str], *, stage: Stage, root: str, source: str) -> list[ManifestRecord]:
    """The records behind five list files (by suffix); BadLists names the file and what does not fit.

    Inputs need ``.transfer`` only, since they land at their mirrors whatever ``.check`` says. Keys, components and items are taken from
    the names by the file rules, tasks from the ``.config`` line that speaks of the product. What no rule knows keeps None.
    """
    for suffix in LIST_SUFFIXES:
        if suffix not in texts:
            raise BadLists(f"{source}{suffix} is missing; a prepared run has {', '.join(LIST_SUFFIXES)}")
    tasks = _task_of_path(texts[CONFIG])
    inputs = [_input(local, root) for local in dict.fromkeys(_lines(texts[TRANSFER]))]
    pairs = dict.fromkeys(_pairs(_lines(texts[GENERATE]), _lines(texts[RETURN]), root, source))
    return inputs + [_product(remote, local, stage, root, tasks) for remote, local in pairs]


def manifest_fits(texts: Mapping[str, str]) -> bool:
    """Whether a manifest promises the products of ``.generate`` in their order: else another hand wrote the lists after it."""
    return promises(product_lines(_lines(texts[MANIFEST])), _lines(texts[GENERATE]))


def product_lines(manifest: Sequence[str]) -> list[str]:
    """Those of a manifest's lines, or of some of them, that promise products."""
    return [line for line in manifest if line.startswith(_PRODUCT)]


def config_bytes(manifest: Sequence[str], source: str) -> int | None:
    """How long the ``.config`` is whose lines a manifest counts, from its last lines; None where it does not say."""
    last = next(filter(None, reversed(manifest)), "")
    return read_manifest(last, source=source)[0].bytes if last.startswith(_LIST) else None


def promises(products: Sequence[str], generate: Sequence[str]) -> bool:
    """Whether these lines promise just these files at the site, in this order."""
    # inside another text of the line the quotes would be spelt out
    return len(products) == len(generate) and all(map(contains, products, _remotes(generate)))


def _remotes(paths: Sequence[str]) -> Iterator[str]:
    """How a line of a manifest says that this is its file at the site."""
    # all at once, since a run has hundreds of thousands and hardly one has a sign that is spelt out
    joined = "".join(paths)
    if joined.isascii() and joined.isprintable() and '"' not in joined and "\\" not in joined:
        return (f'"remote":"{path}"' for path in paths)
    return (f'"remote":{_quoted(path)}' for path in paths)


def read_component(texts: Mapping[str, str], *, stage: Stage, stage_id: int, root: str, source: str) -> ComponentLists:
    """One component's list files, ready to be merged."""
    records = read_lists(texts, stage=stage, root=root, source=source)
    products = tuple(record for record in records if record.role is Role.PRODUCT)
    items = {record.task: record.item for record in products}
    return ComponentLists(
        stage=stage,
        stage_id=stage_id,
        commands=tuple(
            CommandLine(item=items.get(number) or str(number), text=text)
            for number, text in enumerate(_lines(texts[CONFIG]), start=1)
        ),
        inputs=tuple(record for record in records if record.role is Role.INPUT),
        products=products,
    )


def _lines(text: str) -> list[str]:
    return list(filter(str.strip, text.split("\n")))


def _task_of_path(config: str) -> dict[str, int]:
    """Path -> number of the line whose chain speaks of it last, as its return link does."""
    tasks: dict[str, int] = {}
    for number, line in enumerate(_lines(config), start=1):
        for word in line.split():
            if word.startswith("/"):
                tasks[normal_path(word)] = number
    return tasks


def _key_of(path: str, root: str) -> str:
    """The key behind a path at the site, where M2 put it; for what is not below the root, the path itself."""
    below = normal_path(f"{root}/")
    return f"neb:///{path.removeprefix(below)}" if path.startswith(below) else path


def _input(local: str, root: str) -> ManifestRecord:
    key = _key_of(mapped_by_instance(local, root), root)
    return ManifestRecord(key=key, local=local, remote=mirrored(local, root), role=Role.INPUT)


def _pairs(generate: Sequence[str], back: Sequence[str], root: str, source: str) -> Iterator[tuple[str, str]]:
    """Pair by line number; where the old merge has lost a line of one list, by the name inside the local path."""
    remotes = [normal_path(path) for path in generate]
    if len(remotes) == len(back):
        yield from zip(remotes, back, strict=True)
        return
    known = set(remotes)
    for local in back:
        remote = mapped_by_instance(local, root)
        if remote not in known:
            raise BadLists(
                f"{source}{GENERATE} has {len(remotes)} lines and {source}{RETURN} has {len(back)}, "
                f"and no line of the first is {remote}, where {local} would come from"
            )
        yield remote, local


#: what the old lines promise although nothing may make it: the touch then leaves it empty
_OFTEN_EMPTY = re.compile(r"\.ptn$|\.ppStack\.mdc$|\.stk\.000\.psf$|\.XY\d\d\.mk\.fits$")


def _product(remote: str, local: str, stage: Stage, root: str, tasks: Mapping[str, int]) -> ManifestRecord:
    ids = ids_in_name(stage, mapped_by_instance(local, root)) or ids_in_name(stage, remote)
    return ManifestRecord(
        key=_key_of(remote, root),
        local=local,
        remote=remote,
        role=Role.PRODUCT,
        component=ids.stage_id if ids else None,
        task=tasks.get(remote),
        item=ids.item if ids else None,
        may_be_empty=_OFTEN_EMPTY.search(remote) is not None,
    )
