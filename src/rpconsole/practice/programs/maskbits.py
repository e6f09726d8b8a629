"""Bits of the masks, and which of them make a pixel useless."""

from __future__ import annotations

from enum import IntFlag


class MaskBit(IntFlag):
    DETECTOR = 0x0001
    FLAT = 0x0002
    BLANK = 0x0008
    SATURATED = 0x0020
    TRAIL = 0x0080
    COSMIC_RAY = 0x0100
    STAR_CORE = 0x1000
    POOR = 0x2000


STATIC = int(MaskBit.DETECTOR | MaskBit.FLAT | MaskBit.BLANK)
DYNAMIC = int(MaskBit.SATURATED | MaskBit.COSMIC_RAY | MaskBit.STAR_CORE | MaskBit.POOR)
ADVISORY = int(MaskBit.TRAIL)
BAD = STATIC | DYNAMIC
