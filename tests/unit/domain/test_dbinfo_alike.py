"""Lines that are read together mean what each means when it is read alone."""

from __future__ import annotations

import pytest

from rpconsole.domain.dbinfo import BadDbinfo, DbinfoStatement, Expected, Returned, read_dbinfo
from rpconsole.domain.dbinfo_alike import read_alike
from rpconsole.domain.dbinfo_flags import COMPLETIONS, DETEFF, Kind
from rpconsole.domain.stage import Stage

SOURCES = ["one", "two", "three"]
GOOD = {
    Kind.SMALL: "7",
    Kind.INT: "12345",
    Kind.BIG: "123456789",
    Kind.FLOAT: "-1.5e-3",
    Kind.WORD: "a",
    Kind.TEXT: "x",
}
#: what values look like that are not plain, are at a border, or are no values at all
ODD = [
    "nan", "-inf", "1e39", "-1e39", "3.4028234e38", "3.4028235e38", "1e999", ".5", "5.", "-", "+1", "1.0", "-0", "0x1",
    "32766", "32767", "-32768", "-32769", "2147483647", "-2147483648", "9223372036854775806", "9223372036854775807",
    "18446744073709551615", "1" * 25, "0" * 25, "1" * 5000, "1e00001",
    "1e-99999", "--1", "1-", "e", ".", "1e", "INFINITY", "NULL", "-name", "a" * 65, "b" * 256, "1_0", "-fault", "'1 2'", "''", "%",
]  # fmt: skip


def options_of(stage: Stage) -> dict[str, Kind]:
    completion = COMPLETIONS[stage]
    return {**completion.ids, **{name: option.kind for name, option in completion.options.items()}}


def line(stage: Stage, values: dict[str, str]) -> str:
    completion = COMPLETIONS[stage]
    return f"{completion.tool} -{completion.mode} {' '.join(f'-{name} {value}' for name, value in values.items())}\n"


def plain(stage: Stage) -> dict[str, str]:
    return {name: GOOD[kind] for name, kind in options_of(stage).items() if kind in GOOD}


def expected(stage: Stage, number: int) -> Expected:
    ids = {name: number if kind is Kind.BIG else f"a{number}" for name, kind in COMPLETIONS[stage].ids.items()}
    return Expected(ids=ids, path_base=f"neb://any/x{number}")


def values(stage: Stage, number: int) -> dict[str, str]:
    named = {name: str(value) for name, value in expected(stage, number).ids.items()}
    floats = {name: f"{number}.5" for name, kind in options_of(stage).items() if kind is Kind.FLOAT}
    return plain(stage) | floats | named | {"path_base": f"neb://any/x{number}", "dbname": "a"}


def alone(texts: list[str], expects: list[Expected], stage: Stage) -> list[DbinfoStatement | None]:
    return [
        by_itself(text, source, expect, stage) for text, source, expect in zip(texts, SOURCES, expects, strict=False)
    ]


def by_itself(text: str, source: str, expect: Expected, stage: Stage) -> DbinfoStatement | None:
    try:
        return read_dbinfo(text, source=source, stage=stage, expect=expect, dbname="a")
    except BadDbinfo:
        return None


def together(texts: list[str], expects: list[Expected], stage: Stage) -> list[DbinfoStatement | None]:
    files = [Returned(*of_file) for of_file in zip(texts, SOURCES, expects, strict=False)]
    return read_alike(files, stage=stage, dbname="a")


def with_second(stage: Stage, text: str) -> tuple[list[str], list[Expected]]:
    """Two plain lines around another."""
    first, third = (line(stage, values(stage, number)) for number in (1, 3))
    return [first, text, third], [expected(stage, number) for number in (1, 2, 3)]


@pytest.mark.parametrize("stage", Stage)
def test_plain_lines_are_read_together_and_each_keeps_its_own_values(stage: Stage) -> None:
    texts, expects = with_second(stage, line(stage, values(stage, 2)))
    found = together(texts, expects, stage)
    assert None not in found
    assert found == alone(texts, expects, stage)
    assert [one and one.columns["path_base"] for one in found] == ["neb://any/x1", "neb://any/x2", "neb://any/x3"]


