"""The chip, camera and fake stages: everything that belongs to one exposure."""

from __future__ import annotations

from rpconsole.adapters.gpc1.notation import gpc1_table

chip_run = gpc1_table(
    "chipRun",
    """
    *chip_id:B+ *exp_id:B *state:V64 *workdir:V255 *workdir_state:V64 *label:V64 *data_group:V64 *dist_group:V64
    *reduction:V64 *expgroup:V64 *dvodb:V255 *tess_id:V64 *end_stage:V64 *magicked:B *software_ver:V16
    *maskfrac_npix:F *maskfrac_static:F *maskfrac_dynamic:F *maskfrac_magic:F *maskfrac_advisory:F
    *update_mode:S=0 *note:V255
    """,
    pk="chip_id",
    keys=(
        "exp_id",
        "state",
        "workdir_state",
        "label",
        "data_group",
        "dist_group",
        "expgroup",
        "end_stage",
        "chip_id exp_id",
    ),
    refers={"exp_id": "rawExp.exp_id"},
)

chip_imfile = gpc1_table(
    "chipImfile",
    """
    *chip_id:B *class_id:V64 *chip_imfile_id:B+
    """,
    pk="chip_id class_id",
    keys=("chip_imfile_id",),
    refers={"chip_id": "chipRun.chip_id"},
)

chip_processed_imfile = gpc1_table(
    "chipProcessedImfile",
    """
    *chip_id:B *exp_id:B *class_id:V64 *data_state:V64 *uri:V255 *bg:F *bg_stdev:F *bg_mean_stdev:F *bias:F
    *bias_stdev:F *fringe_0:F *fringe_1:F *fringe_2:F *ap_resid:F *ap_resid_stdev:F *fwhm_major:F
    *fwhm_major_lq:F *fwhm_major_uq:F *fwhm_minor:F *fwhm_minor_lq:F *fwhm_minor_uq:F *iq_fwhm_major:F
    *iq_fwhm_major_err:F *iq_fwhm_minor:F *iq_fwhm_minor_err:F *iq_m2:F *iq_m2_err:F *iq_m2_lq:F *iq_m2_uq:F
    *iq_m2c:F *iq_m2c_err:F *iq_m2c_lq:F *iq_m2c_uq:F *iq_m2s:F *iq_m2s_err:F *iq_m2s_lq:F *iq_m2s_uq:F *iq_m3:F
    *iq_m3_err:F *iq_m3_lq:F *iq_m3_uq:F *iq_m4:F *iq_m4_err:F *iq_m4_lq:F *iq_m4_uq:F *dtime_detrend:F
    *dtime_photom:F *dtime_total:F *dtime_script:F *hostname:V64 *n_stars:I *n_psfstars:I *n_iqstars:I
    *n_extended:I *n_cr:I *path_base:V255 *quality:S!=0 *fault:S! *magicked:B *software_ver:V16 *maskfrac_npix:I
    *maskfrac_static:F *maskfrac_dynamic:F *maskfrac_magic:F *maskfrac_advisory:F *deteff_magref:F
    """,
    pk="chip_id exp_id class_id",
    keys=(
        "data_state",
        "fault",
        "quality",
    ),
    refers={"exp_id class_id": "rawImfile.exp_id class_id"},
)

cam_run = gpc1_table(
    "camRun",
    """
    *cam_id:B+ *chip_id:B *state:V64 *workdir:V255 *workdir_state:V64 *label:V64 *data_group:V64 *dist_group:V64
    *reduction:V64 *expgroup:V64 *dvodb:V255 *tess_id:V64 *end_stage:V64 *magicked:B *software_ver:V16
    *maskfrac_ref_npix:F *maskfrac_ref_static:F *maskfrac_ref_dynamic:F *maskfrac_ref_magic:F
    *maskfrac_ref_advisory:F *maskfrac_max_npix:F *maskfrac_max_static:F *maskfrac_max_dynamic:F
    *maskfrac_max_magic:F *maskfrac_max_advisory:F *note:V255
    """,
    pk="cam_id",
    keys=(
        "chip_id",
        "state",
        "workdir_state",
        "label",
        "data_group",
        "dist_group",
        "expgroup",
        "end_stage",
        "cam_id chip_id",
    ),
    refers={"chip_id": "chipRun.chip_id"},
)

