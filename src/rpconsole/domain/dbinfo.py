"""The database updates that a component leaves behind: parsed, checked against their component, never executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rpconsole.domain.stage import Stage

Value = int | float | str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DbinfoStatement:
    """One completion record for gpc1, as typed columns of the stage's result table."""

    stage: Stage
    #: chip: chip_id exp_id class_id; camera: cam_id; warp: warp_id skycell_id tess_id; stack: stack_id
    ids: Mapping[str, int | str]
    #: every other column that the statement sets, by its name in the table; NaN and infinities are None
    columns: Mapping[str, Value]
    #: hash of the file's bytes
    sha256: str
    #: where it came from, for sentences
    source: str
