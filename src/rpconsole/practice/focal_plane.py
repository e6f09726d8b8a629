"""The practice camera's geometry: which chips there are, and where each lies in the focal plane."""

from __future__ import annotations

from dataclasses import dataclass

OTA_PX = 160
GAP_PX = 10
PITCH_PX = OTA_PX + GAP_PX
PIXEL_SCALE_DEG = 1.0 / 3600.0
_CORNERS = {(0, 0), (0, 7), (7, 0), (7, 7)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ota:
    """One chip of the camera; `x_px`, `y_px` is the nominal place of its first pixel, from the optical axis."""

    column: int
    row: int

    @property
    def class_id(self) -> str:
        return f"XY{self.column}{self.row}"

    @property
    def x_px(self) -> float:
        return (self.column - 4) * PITCH_PX + GAP_PX / 2

    @property
    def y_px(self) -> float:
        return (self.row - 4) * PITCH_PX + GAP_PX / 2

    @property
    def from_axis_px(self) -> float:
        half = OTA_PX / 2
        return float(((self.x_px + half) ** 2 + (self.y_px + half) ** 2) ** 0.5)


ALL_OTAS = tuple(Ota(column=c, row=r) for c in range(8) for r in range(8) if (c, r) not in _CORNERS)


def ota_of(class_id: str) -> Ota:
    for ota in ALL_OTAS:
        if ota.class_id == class_id:
            return ota
    raise ValueError(
        f"no chip {class_id!r} in the camera; its {len(ALL_OTAS)} chips are XY01 to XY76, without the corners"
    )


def compact_block(count: int) -> tuple[Ota, ...]:
    """The `count` chips nearest to the optical axis, in the order of their names."""
    if not 1 <= count <= len(ALL_OTAS):
        raise ValueError(f"the camera has 1 to {len(ALL_OTAS)} chips, not {count}")
    nearest = sorted(ALL_OTAS, key=lambda ota: (round(ota.from_axis_px, 3), ota.class_id))[:count]
    return tuple(sorted(nearest, key=lambda ota: ota.class_id))