cam_processed_exp = gpc1_table(
    "camProcessedExp",
    """
    *cam_id:B *uri:V255 *bg:F *bg_stdev:F *bg_mean_stdev:F *bias:F *bias_stdev:F *fringe_0:F *fringe_1:F
    *fringe_2:F *sigma_ra:F *sigma_dec:F *ap_resid:F *ap_resid_stdev:F *zpt_obs:F *zpt_stdev:F *zpt_lq:F
    *zpt_uq:F *fwhm_major:F *fwhm_major_lq:F *fwhm_major_uq:F *fwhm_minor:F *fwhm_minor_lq:F *fwhm_minor_uq:F
    *iq_fwhm_major:F *iq_fwhm_major_err:F *iq_fwhm_minor:F *iq_fwhm_minor_err:F *iq_m2:F *iq_m2_err:F
    *iq_m2_lq:F *iq_m2_uq:F *iq_m2c:F *iq_m2c_err:F *iq_m2c_lq:F *iq_m2c_uq:F *iq_m2s:F *iq_m2s_err:F
    *iq_m2s_lq:F *iq_m2s_uq:F *iq_m3:F *iq_m3_err:F *iq_m3_lq:F *iq_m3_uq:F *iq_m4:F *iq_m4_err:F *iq_m4_lq:F
    *iq_m4_uq:F *dtime_script:F *dtime_astrom:F *dtime_addstar:F *hostname:V64 *n_stars:I *n_psfstars:I
    *n_iqstars:I *n_extended:I *n_cr:I *n_astrom:I *path_base:V255 *fault:S! *software_ver:V16
    *maskfrac_ref_npix:I *maskfrac_ref_static:F *maskfrac_ref_dynamic:F *maskfrac_ref_magic:F
    *maskfrac_ref_advisory:F *maskfrac_max_npix:I *maskfrac_max_static:F *maskfrac_max_dynamic:F
    *maskfrac_max_magic:F *maskfrac_max_advisory:F *deteff:F *deteff_err:F *deteff_lq:F *deteff_uq:F
    *quality:S!=0 *background_model:S *astrom_chips:B *ast_r0:F *ast_d0:F *ast_t0:F *ast_s0:F *ast_rs:F
    *ast_ds:F
    """,
    pk="cam_id",
    keys=(
        "fault",
        "quality",
    ),
    refers={"cam_id": "camRun.cam_id"},
)

fake_run = gpc1_table(
    "fakeRun",
    """
    *fake_id:B+ *cam_id:B *state:V64 *workdir:V255 *label:V64 *data_group:V64 *dist_group:V64 *reduction:V64
    *expgroup:V64 *dvodb:V255 *tess_id:V64 *end_stage:V64 epoch:TS *note:V255
    """,
    pk="fake_id",
    keys=(
        "cam_id",
        "state",
        "label",
        "data_group",
        "dist_group",
        "expgroup",
        "end_stage",
        "fake_id cam_id",
    ),
    refers={"cam_id": "camRun.cam_id"},
)

fake_processed_imfile = gpc1_table(
    "fakeProcessedImfile",
    """
    *fake_id:B+ *exp_id:B *class_id:V64 uri:V255 dtime_fake:F *dtime_script:F hostname:V64 *path_base:V255
    *data_state:V64 *fault:S! epoch:TS
    """,
    pk="fake_id exp_id class_id",
    keys=("fault",),
    refers={"fake_id": "fakeRun.fake_id", "exp_id class_id": "rawImfile.exp_id class_id"},
)
