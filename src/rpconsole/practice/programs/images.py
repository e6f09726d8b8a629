"""FITS in and out, with sentences instead of library errors."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from rpconsole.practice.programs.arrays import Bits, Pixels, Table
from rpconsole.practice.programs.exits import BadInput, MissingInput

Cards = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """One table of a file, with the name and the cards of its header."""

    name: str
    cards: Cards
    rows: Table


def read_image(path: str) -> tuple[Pixels, dict[str, Any]]:
    """The pixels as floats, and the header as a plain mapping."""
    with _opened(path) as hdus:
        if hdus[0].data is None:
            raise BadInput(f"{path} holds no image")
        return np.asarray(hdus[0].data, dtype=np.float64), dict(hdus[0].header)


def read_mask(path: str) -> tuple[Bits, dict[str, Any]]:
    """Like `read_image`, for images whose pixels are mask bits."""
    pixels, header = read_image(path)
    return pixels.astype(np.int16), header


def read_header(path: str) -> dict[str, Any]:
    with _opened(path) as hdus:
        return dict(hdus[0].header)


def read_tables(path: str, wanted: Sequence[str] | None = None) -> tuple[dict[str, Any], dict[str, Extension]]:
    """The primary header, and the tables by extension name (all, or those that are wanted and there)."""
    with _opened(path) as hdus:
        found = {
            hdu.name: Extension(name=hdu.name, cards=dict(hdu.header), rows=np.asarray(hdu.data))
            for hdu in hdus[1:]
            if wanted is None or hdu.name in wanted
        }
        return dict(hdus[0].header), found


def read_table(path: str) -> tuple[dict[str, Any], Table]:
    """The primary header and the first table."""
    header, tables = read_tables(path)
    if not tables:
        raise BadInput(f"{path} holds no table")
    return header, next(iter(tables.values())).rows


def words(column: Table) -> list[str]:
    """The texts of a table's column; FITS keeps them as padded bytes."""
    return [bytes(word).decode("ascii").strip() for word in column]


def write_image(path: str, pixels: Table, cards: Cards) -> None:
    hdu = fits.PrimaryHDU(pixels)
    hdu.header.update(_known(cards))
    hdu.writeto(path, overwrite=True)


def write_tables(path: str, cards: Cards, extensions: Sequence[Extension]) -> None:
    primary = fits.PrimaryHDU()
    primary.header.update(_known(cards))
    hdus = fits.HDUList([primary])
    for extension in extensions:
        hdu = fits.BinTableHDU(extension.rows, name=extension.name)
        hdu.header.update(_known(extension.cards))
        hdus.append(hdu)
    hdus.writeto(path, overwrite=True)


def _known(cards: Cards) -> dict[str, Any]:
    """A header cannot say NaN: what is not known is left out."""
    return {key: value for key, value in cards.items() if not (isinstance(value, float) and not np.isfinite(value))}


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """Open a FITS file for reading; a missing, empty or broken one becomes a fault of the program."""
    if not os.path.isfile(path):
        raise MissingInput(f"no such file: {path}")
    if os.path.getsize(path) == 0:
        raise BadInput(f"{path} is empty")
    with open(path, "rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("error", AstropyWarning)  # it only warns of files that were cut short
        try:
            with fits.open(stream, memmap=False) as hdus:
                yield hdus
        except (OSError, ValueError, TypeError, IndexError, AstropyWarning) as error:
            raise BadInput(f"{path} is not a whole FITS file: {' '.join(str(error).split())}") from None
