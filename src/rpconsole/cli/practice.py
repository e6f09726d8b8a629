"""practice: a whole small site on this machine, to learn and to try things on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rpconsole.domain.fault import BadConfiguration

if TYPE_CHECKING:
    from rpconsole.practice.site import PracticeSite

app = typer.Typer(help="A whole small site on this machine: gateway, front ends, key card, batch jobs.")

DirOption = Annotated[Path, typer.Option("--dir", help="Directory of the site; made when it is not there.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_HERE = Path("practice-site")


@app.command()
def up(
    directory: DirOption = _HERE,
    exposures: Annotated[int, typer.Option(min=1, max=500, help="Exposures of the simulated survey.")] = 2,
    otas: Annotated[int, typer.Option(min=1, max=60, help="Chips of each exposure.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed makes the same sky.")] = 1,
    nodes: Annotated[int | None, typer.Option(min=1, max=64, help="Nodes for batch jobs.")] = None,
    slots: Annotated[int | None, typer.Option(min=1, max=64, help="Cores of a node.")] = None,
    slurm: Annotated[
        bool | None, typer.Option("--slurm/--no-slurm", help="Let this machine's own Slurm run what msub is given.")
    ] = None,
    session_s: Annotated[float | None, typer.Option(min=1, help="How long a login lives, in seconds.")] = None,
) -> None:
    """Bring the site up and leave it running; a new directory gets a survey with raw files and a database."""
    wanted = {"nodes": nodes, "slots": slots, "session_s": session_s, "is_over_slurm": slurm}
    if slurm:
        _require_slurm()
    site = _site(directory, changes=wanted, survey=(seed, exposures, otas))
    asyncio.run(site.up())
    typer.echo(f"the practice site in {site.paths.root} is up; its configuration: {site.paths.config}")
    typer.echo(f"a token of your card: rpconsole practice card --dir {directory}")


@app.command()
def down(directory: DirOption = _HERE) -> None:
    """End everything that runs at the site; the directory stays."""
    site = _there(directory)
    asyncio.run(site.down())
    typer.echo(f"the practice site in {site.paths.root} is down")


@app.command()
def card(
    directory: DirOption = _HERE,
    user: Annotated[str, typer.Option("--user", help="Whose card.")] = "operator",
) -> None:
    """Press the button of the key card: a new token, good once."""
    typer.echo(_there(directory).token(user))


@app.command()
def status(directory: DirOption = _HERE, as_json: JsonOption = False) -> None:
    """What runs at the site, its ports, jobs and logins."""
    import json

    from rpconsole.practice.report import report, sentences

    found = report(_there(directory))
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(sentences(found)))


@app.command()
def fault(
    knob: Annotated[str, typer.Argument(metavar="[KNOB]", help="What to disturb; none = list what can be.")] = "",
    value: Annotated[str, typer.Argument(metavar="[VALUE]", help="How, or which job.")] = "",
    directory: DirOption = _HERE,
    times: Annotated[int | None, typer.Option(min=1, help="So often, then it clears itself.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Clear this knob, or all of them.")] = False,
) -> None:
    """Disturb the site: cut and freeze logins, lose answers, hold, kill and forget jobs."""
    from rpconsole.practice.disturbing import clear_faults, disturb, list_faults

    site = _there(directory)
    if clear:
        typer.echo(clear_faults(site, knob))
    elif not knob:
        typer.echo(list_faults(site))
    else:
        typer.echo(disturb(site, knob, value, times))


def _require_slurm() -> None:
    import shutil

    missing = [name for name in ("sbatch", "squeue", "scancel", "scontrol") if shutil.which(name) is None]
    if missing:
        raise BadConfiguration(
            f"--slurm needs Slurm's commands on the PATH, and {missing[0]} is not there; without it the site runs jobs itself"
        )


def _site(directory: Path, changes: dict[str, Any], survey: tuple[int, int, int]) -> PracticeSite:
    from dataclasses import replace

    try:
        from rpconsole.practice.paths import SitePaths, read_settings
        from rpconsole.practice.site import PracticeSite
        from rpconsole.practice.sky import Survey
    except ModuleNotFoundError as missing:
        raise BadConfiguration(f"the practice site needs {missing.name}: pip install 'rpconsole[practice]'") from None
    settings = read_settings(SitePaths(directory.resolve()))
    given = {name: value for name, value in changes.items() if value is not None}
    seed, exposures, otas = survey
    return PracticeSite(
        directory, survey=Survey(seed=seed, exposures=exposures, otas=otas), settings=replace(settings, **given)
    )


def _there(directory: Path) -> PracticeSite:
    if not (directory / "site.json").exists():
        raise BadConfiguration(
            f"there is no practice site in {directory}; rpconsole practice up --dir {directory} makes one"
        )
    try:
        from rpconsole.practice.site import PracticeSite
    except ModuleNotFoundError as missing:
        raise BadConfiguration(f"the practice site needs {missing.name}: pip install 'rpconsole[practice]'") from None
    return PracticeSite(directory)
