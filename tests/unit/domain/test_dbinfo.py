"""Reading what a component leaves behind."""

from __future__ import annotations

import hashlib
import string
from shlex import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.dbinfo import BadDbinfo, Expected, expected_of, read_dbinfo
from rpconsole.domain.dbinfo_flags import COMPLETIONS, Kind
from rpconsole.domain.fault import ExitCode, Fault
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.stage import Stage

BASE = "neb://@HOST@.0/w/e1o/e1o.ch.9"
CHIP = (
    f"chiptool -addprocessedimfile -exp_id 77 -chip_id 9 -class_id XY01 -uri {BASE}.XY01.ch.fits -path_base {BASE} "
    "-magicked 0 -hostname LANL/Mustang -dtime_script 0 -dbname gpc1 -bg 312.500000 -bg_stdev nan -n_stars 412 "
    "-quality 0 -ver_pslib '36999' -ver_psphot '36800M' -maskfrac_npix 100 -maskfrac_static 0.031000 \n"
)
CAMERA = "camtool -cam_id 5 -addprocessedexp -uri UNKNOWN -dbname gpc1 -path_base neb:///w/e1o/e1o.cm.5 "
EXPECTED = Expected(ids={"chip_id": 9, "exp_id": 77, "class_id": "XY01"}, path_base="neb://ipp042.0/w/e1o/e1o.ch.9")


def refusal(text, **checks):
    with pytest.raises(BadDbinfo) as caught:
        read_dbinfo(text, source="/d/9.dbinfo", **checks)
    assert str(caught.value).startswith("/d/9.dbinfo: ")
    return str(caught.value)


def columns(text):
    return read_dbinfo(text, source="f").columns


def test_a_chips_completion_becomes_typed_columns():
    statement = read_dbinfo(CHIP, source="f", stage=Stage.CHIP, expect=EXPECTED, dbname="gpc1")
    assert statement.ids == {"exp_id": 77, "chip_id": 9, "class_id": "XY01"}
    assert statement.columns == {
        "uri": f"{BASE}.XY01.ch.fits",
        "path_base": BASE,
        "magicked": 0,
        "hostname": "LANL/Mustang",
        "dtime_script": 0.0,
        "bg": 312.5,
        "bg_stdev": None,
        "n_stars": 412,
        "quality": 0,
        "software_ver": "36800M",
        "maskfrac_npix": 100,
        "maskfrac_static": 0.031,
    }


def test_bytes_and_text_are_the_same_statement_with_the_hash_of_the_file():
    assert read_dbinfo(CHIP.encode(), source="f") == read_dbinfo(CHIP, source="f")
    assert read_dbinfo(CHIP, source="f").sha256 == hashlib.sha256(CHIP.encode()).hexdigest()


def test_a_hyphen_inside_a_word_stays_where_it_is():
    line = (
        "camtool -cam_id 5 -addprocessedexp -uri UNKNOWN -path_base neb://ipp-x.0/a-b/c-1.cm.5 -dbname gpc1-test "
        "-bg -1.500000 -ver_psphot '36-9' "
    )
    statement = read_dbinfo(line, source="f", dbname="gpc1-test")
    assert statement.columns["path_base"] == "neb://ipp-x.0/a-b/c-1.cm.5"
    assert statement.columns["bg"] == -1.5
    # a blank inside quotes has the line read word by word
    odd = read_dbinfo(f"{line} -hostname 'UH-Cray a-1'", source="f", dbname="gpc1-test")
    assert odd.columns["path_base"] == "neb://ipp-x.0/a-b/c-1.cm.5"
    assert odd.columns["hostname"] == "UH-Cray a-1"


def test_the_other_stages_are_read_too():
    warp = "warptool -addwarped -warp_id 3 -skycell_id skycell.1.2 -tess_id T.V3 -path_base /w/p -accept -set_magicked 4 -xmin -5"
    stack = "stacktool -addsumskyfile -stack_id 8 -path_base /w/s -dtime_phot 1.0 -dtime_phot 2.5 -mjd_obs 56000.25"
    assert read_dbinfo(warp, source="f").ids == {"warp_id": 3, "skycell_id": "skycell.1.2", "tess_id": "T.V3"}
    assert columns(warp) == {"path_base": "/w/p", "magicked": 4, "xmin": -5}
    assert read_dbinfo(stack, source="f").ids == {"stack_id": 8}
    assert columns(stack) == {"path_base": "/w/s", "dtime_phot": 2.5, "mjd_obs": 56000.25}


