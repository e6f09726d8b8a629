"""Lines that are read by a plan mean what they mean when read word by word."""

from __future__ import annotations

import pytest

from rpconsole.domain import dbinfo
from rpconsole.domain.dbinfo import BadDbinfo, Expected, read_dbinfo
from rpconsole.domain.dbinfo_flags import COMPLETIONS, Kind
from rpconsole.domain.dbinfo_plan import quick_options
from rpconsole.domain.stage import Stage

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


def outcome(text: str, stage: Stage, expect: Expected | None) -> object:
    try:
        return read_dbinfo(text, source="s", stage=stage, expect=expect, dbname="a")
    except BadDbinfo as bad:
        return str(bad)


@pytest.mark.parametrize("stage", Stage)
def test_the_plain_line_of_a_stage_is_read_by_a_plan(stage: Stage) -> None:
    completion = COMPLETIONS[stage]
    words = line(stage, plain(stage)).split()[1:]
    found = quick_options(words, completion.tool, completion.mode, "s")
    assert found is not None
    assert list(found) == list(plain(stage))


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("is_expected", [True, False])
def test_a_line_means_the_same_with_and_without_a_plan(
    stage: Stage, is_expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {name: 123456789 if kind is Kind.BIG else "a" for name, kind in COMPLETIONS[stage].ids.items()}
    expect = Expected(ids=ids, path_base="x") if is_expected else None
    names = {kind: name for name, kind in options_of(stage).items()} | dict.fromkeys(["path_base", "dbname", *ids])
    odd = [{**plain(stage), (name or key): value} for key, name in names.items() for value in ODD]
    texts = [line(stage, values) for values in odd]
    whole = line(stage, plain(stage))
    texts += [whole.rsplit(" ", cut)[0] for cut in range(1, 4)] + [
        f"{whole.strip()} -dbname b",
        f"{whole.strip()} -oops 1",
    ]
    found = [outcome(text, stage, expect) for text in texts]
    monkeypatch.setattr(dbinfo, "quick_options", lambda *_: None)
    assert found == [outcome(text, stage, expect) for text in texts]


@pytest.mark.parametrize("stage", Stage)
def test_no_two_options_set_the_same_column(stage: Stage) -> None:
    columns = [option.column for option in COMPLETIONS[stage].options.values() if option.column]
    assert len(set(columns)) == len(columns)
