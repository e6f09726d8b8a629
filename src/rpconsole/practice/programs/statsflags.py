"""Which flags each statistics recipe prints, and in what form: what the database tools accept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class FlagForm(StrEnum):
    FLOAT = "float"
    INTEGER = "integer"
    TEXT = "text"
    SWITCH = "switch"


def _flags(floats: str, *, integers: str = "", versions: str = "", switches: str = "") -> dict[str, FlagForm]:
    table = dict.fromkeys(floats.split(), FlagForm.FLOAT)
    table |= dict.fromkeys(integers.split(), FlagForm.INTEGER)
    table |= dict.fromkeys(switches.split(), FlagForm.SWITCH)
    return table | dict.fromkeys([f"ver_{name}" for name in versions.split()], FlagForm.TEXT)


def _spread(*names: str, ends: str) -> str:
    return " ".join(f"{name}{end}" for name in names for end in ["", *ends.split()])


_MASKFRAC = "maskfrac_static maskfrac_dynamic maskfrac_magic maskfrac_advisory"
_CHIP = " ".join(
    [
        "bg bg_mean_stdev bg_stdev bias bias_stdev fringe_0 fringe_1 fringe_2 ap_resid ap_resid_stdev",
        _spread("fwhm_major", "fwhm_minor", ends="_lq _uq"),
        "dtime_detrend dtime_photom dtime_total",
        _spread("iq_fwhm_major", "iq_fwhm_minor", ends="_err"),
        _spread("iq_m2", "iq_m2c", "iq_m2s", "iq_m3", "iq_m4", ends="_err _lq _uq"),
        _MASKFRAC,
        "deteff_magref",
    ]
)
_CAMERA = " ".join(
    [
        "sigma_ra sigma_dec dtime_astrom ast_r0 ast_d0 ast_t0 ast_s0 ast_rs ast_ds zpt_obs zpt_err zpt_uq zpt_lq",
        _MASKFRAC.replace("maskfrac_", "maskfrac_ref_"),
        _MASKFRAC.replace("maskfrac_", "maskfrac_max_"),
    ]
)
_STACK = (
    "bg bg_stdev dtime_stack dtime_match_mean dtime_match_stdev dtime_initial dtime_reject dtime_final dtime_convolve "
    "dtime_phot match_mean match_stdev match_rms stamps_mean stamps_stdev reject_pix_mean reject_pix_stdev good_frac "
    "mjd_obs"
)

RECIPES: Mapping[str, Mapping[str, FlagForm]] = {
    "CHIP_IMFILE": _flags(
        _CHIP,
        integers="n_stars n_psfstars n_iqstars n_extended n_cr quality maskfrac_npix",
        versions="pslib psmodules psphot psastro ppstats ppimage streaks",
    ),
    "CAMERA_EXP_FPA": _flags(
        _CAMERA,
        integers="n_astrom astrom_chips quality maskfrac_ref_npix maskfrac_max_npix",
        versions="pslib psmodules psphot psastro ppstats streaks",
    ),
    "WARP_SKYCELL": _flags(
        f"bg bg_stdev dtime_warp good_frac {_MASKFRAC}",
        integers="xmin xmax ymin ymax quality maskfrac_npix",
        versions="pslib psmodules psphot ppstats pswarp streaks",
        switches="accept",
    ),
    "STACK_SKYCELL": _flags(
        _STACK,
        integers="stamps_min reject_images sources quality",
        versions="pslib psmodules psphot ppstats ppstack streaks",
    ),
}
