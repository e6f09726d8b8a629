"""Where keys stand in a TOML text."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from rpconsole.config.lines import line_of, places_of

TEXT = """\
top = 1
[a]
x = [  # [not a table
  "[b]",
  { y = 1 },
]
text = '''
[c]
z = 1
'''
"quoted key" = "# no comment"  # [d
dotted.deep = { k = "it'''" }
[ a . b ]  # spaces
x = 1
[[list]]
name = "one"
[[list]]
name = "two"
[list.inner]
v = \"\"\"a \\\\\\\"\"\"\"
[[list.sub]]
w = 1
[[list.sub]]
w = 2
"""


def test_the_text_of_these_tests_is_toml():
    assert tomllib.loads(TEXT)["list"][1]["inner"]["v"] == 'a \\"'


def test_keys_are_found_where_they_stand():
    places = places_of(TEXT)
    assert places["top",] == 1
    assert places["a",] == 2
    assert places["a", "x"] == 3
    assert places["a", "text"] == 7
    assert places["a", "quoted key"] == 11
    assert places["a", "dotted", "deep"] == 12
    assert places["a", "b", "x"] == 14
    assert places["list", 0, "name"] == 16
    assert places["list", 1, "name"] == 18
    assert places["list", 1, "inner", "v"] == 20
    assert places["list", 1, "sub", 1, "w"] == 24


def test_what_only_looks_like_a_key_is_not_one():
    names = {part for place in places_of(TEXT) for part in place}
    assert not names & {"z", "c", "d", "y"}


def test_a_place_without_a_line_has_the_line_of_what_holds_it():
    places = places_of(TEXT)
    assert line_of(places, ("a", "x", 1, "y")) == 3
    assert line_of(places, ("a", "missing")) == 2
    assert line_of(places, ("nowhere", "x")) is None


_WORDS = st.text(st.sampled_from("[]{}#='\"\\x \n"), max_size=12)


@given(st.lists(_WORDS, min_size=1, max_size=6), st.sampled_from(['"', '"""']))
def test_no_text_inside_a_string_hides_the_keys_after_it(words, quotes):
    def written(word: str) -> str:
        escaped = word.replace("\\", "\\\\").replace('"', '\\"')
        return escaped if quotes == '"""' else escaped.replace("\n", "\\n")

    text = "".join(
        f"k{n} = [{quotes}{written(word)}{quotes}] # {word.splitlines()[:1]}\n" for n, word in enumerate(words)
    )
    text += "last = 1\n"
    assert set(tomllib.loads(text)) == {f"k{n}" for n in range(len(words))} | {"last"}
    assert places_of(text)["last",] == text.count("\n")
