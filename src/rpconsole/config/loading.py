"""Finding and reading the configuration file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from rpconsole.config.lines import places_of
from rpconsole.config.mistakes import sentences_of
from rpconsole.config.model import Config
from rpconsole.config.secrets import exposed
from rpconsole.domain.fault import BadConfiguration

FILE_NAME = "rpconsole.toml"
VARIABLE = "RPCONSOLE_CONFIG"
SYSTEM_FILE = Path("/etc/rpconsole") / FILE_NAME
LARGEST_BYTES = 1_000_000
INIT = "write an annotated one with 'rpconsole config init'"
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def load_config(path: Path | None = None) -> Config:
    """Read and check the configuration; BadConfiguration names the file and every mistake with its line."""
    file = find_config(path)
    text = _text(file)
    data = _data(file, text)
    mistakes: list[str] = []
    try:
        config = Config.model_validate(_with_all_tables(data), context={"base": file.absolute().parent})
    except ValidationError as error:
        mistakes = sentences_of(error, Config, places_of(text))
    if mistakes:
        # raised out here, as pydantic's error holds the values that were read, and one may be a password
        raise BadConfiguration(_told(file, mistakes))
    config._source = file
    config._warnings = tuple(_warnings(config, file))
    return config


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


def _text(file: Path) -> str:
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


def _data(file: Path, text: str) -> dict[str, Any]:
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


def _with_all_tables(data: dict[str, Any]) -> Mapping[str, Any]:
    """A table that is left out is an empty one, so that each key that is missing is named."""
    tables = (name for name in Config.model_fields if name != "labels")
    return {**{name: {} for name in tables}, **data}


def _told(file: Path, sentences: list[str]) -> str:
    if len(sentences) == 1:
        return f"{file}, {sentences[0]}"
    return "\n".join([f"{file} has {len(sentences)} mistakes:", *(f"  {sentence}" for sentence in sentences)])


def _warnings(config: Config, file: Path) -> Iterator[str]:
    secrets = [file] if config.has_password() else []
    files = [config.database.password_file, config.journal.password_file]
    files += [config.storage.nebulous.password_file] if config.storage.nebulous else []
    secrets += [path for path in files if path is not None]
    if file.stat().st_mode & 0o002:
        yield f"{file} says where we log in and what runs there, and anybody may change it; run: chmod o-w {file}"
    for path in secrets:
        if (warning := exposed(path)) is not None:
            yield warning