def test_the_last_of_a_repeated_option_counts():
    assert columns(CAMERA + "-quality 5 -quality 0")["quality"] == 0


def test_camera_error_of_the_zero_point_is_its_deviation():
    assert columns(CAMERA + "-zpt_err 0.015")["zpt_stdev"] == 0.015


def test_detection_efficiency_is_instrumental_plus_zero_point():
    found = columns(
        CAMERA + "-zpt_obs 25.0 -deteff_inst -3.5 -deteff_inst_lq -3.75 -deteff_inst_uq nan -deteff_inst_err 0.1"
    )
    assert (found["deteff"], found["deteff_lq"], found["deteff_uq"], found["deteff_err"]) == (21.5, 21.25, None, 0.1)


def test_a_sum_stays_within_single_precision():
    found = columns(f"{CAMERA} -zpt_obs 3e38 -deteff_inst 3e38 -deteff_inst_lq -1")
    assert (found["deteff"], found["deteff_lq"]) == (3.4028234e38, 3e38)


@pytest.mark.parametrize("zero_point", ["", "-zpt_obs nan"])
def test_without_a_zero_point_there_is_no_detection_efficiency(zero_point):
    assert columns(f"{CAMERA} {zero_point} -deteff_inst -3.5")["deteff"] is None


@pytest.mark.parametrize(
    ("printed", "kept"),
    [("5", 5), (str(2**63), -(2**63)), (str(2**64 - 1), -1), ("-1", -1), ("nan", None)],
)
def test_astrom_chips_folds_into_a_signed_column(printed, kept):
    assert columns(f"{CAMERA} -astrom_chips {printed}")["astrom_chips"] == kept


@pytest.mark.parametrize(
    ("versions", "merged"),
    [
        ("-ver_pslib 5 -ver_psphot 4", "4"),
        ("-ver_pslib 5 -ver_psphot 4 -ver_psmodules 3", "5"),
        ("-ver_pslib 5M -ver_psphot 4", "4"),
        ("-ver_pslib 5", None),
        ("-ver_psphot 'exported'", None),
        ("-ver_psphot 4 -ver_psastro '3M'", "4M"),
    ],
)
def test_versions_merge_into_one(versions, merged):
    assert columns(f"{CAMERA} {versions}").get("software_ver") == merged


@pytest.mark.parametrize(
    ("flag", "word", "value"),
    [
        ("bg", "-0.123000", -0.123),
        ("bg", "inf", None),
        ("bg", "-nan", None),
        ("bg", "1e-5", 1e-5),
        ("bg", "1e999", None),
        ("bg", "1e300", 3.4028234e38),
        ("bg", "-1e300", -3.4028234e38),
        ("n_stars", "12.000000", 12),
        ("n_stars", "nan", None),
        ("n_stars", str(2**31 - 1), None),
        ("n_stars", str(-(2**31)), -(2**31)),
        ("hostname", "'NULL'", None),
        ("hostname", "''", None),
        ("hostname", "(null)", None),
        ("hostname", "'a host, with blanks'", "a host, with blanks"),
    ],
)
def test_values_are_read_by_their_columns_type(flag, word, value):
    word = "'(null)'" if word == "(null)" else word
    assert columns(f"{CAMERA} -{flag} {word}")[flag] == value


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("   \n", "empty"),
        (CHIP + CHIP, "2 lines"),
        (CHIP + "rm -rf /\n", "2 lines"),
        (CHIP.replace(" -bg ", "\0"), "NUL"),
        ("\x7fELF\x02\x01", "'\\x7f'"),
        (b"\xff\xfe chiptool", "'ÿ'"),
        ("x" * 65_537, "65536"),
        ("rm -rf /", "'rm' is not a completion"),
        ("''", "'' is not a completion"),
        ("chiptool -listrun -chip_id 9", "-addprocessedimfile"),
        ("chiptool -updaterun -set_state full -addprocessedimfile", "-updaterun"),
        (CHIP.replace("-n_stars", "-n_star"), "the nearest is -n_stars"),
        (CHIP.replace("-exp_id 77", ""), "no -exp_id"),
        (CHIP.replace(f"-path_base {BASE}", ""), "no -path_base"),
        (CHIP.replace("-exp_id 77", "-exp_id nan"), "no -exp_id"),
        (CHIP.replace("412", "many"), "-n_stars must be a whole number, not 'many'"),
        (CHIP.replace("412", "4.5"), "-n_stars must be a whole number"),
        (CHIP.replace("412", str(2**31)), "32 bits"),
        (CHIP.replace("412", "9" * 5000), "whole number"),
        (CHIP.replace("312.500000", "-bg_stdev"), "-bg must be a number, not '-bg_stdev'"),
        (CHIP.replace("312.500000", "1_0"), "-bg must be a number"),
        (CHIP.replace("LANL/Mustang", "x" * 65), "65 characters"),
        (CHIP.replace("LANL/Mustang", "-dtime_script"), "-hostname has no value"),
        (CHIP.rstrip() + " -bg", "-bg at the end has no value"),
        (CHIP.rstrip() + " extra", "'extra' is not an option"),
        (CHIP.rstrip() + " -fault 4", "'-fault' is not an option"),
        (CHIP.replace("'36999'", "'36999"), "never closed"),
        (f"{CAMERA} -astrom_chips {2**64}", "64 bits"),
        (f"{CAMERA} -astrom_chips x", "whole number"),
    ],
)
def test_what_is_no_completion_is_refused_naming_file_and_word(text, word):
    assert word in refusal(text)


