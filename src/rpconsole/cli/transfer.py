"""transfer: files that a person sends or fetches by hand, with the same ledger, resume and care as a run's."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from rpconsole.cli.door import Door, Result, order, through_door
from rpconsole.cli.options import JsonOption
from rpconsole.cli.output import complain, say, show_fields, show_json, show_table
from rpconsole.cli.transfer_bench import bench
from rpconsole.cli.words import duration, moment, volume
from rpconsole.domain.fault import BadData, ExitCode

app = typer.Typer(no_args_is_help=True, help="Send and fetch files by hand, and see what became of them.")

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE…", help="Files, or directories with everything in them (DIR/ = only what is in it)."
    ),
]
Target = Annotated[str, typer.Option("--to", metavar="DIR", help="Directory on the other side that they go to.")]
FilesFrom = Annotated[
    Path | None,
    typer.Option("--files-from", metavar="FILE", help="Take further sources from a file, one path a line."),
]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Show its progress until it has ended.")]
Number = Annotated[int, typer.Argument(metavar="N", help="The haul's number.")]
Missed = Annotated[bool, typer.Option("--missed", help="Only files that did not arrive.")]
Lines = Annotated[int, typer.Option("-n", "--lines", min=1, help="How many files, the latest first.")]
LOOK_EVERY_S = 1.0
LIVE = ("waiting", "moving")


@app.command()
def plan(
    context: typer.Context,
    target: Target,
    sources: Sources = None,
    files_from: FilesFrom = None,
    fetch_them: Annotated[bool, typer.Option("--fetch", help="From the site, instead of to it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what a transfer would move, and how long it would take; nothing is moved."""
    way = "fetch" if fetch_them else "send"
    result = order(context, "haul_plan", way=way, sources=_paths(sources, files_from, way), target=_folder(target, way))
    if as_json:
        show_json(result)
        return
    planned = result["plan"]
    show_fields(
        [
            ("files", planned["files"]),
            ("bytes", volume(planned["bytes"])),
            ("there already", f"{planned['files_there']} files of the same size" if planned["files_there"] else "none"),
            ("largest", f"{planned['largest']} ({volume(planned['largest_bytes'])})"),
            ("room on the other side", _room(planned)),
            ("expected", _expected(planned)),
        ]
    )
    for sentence in planned["doubts"]:
        say(sentence)


@app.command()
def send(
    context: typer.Context,
    target: Target,
    sources: Sources = None,
    files_from: FilesFrom = None,
    follow: Follow = False,
    as_json: JsonOption = False,
) -> None:
    """Send files to the site: a catalogue, tessellations, a build tree. What is there and right is not sent again."""
    _give(context, "send", _paths(sources, files_from, "send"), _folder(target, "send"), follow, as_json)


