"""The options that a dbinfo may carry, a table a stage, and the column that each sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from rpconsole.domain.stage import Stage


class Kind(Enum):
    """What an option's value must be, by the column's type."""

    SMALL = 16
    INT = 32
    BIG = 64
    #: printed as an unsigned number, kept in a signed column
    BITS = "unsigned 64 bits"
    FLOAT = "float"
    #: at most this long: VARCHAR(64), VARCHAR(255)
    WORD = "word"
    TEXT = "text"
    #: present or not
    SWITCH = "switch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option of a completion command."""

    kind: Kind
    #: None: known, but no column
    column: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """The one command that a stage's dbinfo may be."""

    tool: str
    mode: str
    #: must be there; they say which row it is
    ids: Mapping[str, Kind]
    options: Mapping[str, Option]

    @property
    def kinds(self) -> dict[str, Kind]:
        """Of every option, ids among them, what its value must be."""
        return {**{name: option.kind for name, option in self.options.items()}, **self.ids}


def _columns(names: str, kind: Kind) -> dict[str, Option]:
    return {name: Option(kind=kind, column=name) for name in names.split()}


def _spread(names: str, ends: str) -> str:
    return " ".join(f"{name}{end}" for name in names.split() for end in ("", *ends.split()))


_VERSIONS = "ver_pslib ver_psmodules ver_psphot ver_psastro ver_ppstats ver_ppimage ver_pswarp ver_ppstack ver_streaks"
_COMMON = (
    _columns("uri path_base", Kind.TEXT)
    | _columns("hostname", Kind.WORD)
    | _columns("dtime_script", Kind.FLOAT)
    | _columns("quality", Kind.SMALL)
    | dict.fromkeys(["dbname", *_VERSIONS.split()], Option(kind=Kind.WORD, column=None))
)
_MASK_PARTS = "static dynamic magic advisory"
_IMAGE_STATISTICS = " ".join(
    (
        "bg bg_stdev bg_mean_stdev bias bias_stdev fringe_0 fringe_1 fringe_2 ap_resid ap_resid_stdev",
        _spread("fwhm_major fwhm_minor", "_lq _uq"),
        _spread("iq_fwhm_major iq_fwhm_minor", "_err"),
        _spread("iq_m2 iq_m2c iq_m2s iq_m3 iq_m4", "_err _lq _uq"),
    )
)
_COUNTS = "n_stars n_psfstars n_iqstars n_extended n_cr"


def _masked(prefix: str) -> dict[str, Option]:
    fractions = " ".join(f"{prefix}_{part}" for part in _MASK_PARTS.split())
    return _columns(f"{prefix}_npix", Kind.INT) | _columns(fractions, Kind.FLOAT)


_CHIP = (
    _COMMON
    | _columns(_IMAGE_STATISTICS, Kind.FLOAT)
    | _columns("dtime_detrend dtime_photom dtime_total deteff_magref", Kind.FLOAT)
    | _columns(_COUNTS, Kind.INT)
    | _columns("magicked", Kind.BIG)
    | _masked("maskfrac")
)

#: printed by the statistics, turned into columns together with ``zpt_obs``
DETEFF = {"deteff_inst": "deteff", "deteff_inst_lq": "deteff_lq", "deteff_inst_uq": "deteff_uq"}

_CAMERA = (
    _COMMON
    | _columns(_IMAGE_STATISTICS, Kind.FLOAT)
    | _columns(f"{_COUNTS} n_astrom", Kind.INT)
    | _columns("sigma_ra sigma_dec dtime_astrom zpt_obs zpt_lq zpt_uq", Kind.FLOAT)
    | _columns("ast_r0 ast_d0 ast_t0 ast_s0 ast_rs ast_ds", Kind.FLOAT)
    | _columns("astrom_chips", Kind.BITS)
    | _masked("maskfrac_ref")
    | _masked("maskfrac_max")
    | {"zpt_err": Option(kind=Kind.FLOAT, column="zpt_stdev")}
    | {"deteff_inst_err": Option(kind=Kind.FLOAT, column="deteff_err")}
    | dict.fromkeys(DETEFF, Option(kind=Kind.FLOAT, column=None))
)

_WARP = (
    _COMMON
    | _columns("bg bg_stdev dtime_warp good_frac", Kind.FLOAT)
    | _columns("xmin xmax ymin ymax", Kind.INT)
    | _masked("maskfrac")
    | {"set_magicked": Option(kind=Kind.BIG, column="magicked"), "accept": Option(kind=Kind.SWITCH, column=None)}
)

_STACK_TIMES = "stack match_mean match_stdev initial reject final convolve phot"
_STACK = (
    _COMMON
    | _columns("bg bg_stdev good_frac mjd_obs", Kind.FLOAT)
    | _columns(" ".join(f"dtime_{what}" for what in _STACK_TIMES.split()), Kind.FLOAT)
    | _columns("match_mean match_stdev match_rms stamps_mean stamps_stdev", Kind.FLOAT)
    | _columns("reject_pix_mean reject_pix_stdev", Kind.FLOAT)
    | _columns("stamps_min reject_images sources", Kind.INT)
)

COMPLETIONS: Mapping[Stage, Completion] = {
    Stage.CHIP: Completion(
        tool="chiptool",
        mode="addprocessedimfile",
        ids={"chip_id": Kind.BIG, "exp_id": Kind.BIG, "class_id": Kind.WORD},
        options=_CHIP,
    ),
    Stage.CAMERA: Completion(tool="camtool", mode="addprocessedexp", ids={"cam_id": Kind.BIG}, options=_CAMERA),
    Stage.WARP: Completion(
        tool="warptool",
        mode="addwarped",
        ids={"warp_id": Kind.BIG, "skycell_id": Kind.WORD, "tess_id": Kind.WORD},
        options=_WARP,
    ),
    Stage.STACK: Completion(tool="stacktool", mode="addsumskyfile", ids={"stack_id": Kind.BIG}, options=_STACK),
}