@pytest.mark.parametrize(
    "shell",
    [";", "|", "&", "`id`", "$(id)", ">", "<", "$HOME", "\\", '"', "*", "?", "#", "!", "{a,b}", "(", "\t;", "\r"],
)
@pytest.mark.parametrize("place", [" -bg ", "gpc1", "LANL/Mustang", "XY01 "])
def test_shell_text_outside_quotes_is_refused(shell, place):
    assert "has no place in a dbinfo" in refusal(CHIP.replace(place, place + shell, 1))


@pytest.mark.parametrize("shell", [";", "|", "&", "`id`", "$(id)", ">", "<", "$HOME", "\\", '"', "\x1b[2J", "é"])
def test_shell_text_inside_quotes_is_refused_too(shell):
    assert "has no place in a dbinfo" in refusal(CHIP.replace("LANL/Mustang", f"'a {shell} b'"))


def test_a_sentence_never_repeats_a_very_long_word():
    assert len(refusal(CHIP.replace("412", "x" * 9000))) < 300


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("-chip_id 9", "-chip_id 10"), "-chip_id is 10, but its component has 9"),
        (("-exp_id 77", "-exp_id 78"), "-exp_id is 78"),
        (("-class_id XY01", "-class_id XY02"), "-class_id is 'XY02'"),
        ((f"-path_base {BASE}", f"-path_base {BASE}0"), "-path_base is"),
        (("-dbname gpc1", "-dbname mops"), "-dbname is 'mops', but its component has 'gpc1'"),
        (("-chip_id 9", "-chip_id 10 -chip_id 9"), "-chip_id is 10"),
    ],
)
def test_another_components_dbinfo_is_refused_naming_the_word(change, word):
    assert word in refusal(CHIP.replace(*change), expect=EXPECTED, dbname="gpc1")


def test_another_stages_dbinfo_is_refused():
    assert "completes chip, but the component is of stage warp" in refusal(CHIP, stage=Stage.WARP)


def test_an_expected_id_that_the_stage_does_not_carry_is_asked_for():
    assert "no -warp_id" in refusal(CHIP, expect=Expected(ids={"warp_id": 3}, path_base=BASE))


def test_a_bad_dbinfo_is_a_fault_of_data():
    assert (BadDbinfo.fault, BadDbinfo.exit_code) == (Fault.DATA, ExitCode.DATA)


def record(key, **fields):
    return ManifestRecord(key=key, local="/l", remote="/r", role=Role.PRODUCT, **fields)


