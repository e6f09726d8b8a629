"""Kinds of values in the configuration file, each with its limits and its own words for them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A table of the configuration file; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False)


def refused(sentence: str, *, key: str = "") -> PydanticCustomError:
    """A mistake that only we can see, told in a sentence; ``key`` is where in the section it lies."""
    # braces would be read as places to fill
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence, "key": key})


def _local_path(value: object, info: ValidationInfo) -> object:
    """A path at home: ``~`` is the user's home, and a relative path starts at the configuration file."""
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value or "\0" in value:
        raise refused('must be a path in quotes, like "/data/rpconsole" or "~/rpconsole"')
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise refused(f"names a home directory that is not known: {value!r}") from None
    base: Path = (info.context or {}).get("base", Path.cwd())
    return path if path.is_absolute() else base / path


def _pattern(pattern: str, sentence: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise refused(f"{sentence}, not {value!r}")
        return value

    return AfterValidator(check)


def _not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise refused("must name at least one")
    return values


Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1)]
CountFromZero = Annotated[int, Field(strict=True, ge=0)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Hours = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Megabytes = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Gigabytes = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)]
Stretch = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]

LocalPath = Annotated[Path, BeforeValidator(_local_path)]
#: paths at the site are part of command lines that any login shell must read alike
SitePath = Annotated[
    str, _pattern(r"/[A-Za-z0-9_./+@=,-]*", "must be an absolute path of letters, digits and _ . / + @ = , -")
]
#: a word of a command line or of a script's header
Word = Annotated[
    str, _pattern(r"[A-Za-z0-9_./+@=,:%-]+", "must be one word of letters, digits and _ . / + @ = , : % -")
]
Name = Annotated[str, _pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]*", "must be a name of letters, digits and _ . -")]
HostName = Annotated[str, _pattern(r"[A-Za-z0-9][A-Za-z0-9.:-]*", "must be a host name or an address")]
#: a storage key or a directory; gpc1's column holds 255 characters, and run and component are added to it
PathBase = Annotated[
    str,
    _pattern(r"(?:neb:///?|/)[ -~]{1,200}", "must be a storage key like neb://any/remote/LABEL, or an absolute path"),
]
#: gpc1's column holds 64 characters
Label = Annotated[str, _pattern(r"[!-~]{1,64}", "must be a label of at most 64 characters without blanks")]
Several = AfterValidator(_not_empty)
