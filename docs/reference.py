"""Generated reference: the commands with their options, the protocol's messages and verbs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel
from typer.main import get_command

from rpconsole.cli.app import build
from rpconsole.cli.remotetool.grammar import GLOBAL, MODES, Option
from rpconsole.daemon.haul_verbs import HAUL_VERBS
from rpconsole.daemon.verbs import VERBS
from rpconsole.protocol.messages import FromClient, FromEngine


def command_reference() -> str:
    """Every command that is shown in help, with its arguments and options."""
    return "\n\n".join(_section(path, command) for path, command in commands())


def commands() -> Iterator[tuple[str, Any]]:
    """(path, command) of everything that can be typed, hidden commands left out, groups before what is in them."""
    root = get_command(build())
    yield "rpconsole", root
    yield from _below("rpconsole", root)


def _below(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        yield f"{path} {name}", command
        if hasattr(command, "commands"):
            yield from _below(f"{path} {name}", command)


def _section(path: str, command: Any) -> str:
    words = " ".join((command.help or "").split())
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    lines = [f"### `{path}`", "", words]
    if rows:
        lines += ["", "| | |", "| --- | --- |", *rows]
    return "\n".join(lines)


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
        name = ", ".join(f"`{word}{value}`" for word in parameter.opts)
    return f"| {name} | {(parameter.help or '').replace('|', '/')} |"


def remotetool_reference() -> str:
    """Every mode of ``remotetool`` with its options."""
    sections = [_mode_section(f"-{mode.name}", mode.help, mode.options) for mode in MODES]
    return "\n\n".join([*sections, _mode_section("every mode", "", GLOBAL)])


def _mode_section(title: str, words: str, options: Iterable[Option]) -> str:
    rows = [
        f"| `-{option.name}{f' {option.kind.value}' if option.kind.value else ''}` | {option.help}"
        f"{' (required)' if option.required else ''} |"
        for option in options
        if option.help
    ]
    head = f"### `remotetool {title}`" if title.startswith("-") else "### `remotetool`, in every mode"
    return "\n".join([head, "", *([words, ""] if words else []), "| | |", "| --- | --- |", *rows])


def verb_table() -> str:
    """Every verb with its arguments."""
    rows = [f"| `{verb}` | {_fields(model)} | {model.__doc__} |" for verb, model in {**VERBS, **HAUL_VERBS}.items()]
    return "\n".join(["| verb | arguments | |", "| --- | --- | --- |", *rows])


def message_table() -> str:
    """Every message with its fields."""
    lines = ["| from | kind | fields | |", "| --- | --- | --- | --- |"]
    for side, union in (("client", FromClient), ("engine", FromEngine)):
        for message in get_args(get_args(union)[0]):
            kind = message.model_fields["kind"].default
            words = " ".join((message.__doc__ or "").split())
            lines.append(f"| {side} | `{kind}` | {_fields(message)} | {words} |")
    return "\n".join(lines)


def _fields(model: type[BaseModel]) -> str:
    names = (f"`{name}`" if field.is_required() else f"`{name}`?" for name, field in model.model_fields.items())
    return ", ".join(name for name in names if name != "`kind`?")
