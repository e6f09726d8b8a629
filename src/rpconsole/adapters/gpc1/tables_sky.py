"""The warp and stack stages: everything that belongs to skycells."""

from __future__ import annotations

from rpconsole.adapters.gpc1.notation import gpc1_table

warp_run = gpc1_table(
    "warpRun",
    """
    *warp_id:B+ *fake_id:B *mode:V64 *state:V64 *workdir:V255 *workdir_state:V64 *label:V64 *data_group:V64
    *dist_group:V64 *dvodb:V255 *tess_id:V64 *reduction:V64 *end_stage:V64 registered:DT *magicked:B
    *software_ver:V16 *maskfrac_npix:F *maskfrac_static:F *maskfrac_dynamic:F *maskfrac_magic:F
    *maskfrac_advisory:F *note:V255
    """,
    pk="warp_id",
    keys=(
        "fake_id",
        "mode",
        "state",
        "workdir_state",
        "label",
        "data_group",
        "dist_group",
        "end_stage",
        "warp_id fake_id",
    ),
    refers={"fake_id": "fakeRun.fake_id"},
)

warp_sky_cell_map = gpc1_table(
    "warpSkyCellMap",
    """
    *warp_id:B *skycell_id:V64 *tess_id:V64 *class_id:V64 *fault:S
    """,
    pk="warp_id skycell_id tess_id class_id",
    keys=("fault",),
    refers={"warp_id": "warpRun.warp_id"},
)

warp_imfile = gpc1_table(
    "warpImfile",
    """
    *warp_id:B *skycell_id:V64 *warp_skyfile_id:B+
    """,
    pk="warp_id skycell_id",
    keys=("warp_skyfile_id",),
    refers={"warp_id": "warpRun.warp_id"},
)

warp_skyfile = gpc1_table(
    "warpSkyfile",
    """
    *warp_id:B *skycell_id:V64 *tess_id:V64 *uri:V255 *path_base:V255 *data_state:V64 *bg:D *bg_stdev:D
    *dtime_warp:F *dtime_script:F *hostname:V64 *good_frac:F *xmin:I *xmax:I *ymin:I *ymax:I *quality:S!=0
    *fault:S *magicked:B *software_ver:V16 *maskfrac_npix:I *maskfrac_static:F *maskfrac_dynamic:F
    *maskfrac_magic:F *maskfrac_advisory:F *background_model:S
    """,
    pk="warp_id skycell_id tess_id",
    keys=(
        "good_frac",
        "fault",
        "quality",
        "data_state",
    ),
)

stack_run = gpc1_table(
    "stackRun",
    """
    *stack_id:B+ *state:V64 *workdir:V255 *label:V64 *data_group:V64 *dist_group:V64 *reduction:V64 *dvodb:V255
    *registered:DT *skycell_id:V64 *tess_id:V64 *filter:V64 *software_ver:V16 *note:V255
    """,
    pk="stack_id",
    keys=(
        "state",
        "skycell_id",
        "tess_id",
        "label",
        "data_group",
        "dist_group",
    ),
)

stack_input_skyfile = gpc1_table(
    "stackInputSkyfile",
    """
    *stack_id:B *warp_id:B
    """,
    pk="stack_id warp_id",
    keys=("warp_id",),
    refers={"stack_id": "stackRun.stack_id"},
)

stack_sum_skyfile = gpc1_table(
    "stackSumSkyfile",
    """
    *stack_id:B *uri:V255 *path_base:V255 *bg:D *bg_stdev:D *dtime_stack:F *dtime_match_mean:F
    *dtime_match_stdev:F *dtime_convolve:F *dtime_initial:F *dtime_reject:F *dtime_final:F *dtime_phot:F
    *dtime_script:F *match_mean:F *match_stdev:F *match_rms:F *stamps_mean:F *stamps_stdev:F *stamps_min:I
    *reject_images:I *reject_pix_mean:F *reject_pix_stdev:F *sources:I *hostname:V64 *good_frac:F *mjd_obs:D
    *fault:S *software_ver:V16 *background_model:S *quality:S!=0
    """,
    pk="stack_id",
    keys=(
        "dtime_stack",
        "good_frac",
        "fault",
        "quality",
    ),
    refers={"stack_id": "stackRun.stack_id"},
)

stack_association = gpc1_table(
    "stackAssociation",
    """
    sass_id:B+ data_group:V64! projection_cell:V64! tess_id:V64! filter:V64!
    """,
    pk="sass_id",
)

stack_association_map = gpc1_table("stackAssociationMap", "sass_id:B stack_id:B", pk="sass_id stack_id")

warp_summary = gpc1_table("warpSummary", "warp_id:B projection_cell:V64! path_base:V255!", pk="warp_id projection_cell")
