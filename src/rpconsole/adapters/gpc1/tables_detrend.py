"""Detrends; rpconsole only reads these."""

from __future__ import annotations

from rpconsole.adapters.gpc1.notation import gpc1_table

det_run = gpc1_table(
    "detRun",
    """
    *det_id:B+ *iteration:I *det_type:V64 *mode:V64 *state:V64 *filelevel:V64 workdir:V255 *camera:V64
    *telescope:V64 exp_type:V64 reduction:V64 *filter:V64 *airmass_min:F *airmass_max:F *exp_time_min:F
    *exp_time_max:F *ccd_temp_min:F *ccd_temp_max:F *posang_min:D *posang_max:D *registered:DT *time_begin:DT
    *time_end:DT use_begin:DT use_end:DT solang_min:F solang_max:F label:V64 ref_det_id:B ref_iter:I
    """,
    pk="det_id",
    keys=(
        "iteration",
        "det_type",
        "mode",
        "state",
        "label",
        "det_id iteration",
    ),
)

det_run_summary = gpc1_table(
    "detRunSummary",
    """
    *det_id:B *iteration:I data_state:V64 bg:D bg_stdev:D bg_mean_stdev:D *accept:T *fault:S!
    """,
    pk="det_id iteration",
)

#: detNormalizedImfile and detRegisteredImfile have the same columns, so that the two can be one UNION
_FILES = """
    *det_id:B *iteration:I *class_id:V64 *uri:V255 bg:D bg_stdev:D bg_mean_stdev:D user_1:D user_2:D user_3:D
    user_4:D user_5:D path_base:V255 *data_state:V64 *fault:S!
"""

det_normalized_imfile = gpc1_table("detNormalizedImfile", _FILES, pk="det_id iteration class_id")
det_registered_imfile = gpc1_table("detRegisteredImfile", _FILES, pk="det_id iteration class_id")
