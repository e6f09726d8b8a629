"""The databases in the configuration, for a tool that scripts call by the thousand and that needs nothing else of it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from rpconsole.config.finding import find_config, tables_of, text_of
from rpconsole.config.home import DatabaseSection


def load_databases(path: Path | None = None) -> tuple[DatabaseSection, Path]:
    """The section ``database``, and the file; BadConfiguration as ``load_config`` raises it when a mistake is in this section."""
    file = find_config(path)
    section = tables_of(file, text_of(file)).get("database", {})
    try:
        return DatabaseSection.model_validate(section, context={"base": file.absolute().parent}), file
    except ValidationError:
        pass
    # raised out here, as pydantic's error holds the values that were read, and one may be a password
    from rpconsole.config.loading import load_config

    return load_config(file).database, file
