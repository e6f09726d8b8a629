"""Reading and checking the configuration file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rpconsole.config.finding import find_config, tables_of, text_of
from rpconsole.config.lines import places_of
from rpconsole.config.mistakes import sentences_of
from rpconsole.config.model import Config
from rpconsole.config.secrets import exposed
from rpconsole.domain.fault import BadConfiguration


def load_config(path: Path | None = None) -> Config:
    """Read and check the configuration; BadConfiguration names the file and every mistake with its line."""
    file = find_config(path)
    text = text_of(file)
    data = tables_of(file, text)
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
