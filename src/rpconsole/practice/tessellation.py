"""The practice tessellation: one projection cell, cut into 10 x 10 skycells that share a tangent point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rpconsole.practice.focal_plane import PIXEL_SCALE_DEG
from rpconsole.practice.programs.arrays import Column
from rpconsole.practice.programs.tan import TanWcs

TESS_ID = "RINGS.V3"
PROJECTION_CELL = "skycell.1234"
CELLS = 10
STEP_PX = 360
BORDER_PX = 10  # each skycell reaches so far into its neighbours
SIZE_PX = STEP_PX + 2 * BORDER_PX


@dataclass(frozen=True, kw_only=True, slots=True)
class Skycell:
    """One cell by its column and row in the projection cell."""

    column: int
    row: int
    ra_deg: float
    dec_deg: float

    @property
    def skycell_id(self) -> str:
        return f"{PROJECTION_CELL}.{self.row * CELLS + self.column:03d}"

    @property
    def wcs(self) -> TanWcs:
        """North up, east left; the tangent point is that of the projection cell."""
        return TanWcs(
            ra_deg=self.ra_deg,
            dec_deg=self.dec_deg,
            x_ref=(CELLS / 2 - self.column) * STEP_PX + BORDER_PX - 0.5,
            y_ref=(CELLS / 2 - self.row) * STEP_PX + BORDER_PX - 0.5,
            cd=(-PIXEL_SCALE_DEG, 0.0, 0.0, PIXEL_SCALE_DEG),
        )

    def shared_px(self, x: Column, y: Column) -> float:
        """The shorter side of what this cell shares with a box, given by two corners in pixels of the first cell."""
        return min(_overlap_px(x - self.column * STEP_PX), _overlap_px(y - self.row * STEP_PX))

    def header_cards(self) -> list[str]:
        identity: dict[str, str | float] = {
            "SKYCELL": self.skycell_id,
            "TESS_ID": TESS_ID,
            "IMAGEW": SIZE_PX,
            "IMAGEH": SIZE_PX,
        }
        return [f"{key:<8}= {_card_value(value)}" for key, value in (identity | self.wcs.cards()).items()]


def _overlap_px(ends: Column) -> float:
    low, high = sorted(ends.tolist())
    return float(min(high, SIZE_PX - 0.5) - max(low, -0.5))


def _card_value(value: str | float) -> str:
    return f"'{value:<8}'" if isinstance(value, str) else f"{value!r:>20}"


def all_skycells(ra_deg: float, dec_deg: float) -> tuple[Skycell, ...]:
    return tuple(
        Skycell(column=column, row=row, ra_deg=ra_deg, dec_deg=dec_deg)
        for row in range(CELLS)
        for column in range(CELLS)
    )


def write_tessellation(directory: Path, ra_deg: float, dec_deg: float) -> None:
    """One small header file a skycell, as `dvoImageExtract` wants them."""
    directory.mkdir(parents=True, exist_ok=True)
    for cell in all_skycells(ra_deg, dec_deg):
        (directory / f"{cell.skycell_id}.hdr").write_text("\n".join(cell.header_cards()) + "\n", encoding="ascii")