def test_what_is_made_of_several_options_is_made_line_by_line() -> None:
    made = dict.fromkeys(["zpt_obs", *DETEFF], "nan") | {"ver_pslib": "1", "ver_psmodules": "2"}
    texts, expects = with_second(Stage.CAMERA, line(Stage.CAMERA, values(Stage.CAMERA, 2) | made))
    # a version is a word, and those of the others are letters
    texts = [text.replace("-ver_pslib a -ver_psmodules a", "-ver_pslib 1 -ver_psmodules 2") for text in texts]
    found = together(texts, expects, Stage.CAMERA)
    assert [one and one.columns["deteff"] for one in found] == [3.0, None, 7.0]
    assert found == alone(texts, expects, Stage.CAMERA)


@pytest.mark.parametrize("stage", Stage)
def test_whichever_single_option_the_lines_carry_they_mean_what_each_means_alone(stage: Stage) -> None:
    """A version of the base library alone makes no column, nor does a magnitude without a zero point."""
    needed = [*COMPLETIONS[stage].ids, "path_base"]
    for name in plain(stage).keys() - set(needed):
        texts, expects = with_second(stage, "")
        texts = [line(stage, {key: values(stage, number)[key] for key in (*needed, name)}) for number in (1, 2, 3)]
        found = together(texts, expects, stage)
        assert None not in found, name
        assert found == alone(texts, expects, stage), name


def test_the_switch_that_every_real_warp_line_carries_does_not_part_it_from_the_others() -> None:
    texts = [line(Stage.WARP, values(Stage.WARP, number)) for number in (1, 2, 3)]
    texts = [text.replace(" -dbname", " -accept -dbname") for text in texts]
    expects = [expected(Stage.WARP, number) for number in (1, 2, 3)]
    found = together(texts, expects, Stage.WARP)
    assert None not in found
    assert found == alone(texts, expects, Stage.WARP)


def test_quotes_and_blanks_may_stand_wherever_they_stand_in_all_lines() -> None:
    def spaced(text: str) -> str:
        return (
            text.replace("-hostname a", "  -hostname   'a'").replace("-quality 7", "-quality '7'").replace("\n", "  \n")
        )

    texts, expects = with_second(Stage.CHIP, line(Stage.CHIP, values(Stage.CHIP, 2)))
    assert together([spaced(text) for text in texts], expects, Stage.CHIP) == alone(
        [spaced(text) for text in texts], expects, Stage.CHIP
    )
    mixed = [texts[0], spaced(texts[1]), texts[2]]
    found = together(mixed, expects, Stage.CHIP)
    assert [one is None for one in found] == [False, True, False]


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("word", ODD)
def test_an_odd_value_is_read_as_it_is_alone_or_left_to_that(stage: Stage, word: str) -> None:
    """One of each kind, and those that are compared with their component."""
    names = {kind: name for name, kind in options_of(stage).items()}
    for name in {*names.values(), "path_base", "dbname", *COMPLETIONS[stage].ids}:
        texts, expects = with_second(stage, line(stage, {**values(stage, 2), name: word}))
        of_both = zip(together(texts, expects, stage), alone(texts, expects, stage), strict=True)
        assert all(found in (None, by_itself) for found, by_itself in of_both), name


@pytest.mark.parametrize("stage", Stage)
def test_a_line_that_was_cut_costs_no_other_the_quick_way(stage: Stage) -> None:
    whole = line(stage, values(stage, 2))
    words = whole.split()
    cuts = ["", "\n", whole[:40], " ".join(words[:-1]), " ".join(words[:-2]), " ".join(words[:8])]
    for cut in [*cuts, f"{whole.strip()} -oops 1", f"{whole.strip()} x", f"{whole.strip()} -hostname b"]:
        for place in range(3):
            texts, expects = with_second(stage, whole)
            texts[place] = cut
            found = together(texts, expects, stage)
            assert [one is None for one in found] == [at == place for at in range(3)], cut


