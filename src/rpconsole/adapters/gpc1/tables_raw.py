"""Exposures as the camera wrote them, labels, and the schema's version; rpconsole only reads these."""

from __future__ import annotations

from rpconsole.adapters.gpc1.notation import gpc1_table

raw_exp = gpc1_table(
    "rawExp",
    """
    *exp_id:B *exp_name:V64 *camera:V64 *telescope:V64 *dateobs:DT *exp_tag:V255 *exp_type:V64 *filelevel:V64
    *workdir:V255 *state:V64 *reduction:V64 *dvodb:V255 *tess_id:V64 *end_stage:V64 *filter:V64 *comment:V80
    *obs_mode:V64 obs_group:V64 airmass:F *ra:D *decl:D *exp_time:F sat_pixel_frac:F bg:D bg_stdev:D
    bg_mean_stdev:D alt:D az:D ccd_temp:F posang:D m1_x:F m1_y:F m1_z:F m1_tip:F m1_tilt:F m2_x:F m2_y:F m2_z:F
    m2_tip:F m2_tilt:F env_temperature:F env_humidity:F env_wind_speed:F env_wind_dir:F teltemp_m1:F
    teltemp_m1cell:F teltemp_m2:F teltemp_spider:F teltemp_truss:F teltemp_extra:F pon_time:F user_1:D user_2:D
    user_3:D user_4:D user_5:D *object:V64 sun_angle:F sun_alt:F moon_angle:F moon_alt:F moon_phase:F
    hostname:V64 *fault:S! epoch:TS *magicked:B
    """,
    pk="exp_id",
    keys=(
        "end_stage",
        "fault",
        "state",
        "exp_name",
    ),
)

raw_imfile = gpc1_table(
    "rawImfile",
    """
    *exp_id:B *exp_name:V64 camera:V64 telescope:V64 dateobs:DT tmp_class_id:V64 *class_id:V64 *uri:V255
    *data_state:V64 exp_type:V64 filelevel:V64 filter:V64 comment:V80 obs_mode:V64 obs_group:V64 airmass:F ra:D
    decl:D exp_time:F sat_pixel_frac:F bg:D bg_stdev:D bg_mean_stdev:D alt:D az:D ccd_temp:F posang:D m1_x:F
    m1_y:F m1_z:F m1_tip:F m1_tilt:F m2_x:F m2_y:F m2_z:F m2_tip:F m2_tilt:F env_temperature:F env_humidity:F
    env_wind_speed:F env_wind_dir:F teltemp_m1:F teltemp_m1cell:F teltemp_m2:F teltemp_spider:F teltemp_truss:F
    teltemp_extra:F pon_time:F *user_1:D user_2:D user_3:D user_4:D user_5:D object:V64 sun_angle:F sun_alt:F
    moon_angle:F moon_alt:F moon_phase:F *ignored:T=0 hostname:V64 *quality:S!=0 *fault:S! epoch:TS
    raw_image_id:B+ *magicked:B *bytes:I *md5sum:V32 *burntool_state:S *video_cells:T=0
    """,
    pk="exp_id class_id",
    keys=(
        "tmp_class_id",
        "fault",
        "raw_image_id",
        "quality",
        "dateobs",
    ),
    unique=("exp_id tmp_class_id",),
)

label = gpc1_table(
    "Label",
    """
    *label:V64 *priority:I *active:T *comment:V80
    """,
    pk="label",
    keys=(
        "priority",
        "active",
    ),
)

skycell = gpc1_table(
    "skycell",
    """
    tess_id:V64 skycell_id:V64 radeg:F decdeg:F glong:F glat:F width:F height:F
    """,
    pk="tess_id skycell_id",
)

dbversion = gpc1_table(
    "dbversion",
    """
    *schema_version:V64 updated:TS
    """,
)

#: a row in one of these keeps its label out of that stage; stack has none
chip_mask = gpc1_table("chipMask", "*label:V64", pk="label")
cam_mask = gpc1_table("camMask", "*label:V64", pk="label")
fake_mask = gpc1_table("fakeMask", "*label:V64", pk="label")
warp_mask = gpc1_table("warpMask", "*label:V64", pk="label")