@app.command()
def fetch(
    context: typer.Context,
    target: Target,
    sources: Sources = None,
    files_from: FilesFrom = None,
    follow: Follow = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch files from the site."""
    _give(context, "fetch", _paths(sources, files_from, "fetch"), _folder(target, "fetch"), follow, as_json)


@app.command("list")
def list_hauls(context: typer.Context, as_json: JsonOption = False) -> None:
    """List hauls: what was ordered, and how far each has come."""
    result = order(context, "hauls")
    if as_json:
        show_json(result)
        return
    show_table(
        ("haul", "way", "state", "files", "bytes", "rate", "left", "what", "by", "why"),
        [_row(view) for view in result["hauls"]],
        right=(0, 3, 4, 5, 6),
        empty="nothing was sent or fetched by hand",
    )


@app.command()
def show(
    context: typer.Context,
    number: Number,
    missed: Missed = False,
    limit: Lines = 100,
    as_json: JsonOption = False,
) -> None:
    """Show the ledger of a haul: each file's place, size, checksum, bundle, stream and attempts."""
    _show_files(order(context, "moved", haul=number, state="missed" if missed else None, limit=limit), as_json)


@app.command()
def files(
    context: typer.Context,
    run: Annotated[int, typer.Option("--run", help="The remote run.")],
    missed: Missed = False,
    limit: Lines = 100,
    as_json: JsonOption = False,
) -> None:
    """Show the ledger of a run's files."""
    _show_files(order(context, "moved", remote_id=run, state="missed" if missed else None, limit=limit), as_json)


@app.command()
def stop(context: typer.Context, number: Number, as_json: JsonOption = False) -> None:
    """Stop a haul where it is; what has arrived stays, half files do not."""
    _show_one(order(context, "haul_order", number=number, do="stop"), as_json)


@app.command()
def resume(context: typer.Context, number: Number, follow: Follow = False, as_json: JsonOption = False) -> None:
    """Go on with a haul that was stopped, or that ended with files that could not arrive."""
    result = order(context, "haul_order", number=number, do="resume")
    _show_one(result, as_json)
    if follow:
        _watch(context, number)


app.command()(bench)


def _paths(sources: list[str] | None, files_from: Path | None, way: str) -> list[str]:
    """Sources as absolute paths: at home from here, at the site as they are; a slash at the end is kept."""
    named = list(sources or [])
    if files_from is not None:
        try:
            lines = files_from.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        except OSError as error:
            raise BadData(f"{files_from} cannot be read: {error.strerror}") from None
        named += [line for line in lines if line.strip() and not line.startswith("#")]
    if not named:
        raise typer.BadParameter("name at least one file or directory, or --files-from FILE")
    odd = next((path for path in named if not _is_text(path)), None)
    if odd is not None:
        shown = odd.encode("utf-8", "backslashreplace").decode()
        raise BadData(
            f"{shown} has bytes that are no UTF-8 text; name the directory that holds it, and it comes with all of it"
        )
    found = [_absolute(path) if way == "send" else path for path in named]
    gone = next((path for path in found if way == "send" and not Path(path).exists()), None)
    if gone is not None:
        raise BadData(f"{gone} is not there")
    return found


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _folder(target: str, way: str) -> str:
    return target if way == "send" else _absolute(target)


def _absolute(path: str) -> str:
    whole = str(Path(path).expanduser().absolute())
    return whole + "/" if path.endswith("/") and whole != "/" else whole


def _give(context: typer.Context, way: str, sources: list[str], target: str, follow: bool, as_json: bool) -> None:
    async def ask(door: Door) -> tuple[Result, bool]:
        return await door.call("haul", way=way, sources=sources, target=target), door.lives

    result, lives = through_door(context, ask)
    number = result["haul"]["number"]
    if as_json:
        show_json(result)
    else:
        say(f"haul {number}: {way} {_what(result['haul'])} to {target}")
        if not lives:
            say("no engine runs: it begins when one does (rpconsole --daemon)")
    if follow and lives:
        _watch(context, number)


def _watch(context: typer.Context, number: int) -> None:
    """A line each second until it has ended; leaving it does not stop the haul."""
    said = ""
    while True:
        views = order(context, "hauls")["hauls"]
        view = next((one for one in views if one["haul"]["number"] == number), None)
        if view is None:
            return
        line = _progress(view)
        if line != said:
            say(line)
            said = line
        state = view["haul"]["state"]
        if state == "parked":
            complain(f"'rpconsole transfer show {number} --missed' lists what did not arrive")
            raise typer.Exit(int(ExitCode.DATA))
        if state not in LIVE:
            return
        time.sleep(LOOK_EVERY_S)


def _progress(view: dict[str, Any]) -> str:
    haul = view["haul"]
    part = f"{100 * haul['bytes_done'] / haul['bytes']:.0f} %" if haul["bytes"] else ""
    pace = f"{volume(view['rate'])}/s, {duration(view['left_s'])} left" if view["left_s"] is not None else ""
    done = f"{haul['files_done']} of {haul['files']} files, {volume(haul['bytes_done'])} of {volume(haul['bytes'])}"
    return "  ".join(word for word in (haul["state"], part, done, pace, haul["sentence"]) if word)


def _row(view: dict[str, Any]) -> tuple[object, ...]:
    haul = view["haul"]
    return (
        haul["number"],
        haul["way"],
        haul["state"],
        f"{haul['files_done']}/{haul['files']}",
        f"{volume(haul['bytes_done'])}/{volume(haul['bytes'])}",
        f"{volume(view['rate'])}/s" if view["rate"] else "-",
        "-" if view["left_s"] is None else duration(view["left_s"]),
        f"{_what(haul)} to {haul['target']}",
        haul["who"],
        haul["sentence"],
    )


def _what(haul: dict[str, Any]) -> str:
    first, *others = haul["sources"]
    return f"{first} and {len(others)} more" if others else str(first)


def _show_one(result: Result, as_json: bool) -> None:
    if as_json:
        show_json(result)
        return
    haul = result["haul"]
    say(f"haul {haul['number']} is {haul['state']}{': ' + haul['sentence'] if haul['sentence'] else ''}")


def _show_files(result: Result, as_json: bool) -> None:
    if as_json:
        show_json(result)
        return
    show_table(
        ("at", "way", "state", "bytes", "bundle", "stream", "tries", "sha256", "file", "why"),
        [
            (
                moment(line["at"]), line["way"], line["state"], line["size"], line["bundle"], line["stream"], line["attempts"],
                line["sha256"][:12], line["target"], line["sentence"],
            )
            for line in result["files"]
        ],
        right=(3, 4, 6),
        empty="no file is in the books",
    )  # fmt: skip


def _room(planned: dict[str, Any]) -> str:
    return "unknown without a session" if planned["free_bytes"] is None else volume(planned["free_bytes"])


def _expected(planned: dict[str, Any]) -> str:
    if planned["expected_s"] is None:
        return "unknown: nothing was measured on this line yet"
    return f"{duration(planned['expected_s'])} at {volume(planned['rate'])}/s, the last pace that was seen"
