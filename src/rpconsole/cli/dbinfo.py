"""dbinfo check: read database updates of components without applying them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from rpconsole.cli.failures import failure_of
from rpconsole.cli.options import JsonOption
from rpconsole.cli.output import complain, show_json, show_table
from rpconsole.domain.fault import BadData

app = typer.Typer(no_args_is_help=True, help="Database updates that components leave behind.")

#: a completion record is one line of a few kilobytes
MAX_BYTES = 1 << 20


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="dbinfo files.")], as_json: JsonOption = False
) -> None:
    """Read dbinfo files as the engine would, and say what each would set; nothing is applied."""
    results = [_check(path) for path in files]
    if as_json:
        show_json({"version": 1, "files": results})
    else:
        good = [one for one in results if one["ok"]]
        show_table(
            ("file", "stage", "ids", "columns"),
            [(one["file"], one["stage"], _pairs(one["ids"]), len(one["columns"])) for one in good],
            empty="no file is right",
        )
        for one in results:
            if not one["ok"]:
                complain(f"rpconsole: {one['sentence']}")
    if not all(one["ok"] for one in results):
        raise typer.Exit(max(one["exit_code"] for one in results))


def _check(path: Path) -> dict[str, Any]:
    from rpconsole.domain.dbinfo import read_dbinfo

    try:
        statement = read_dbinfo(_content(path), source=str(path))
    except (BadData, OSError) as error:
        sentence, code = failure_of(error)
        return {"file": str(path), "ok": False, "sentence": sentence, "exit_code": code}
    return {
        "file": str(path),
        "ok": True,
        "exit_code": 0,
        "stage": statement.stage,
        "ids": dict(statement.ids),
        "columns": dict(statement.columns),
        "sha256": statement.sha256,
    }


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadData(f"{path}: more than {MAX_BYTES} bytes: this is not a dbinfo")
    return content


def _pairs(ids: dict[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in ids.items())