@pytest.mark.parametrize(
    ("stage", "product", "ids", "path_base"),
    [
        (
            Stage.CHIP,
            record("neb:///w/e.ch.9.XY01.dbinfo", component=9, item="XY01", ids=(("exp_id", 77),)),
            {"chip_id": 9, "class_id": "XY01", "exp_id": 77},
            "neb:///w/e.ch.9",
        ),
        (Stage.CAMERA, record("neb:///w/e.cm.5.dbinfo", component=5, item="e"), {"cam_id": 5}, "neb:///w/e.cm.5"),
        (
            Stage.WARP,
            record("neb:///w/e.wrp.3.skycell.1.2.dbinfo", component=3, item="skycell.1.2"),
            {"warp_id": 3, "skycell_id": "skycell.1.2"},
            "neb:///w/e.wrp.3.skycell.1.2",
        ),
        (
            Stage.STACK,
            record("neb:///w/T.s.stk.8.dbinfo", component=8, item="s"),
            {"stack_id": 8},
            "neb:///w/T.s.stk.8",
        ),
    ],
)
def test_what_is_expected_follows_from_the_products_record(stage, product, ids, path_base):
    assert expected_of(stage, product) == Expected(ids=ids, path_base=path_base)


def test_a_product_of_unknown_component_has_no_expectation():
    with pytest.raises(BadDbinfo, match="unknown"):
        expected_of(Stage.CHIP, record("neb:///w/x.dbinfo"))


PLAIN = st.text(string.ascii_letters + string.digits + "_./:@+,=%~", min_size=1, max_size=64).filter(
    lambda text: text not in {"NULL"}
)
BITS = {Kind.SMALL: 16, Kind.INT: 32, Kind.BIG: 64}


@st.composite
def completions(draw):
    """A stage, ids and single-valued columns, and the line that says them."""
    stage = draw(st.sampled_from(Stage))
    completion = COMPLETIONS[stage]
    simple = {
        name: option
        for name, option in completion.options.items()
        if option.column == name and name not in {"path_base"} and option.kind is not Kind.BITS
    }
    chosen = draw(st.lists(st.sampled_from(sorted(simple)), unique=True))
    kinds = {"path_base": Kind.TEXT, **completion.ids, **{name: simple[name].kind for name in chosen}}
    values = {name: draw(value_of(kind)) for name, kind in kinds.items()}
    words = [
        completion.tool,
        *(word for name in draw(st.permutations(sorted(values))) for word in option_words(name, values)),
    ]
    words.insert(draw(st.sampled_from(range(1, len(words) + 1, 2))), f"-{completion.mode}")
    return stage, {name: values[name] for name in completion.ids}, values, " ".join(words) + "\n"


def value_of(kind):
    if kind in BITS:
        return st.integers(-(2 ** (BITS[kind] - 1)), 2 ** (BITS[kind] - 1) - 2)
    if kind is Kind.FLOAT:
        return st.floats(-(2.0**100), 2.0**100).map(lambda value: float(f"{value:f}"))
    return PLAIN


def option_words(name, values):
    value = values[name]
    return [f"-{name}", f"{value:f}" if isinstance(value, float) else quote(str(value))]


@given(completions())
def test_a_line_in_any_order_comes_back_as_its_values(case):
    stage, ids, values, line = case
    statement = read_dbinfo(line, source="f", stage=stage)
    assert statement.ids == ids
    assert statement.columns == {name: value for name, value in values.items() if name not in ids}


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_content_raises_anything_but_a_bad_dbinfo(content):
    with pytest.raises(BadDbinfo):
        read_dbinfo(content, source="f", expect=EXPECTED)


FRAGMENTS = st.sampled_from(
    [*CHIP.split(), *CAMERA.split(), "'", "nan", "-1", "''", "'a b'", ";", "-accept", "\n", "1e9", "-"]
)


@given(st.lists(FRAGMENTS, max_size=30).map(" ".join))
def test_no_mixture_of_known_words_raises_anything_but_a_bad_dbinfo(text):
    try:
        statement = read_dbinfo(text, source="f")
    except BadDbinfo:
        return
    assert statement.columns["path_base"]


@pytest.mark.parametrize("stage", Stage)
def test_no_two_options_set_the_same_column(stage: Stage) -> None:
    columns = [option.column for option in COMPLETIONS[stage].options.values() if option.column]
    assert len(set(columns)) == len(columns)