HOSTILE = [
    "", "\n", "\0", " ", "'", "''", "chiptool", "chiptool -addprocessedimfile", "-addprocessedimfile chiptool",
    "{text}{text}", "{stripped} -exp_id 2\n", "{stripped} -oops 1\n", "{stripped} -fault\n", "{stripped} x\n", "x {text}", "{stripped}'\n",
    "{stripped}\r\n", "{stripped};reboot\n", "{stripped} $(reboot)\n", "{stripped}\u00e9\n", "{stripped}\x0c\n", "{stripped}\n\n\n",
    "{stripped} -hostname 'a\nb'\n", "{stripped} -hostname 'a b'\n", "{padded}", "{stripped} {stripped}\n",
]  # fmt: skip


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_line_that_is_none_is_not_read_with_its_neighbours(shape: str) -> None:
    text = line(Stage.CHIP, values(Stage.CHIP, 2))
    text = shape.format(text=text, stripped=text.strip(), padded=text.strip() + " " * 70_000)
    texts, expects = with_second(Stage.CHIP, text)
    of_both = zip(together(texts, expects, Stage.CHIP), alone(texts, expects, Stage.CHIP), strict=True)
    assert all(found in (None, by_itself) for found, by_itself in of_both)


@pytest.mark.parametrize("cut", [1, 2, 3, 20])
def test_words_that_slip_from_one_line_to_the_next_are_not_taken_for_its_own(cut: int) -> None:
    """Joined, the lines would have the right words in the right order."""
    first, second = (line(Stage.CHIP, values(Stage.CHIP, number)).split() for number in (1, 2))
    both = [*first, *second]
    slipped = [" ".join(both[: len(first) - cut]), " ".join(both[len(first) - cut :])]
    expects = [expected(Stage.CHIP, number) for number in (1, 2)]
    of_both = zip(together(slipped, expects, Stage.CHIP), alone(slipped, expects, Stage.CHIP), strict=True)
    assert all(found in (None, by_itself) for found, by_itself in of_both)


def test_another_order_of_the_options_is_not_read_by_the_order_of_the_others() -> None:
    turned = dict(reversed(values(Stage.CHIP, 2).items()))
    texts, expects = with_second(Stage.CHIP, line(Stage.CHIP, turned))
    found = together(texts, expects, Stage.CHIP)
    assert [one is None for one in found] in ([False, True, False], [True, False, True])
    assert None not in alone(texts, expects, Stage.CHIP)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_one_line_of_another_component_sends_all_to_be_read_alone(number: int) -> None:
    texts, expects = with_second(Stage.CHIP, line(Stage.CHIP, values(Stage.CHIP, 2)))
    mine = expects[number - 1]
    for wrong in (
        mine._replace(ids={**mine.ids, "class_id": "XY00"}),
        mine._replace(ids={**mine.ids, "chip_id": 99}),
        mine._replace(ids={**mine.ids, "chip_id": str(number)}),
        mine._replace(ids={**mine.ids, "cam_id": 1}),
        mine._replace(path_base="neb://any/other"),
        mine._replace(path_base="x"),
    ):
        others = [wrong if one is mine else one for one in expects]
        assert together(texts, others, Stage.CHIP) == [None] * 3


def test_the_same_file_on_another_volume_is_the_components_own() -> None:
    texts, expects = with_second(Stage.CHIP, line(Stage.CHIP, values(Stage.CHIP, 2)))
    elsewhere = [one._replace(path_base=one.path_base.replace("any", "ipp001.0")) for one in expects]
    found = together(texts, elsewhere, Stage.CHIP)
    assert None not in found
    assert found == alone(texts, elsewhere, Stage.CHIP)


def test_nothing_is_nothing() -> None:
    assert read_alike([], stage=Stage.CHIP, dbname="a") == []
