"""rpconsole demo: the whole main job on a practice site of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpconsole.cli.output import say, show_table
from rpconsole.domain.fault import BadConfiguration, ExitCode
from rpconsole.domain.foreign import visible
from rpconsole.domain.stage import Stage, stage_of

if TYPE_CHECKING:
    from rpconsole.practice.demo import DemoOptions, DemoResult

#: for a terminal: to the beginning of the line above, and clear it
UP_AND_CLEAR = "\x1b[F\x1b[2K"
ALL_STAGES = ",".join(Stage)


def demo(
    headless: Annotated[
        bool,
        typer.Option("--headless", help="Without a console, as without a terminal: progress on stderr, a summary."),
    ] = False,
    exposures: Annotated[int, typer.Option(help="Exposures of the simulated survey.")] = 2,
    otas: Annotated[int, typer.Option(help="Chips of each exposure, 1 to 60.")] = 4,
    stages: Annotated[str, typer.Option(help="Stages to play, from chip on.")] = ALL_STAGES,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Where everything is left for a look; must not exist yet.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same sky.")] = 1,
    initiative: Annotated[
        str, typer.Option(help="Who moves the bytes: session, or front-end, from and to a storage host by ssh.")
    ] = "session",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the table.")] = False,
) -> None:
    """Play the whole main job on a practice site: exposures to stacks, through login, ssh, a batch job and both databases."""
    options = _options(
        directory=_fresh(directory),
        exposures=exposures,
        otas=otas,
        stages=_stages(stages),
        seed=seed,
        initiative=initiative,
    )
    on_console = not (headless or as_json) and sys.stdin.isatty() and sys.stdout.isatty()
    result = _played(options, on_console=on_console)
    if as_json:
        sys.stdout.write(result.as_json() + "\n")
    else:
        _show(result)
    # a person who left before the end has seen what he wanted
    raise typer.Exit(int(ExitCode.DONE if result.ok or on_console else ExitCode.DATA))


def _options(**chosen: Any) -> DemoOptions:
    try:
        from rpconsole.practice.demo import DemoOptions
    except ModuleNotFoundError as missing:
        raise BadConfiguration(f"the demo needs {missing.name}: pip install 'rpconsole[practice]'") from None
    return DemoOptions(**chosen)


def _played(options: DemoOptions, *, on_console: bool) -> DemoResult:
    import asyncio

    from rpconsole.practice.demo import attend, play

    progress = Progress()
    survey = f"{options.exposures} exposures of {options.otas} chips, {', '.join(options.stages)}"
    progress.say(f"a practice site in {options.directory}: {survey}")
    if not on_console:
        return asyncio.run(play(options, progress.runs))
    from rpconsole.cli.seat import sit_down

    return asyncio.run(attend(options, sit_down))


def _fresh(directory: Path | None) -> Path:
    """A directory that nothing lies in yet, so that no look at an earlier run is lost."""
    if directory is None:
        directory = Path(f"demo-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BadConfiguration(f"{directory} is there already; name a directory that does not exist yet")
    return directory.resolve()


def _stages(words: str) -> tuple[Stage, ...]:
    try:
        return tuple(dict.fromkeys(stage_of(word) for word in words.split(",")))
    except ValueError as error:
        raise BadConfiguration(str(error)) from None


class Progress:
    """A line on stderr whenever a run has moved; tasks as they end are drawn over on a terminal, and said by tenths elsewhere."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[object, ...]] = {}
        self._is_terminal = sys.stderr.isatty()
        #: the run whose tasks the last line counts
        self._counting: int | None = None

    def say(self, text: str) -> None:
        """One line."""
        self._counting = None
        self._write(text)

    def runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """What has moved since the last call."""
        for run in runs:
            seen = (run["state"], run["step"], run["tasks_failed"], self._share(run))
            if self._last.get(run["remote_id"]) != seen:
                self._last[run["remote_id"]] = seen
                self._show(run)

    def _share(self, run: Mapping[str, Any]) -> int:
        """How far its tasks are, as fine as they are to be shown."""
        return int(run["tasks_done"] if self._is_terminal else 10 * run["tasks_done"] // max(1, run["tasks"]))

    def _show(self, run: Mapping[str, Any]) -> None:
        counts = run["remote_id"] if run["tasks"] and run["step"] == "poll" else None
        over = self._is_terminal and counts is not None and counts == self._counting
        self._write(_line(run), before=UP_AND_CLEAR if over else "")
        self._counting = counts

    def _write(self, text: str, before: str = "") -> None:
        sys.stderr.write(f"{before}{visible(text)}\n")
        sys.stderr.flush()


def _line(run: Mapping[str, Any]) -> str:
    tasks = f", {run['tasks_done']} of {run['tasks']} tasks" if run["tasks"] and run["step"] == "poll" else ""
    failed = f", {run['tasks_failed']} abandoned" if run["tasks_failed"] else ""
    return f"{run['stage']:<7} run {run['remote_id']}: {run['state']} ({run['step']}{tasks}{failed})"


def _show(result: DemoResult) -> None:
    titles = ("stage", "runs", "full", "components", "passed", "failed", "products", "shipped", "returned")
    rows = [
        (
            *(stage, count.runs, count.full, count.components, count.passed, count.failed, count.products),
            *(_size(count.bytes_shipped), _size(count.bytes_returned)),
        )
        for stage, count in result.stages.items()
    ]
    show_table(titles, rows, right=tuple(range(1, len(titles))))
    for sentence in result.sentences:
        say(sentence)
    end = "every run is full" if result.ok else "not every run is full"
    say(f"{end}, after {result.seconds:.0f} s; look into {result.directory}: gpc1.sqlite, ipp/ (products), logs/")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
