"""The command line's root: its own options, its commands, and what an error turns into."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rpconsole import __version__
from rpconsole.cli import (
    baton,
    config,
    console,
    database,
    dbinfo,
    doctor,
    gates,
    login,
    logs,
    plan,
    reconcile,
    run,
    scratch,
    status,
    transfer,
    watch,
    work,
)
from rpconsole.cli.failures import PIPE_CLOSED, failure_of
from rpconsole.cli.given import Given
from rpconsole.cli.seat import Wanted, open_console
from rpconsole.cli.tty import can_draw
from rpconsole.domain.nearest import nearest

COMMANDS: tuple[Callable[..., None], ...] = (
    *(status.status, status.runs, status.session, login.login, login.logout, gates.pause, gates.resume),
    *(work.define, work.advance, plan.plan, logs.logs, doctor.doctor, reconcile.reconcile),
    *(console.attach, watch.watch, baton.baton),
)
#: groups that live in modules of their own and are there only when their part is installed
OPTIONAL_GROUPS = {"practice": "rpconsole.cli.practice"}
OPTIONAL_COMMANDS = {"demo": ("rpconsole.cli.demo", "demo")}


class NearestGroup(TyperGroup):
    """A group that names the nearest command for one that it does not have."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As usual, with our sentence for an unknown command."""
        word = str(args[0])
        if not word.startswith("-") and self.get_command(ctx, word) is None:
            shown = [name for name in self.list_commands(ctx) if not self.commands[name].hidden]
            ctx.fail(f"there is no command '{word[:40]}'{nearest(word, shown)}")
        return super().resolve_command(ctx, args)


def main(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = sys.argv[1:] if args is None else args
    if words == ["--version"]:
        # typer loads pydantic to read any option at all, for which nobody waits here
        sys.stdout.write(f"rpconsole {__version__}\n")
        return 0
    try:
        code = _command()(args=words, prog_name="rpconsole", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BaseException as error:
        return ended(error, debug="--debug" in words)


def build() -> typer.Typer:
    """Every command that is installed here."""
    app = typer.Typer(
        cls=NearestGroup,
        invoke_without_command=True,
        no_args_is_help=False,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Run a survey's processing at a remote supercomputer from one terminal.",
    )
    app.callback()(_root)
    for command in COMMANDS:
        app.command()(command)
    gates.add_pantasks_words(app)
    groups = {
        "run": run.app,
        "label": work.labels,
        "dbinfo": dbinfo.app,
        "config": config.app,
        "db": database.app,
        "scratch": scratch.app,
        "transfer": transfer.app,
    }
    for name, group in {**groups, **_optional_groups()}.items():
        app.add_typer(group, name=name, cls=NearestGroup)
    for name, (module, function) in OPTIONAL_COMMANDS.items():
        if find_spec(module) is not None:
            app.command(name)(getattr(import_module(module), function))
    return app


def _root(
    context: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="Configuration file.")
    ] = None,
    daemon: Annotated[
        bool, typer.Option("--daemon", help="Run the engine in the foreground, without a terminal.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and log more.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Without a command: the console on a terminal, else the present in lines."""
    if version:
        typer.echo(f"rpconsole {__version__}")
        raise typer.Exit
    context.obj = Given(config_file=config_file, debug=debug)
    if daemon:
        if context.invoked_subcommand is not None:
            raise typer.BadParameter(f"--daemon runs the engine; it takes no command ('{context.invoked_subcommand}')")
        from rpconsole.cli.daemon import run_engine

        raise typer.Exit(run_engine(context.obj))
    if context.invoked_subcommand is None:
        if sys.stdin.isatty() and sys.stdout.isatty() and can_draw():
            raise typer.Exit(open_console(Wanted(given=context.obj, starts_engine=True)))
        status.overview(context)


def _command() -> Any:
    from typer.main import get_command

    return get_command(build())


def _optional_groups() -> dict[str, typer.Typer]:
    return {
        name: import_module(module).app for name, module in OPTIONAL_GROUPS.items() if find_spec(module) is not None
    }


def ended(error: BaseException, *, debug: bool) -> int:
    """What an error turns into: its sentence on stderr, and the exit code."""
    # typer turns a closed pipe into an exit of its own
    cause = error.__context__ if isinstance(error, SystemExit) else error
    if isinstance(error, SystemExit) and not isinstance(cause, BrokenPipeError):
        return error.code if isinstance(error.code, int) else 1
    sentence, code = failure_of(cause or error)
    if code == PIPE_CLOSED:
        # the interpreter flushes stdout once more on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code
    if debug:
        sys.excepthook(type(error), error, error.__traceback__)
    if sentence:
        sys.stderr.write(f"rpconsole: {sentence}\n")
    return code
