"""Where the configuration file is, and what is in it before anybody knows what it means."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import platformdirs

from rpconsole.domain.fault import BadConfiguration

FILE_NAME = "rpconsole.toml"
VARIABLE = "RPCONSOLE_CONFIG"
SYSTEM_FILE = Path("/etc/rpconsole") / FILE_NAME
LARGEST_BYTES = 1_000_000
INIT = "write an annotated one with 'rpconsole config init'"
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def find_config(path: Path | None = None) -> Path:
    """The file to read: as given, else as $RPCONSOLE_CONFIG says, else the first of the usual places that has one."""
    if path is not None:
        return path
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    found = next((place for place in usual_places() if place.exists()), None)
    if found is None:
        looked = ", ".join(str(place) for place in usual_places())
        raise BadConfiguration(
            f"there is no configuration file: none was given with -c, ${VARIABLE} is not set, and there is none of "
            f"{looked}; {INIT}"
        )
    return found


def usual_places() -> tuple[Path, ...]:
    """Where a configuration is looked for, first to last."""
    return Path.cwd() / FILE_NAME, platformdirs.user_config_path("rpconsole") / FILE_NAME, SYSTEM_FILE


def text_of(file: Path) -> str:
    """What is in the file; BadConfiguration when that is no text."""
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise BadConfiguration(f"the configuration file {file} does not exist; {INIT}") from None
    except IsADirectoryError:
        raise BadConfiguration(
            f"{file} is a directory, not a configuration file; did you mean {file / FILE_NAME}?"
        ) from None
    except OSError as error:
        raise BadConfiguration(f"the configuration file {file} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_BYTES:
        raise BadConfiguration(f"{file} is larger than a megabyte: it is no configuration file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadConfiguration(
            f"{file}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8 text; save the file as UTF-8"
        ) from None
    if not text.strip():
        raise BadConfiguration(f"{file} is empty; {INIT}")
    return text


def tables_of(file: Path, text: str) -> dict[str, Any]:
    """The tables in the text; BadConfiguration names the place where it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        place = _TOML_PLACE.search(said)
        what = said[: place.start()] if place else said
        where = f"line {place[1]}, column {place[2]}" if place and place[1] else "at its end"
        raise BadConfiguration(f"{file} is not TOML, {where}: {what[:1].lower()}{what[1:]}") from None
    except RecursionError:
        raise BadConfiguration(f"{file} is not a configuration: it is nested too deeply") from None
