"""gpc1's tables under their names in Python, as schema 1.1.81 has them, column for column.

Foreign keys to parents that are not unique are left out: current servers refuse to make them.
"""

from __future__ import annotations

from rpconsole.adapters.gpc1.notation import metadata
from rpconsole.adapters.gpc1.tables_detrend import (
    det_normalized_imfile,
    det_registered_imfile,
    det_run,
    det_run_summary,
)
from rpconsole.adapters.gpc1.tables_exposure import (
    cam_processed_exp,
    cam_run,
    chip_imfile,
    chip_processed_imfile,
    chip_run,
    fake_processed_imfile,
    fake_run,
)
from rpconsole.adapters.gpc1.tables_raw import (
    cam_mask,
    chip_mask,
    dbversion,
    fake_mask,
    label,
    raw_exp,
    raw_imfile,
    skycell,
    warp_mask,
)
from rpconsole.adapters.gpc1.tables_remote import remote_component, remote_run
from rpconsole.adapters.gpc1.tables_sky import (
    stack_association,
    stack_association_map,
    stack_input_skyfile,
    stack_run,
    stack_sum_skyfile,
    warp_imfile,
    warp_run,
    warp_sky_cell_map,
    warp_skyfile,
    warp_summary,
)

__all__ = [
    "metadata",
    "raw_exp",
    "raw_imfile",
    "chip_run",
    "chip_imfile",
    "chip_processed_imfile",
    "cam_run",
    "cam_processed_exp",
    "fake_run",
    "fake_processed_imfile",
    "warp_run",
    "warp_sky_cell_map",
    "warp_imfile",
    "warp_skyfile",
    "warp_summary",
    "stack_run",
    "stack_input_skyfile",
    "stack_sum_skyfile",
    "stack_association",
    "stack_association_map",
    "det_run",
    "det_run_summary",
    "det_normalized_imfile",
    "det_registered_imfile",
    "remote_run",
    "remote_component",
    "label",
    "chip_mask",
    "cam_mask",
    "fake_mask",
    "warp_mask",
    "skycell",
    "dbversion",
]
