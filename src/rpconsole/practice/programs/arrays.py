"""Names for the arrays that the pixel programs pass about."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Bits: TypeAlias = NDArray[np.int16]
Column: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]
Table: TypeAlias = NDArray[Any]
