"""The pages say what the code does: nothing that can be named is missing, nothing that is named is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.generate import DOCS, PARTS, renewed
from docs.reference import commands
from tests.named_tests import known_tests, named_in

from rpconsole.config import Config, load_config
from rpconsole.config.mistakes import sections_of
from rpconsole.domain.event import EVENTS
from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.domain.machine import TABLE
from rpconsole.domain.run import ComponentState, RunState, Step
from rpconsole.domain.snapshot import GATES
from rpconsole.practice.disturbing import ACTS
from rpconsole.practice.faults import KNOBS
from rpconsole.practice.programs.install import LIGHT_PROGRAMS, PROGRAMS

ROOT = DOCS.parent
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
MARKER = re.compile(r"<!-- (begin|end) ([a-z ]+) -->\n")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
ARROW = re.compile(r"  (\[\*\]|[a-z_]+) --> (\[\*\]|[a-z_]+)(?:: ([A-Z]\w+(?:, [A-Z]\w+)*))?")
#: words that Mermaid reads as its own
MERMAID_WORDS = {"end", "state", "note", "direction", "fork", "join", "choice"}

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one of its level."""
    assert f"\n## {title}\n" in text, f"no section {title!r}"
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


@pages
def test_the_generated_parts_are_current(page):
    text = page.read_text(encoding="utf-8")
    assert renewed(text) == text, "run 'make docs'"


@pages
def test_every_marker_is_of_a_part_that_exists_and_is_closed(page):
    marks = MARKER.findall(page.read_text(encoding="utf-8"))
    names = [name for _, name in marks[::2]]
    assert marks == [(which, name) for name in names for which in ("begin", "end")]
    assert set(names) <= set(PARTS)


def test_every_generated_part_stands_on_some_page():
    said = {name for page in PAGES for _, name in MARKER.findall(page.read_text(encoding="utf-8"))}
    assert said == set(PARTS)


@pages
def test_every_link_between_pages_leads_somewhere(page):
    for target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors_of(there), target


@pages
def test_every_test_that_a_page_names_exists(page):
    named = named_in(page.read_text(encoding="utf-8"))
    assert named <= known_tests(), sorted(named - known_tests())


def test_each_of_the_nine_promises_names_what_proves_it():
    rows = re.findall(r"^\| (\d) \| (.*)$", text_of("promises.md"), re.MULTILINE)
    assert [number for number, _ in rows] == list("123456789")
    assert all(named_in(row) for _, row in rows)


def anchors_of(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pages
def test_no_page_names_a_directory_of_a_developers_machine(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"/(work|root|Users|home/\w+|mnt)/", text.replace("~/", ""))
    assert str(ROOT) not in text


def test_every_page_is_listed_in_the_index():
    index = text_of("index.md")
    assert [page.name for page in DOCS.glob("*.md") if page.name != "index.md" and f"({page.name})" not in index] == []


def test_decisions_are_numbered_without_gaps_and_say_their_cost():
    decisions = sorted((DOCS / "adr").glob("*.md"))
    assert [int(page.name[:3]) for page in decisions] == list(range(1, len(decisions) + 1))
    for page in decisions:
        text = page.read_text(encoding="utf-8")
        assert int(re.match(r"# (\d+)[.:] ", text)[1]) == int(page.name[:3])
        assert all(f"**{word}." in text for word in ("Situation", "Decision", "Cost")), page.name


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("States of a run", tuple(RunState)),
        ("States of a component", tuple(ComponentState)),
        ("Steps", tuple(Step)),
        ("Events", tuple(event.__name__ for event in EVENTS)),
        ("Gates", GATES),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_the_glossary_lists_exactly_the_words_of_the_code(title, words):
    listed = re.findall(r"^\| `(\w+)` \|", section(text_of("glossary.md"), title), re.MULTILINE)
    assert sorted(listed) == sorted(map(str, words))


def test_every_exit_code_and_kind_of_failure_is_explained():
    page = text_of("errors.md")
    codes = re.findall(r"^\| (\d) \| ([a-z ]+) \|", section(page, "Exit codes"), re.MULTILINE)
    assert codes == [(str(code.value), code.name.lower().replace("_", " ")) for code in ExitCode]
    kinds = re.findall(r"^\| `(\w+)` \|", section(page, "What a failure means for the next try"), re.MULTILINE)
    assert set(kinds) == set(FaultKind)


def test_every_gate_is_explained_to_operators():
    listed = re.findall(r"^\| `(\w+)` \|", section(text_of("operations.md"), "Gates"), re.MULTILINE)
    assert listed == list(GATES)


def diagram() -> list[str]:
    inside = re.search(r"```mermaid\n(.*?)```", text_of("design.md"), re.DOTALL)
    assert inside is not None
    return inside[1].splitlines()


def test_the_state_diagram_equals_the_table():
    drawn = set()
    for line in diagram()[1:]:
        before, after, events = ARROW.fullmatch(line).groups()
        drawn |= {(before, after, event) for event in (events or "").split(", ") if event}
    moves = {
        (str(step), str(to), event.__name__)
        for (step, event), move in TABLE.items()
        for to in move.to
        if to is not step
    }
    assert drawn == moves


def test_the_state_diagram_is_mermaid_with_a_way_in_and_a_way_out():
    first, *lines = diagram()
    assert first == "stateDiagram-v2"
    arrows = [ARROW.fullmatch(line) for line in lines]
    assert all(arrows), [line for line, arrow in zip(lines, arrows, strict=True) if arrow is None]
    states = {name for arrow in arrows for name in arrow.groups()[:2]} - {"[*]"}
    assert states == set(Step)
    assert not states & MERMAID_WORDS
    assert ("[*]", "prepare") in {arrow.groups()[:2] for arrow in arrows}
    assert ("done", "[*]") in {arrow.groups()[:2] for arrow in arrows}


def test_every_target_of_make_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, page.name


def test_every_key_of_the_configuration_is_explained():
    page = section(text_of("configuration.md"), "Keys")
    for place, fields in sections_of(Config):
        table = ".".join(part for part in map(str, place) if part != "*")
        assert not table or re.search(rf"^### `\[+{re.escape(table)}\]+`$", page, re.MULTILINE), table
        for name, field in fields.items():
            assert field.description, name
            assert f"| `{name}` |" in page or f"{table}.{name}".lstrip(".") + "]" in page, name


def test_the_configuration_that_the_page_shows_can_be_used(tmp_path):
    shown = re.search(r"```toml\n(.*?)```", text_of("configuration.md"), re.DOTALL)
    assert shown is not None
    file = tmp_path / "rpconsole.toml"
    file.write_text(shown[1], encoding="utf-8")
    assert load_config(file).site.name == "lanl"


def test_every_fault_and_program_of_the_practice_site_is_on_its_page():
    page = text_of("practice.md")
    assert all(f"| `{name}` |" in page for name in (*ACTS, *KNOBS))
    assert all(f"`{name}`" in page for name in (*PROGRAMS, *LIGHT_PROGRAMS))


#: what follows `rpconsole` in a page, up to the first word that is no command
SAID = re.compile(r"(?:^|[`'(/ ])rpconsole((?: -c [\w./$]+)?(?: [a-z]+(?![\w./=-]))*)", re.MULTILINE)


@pages
def test_every_command_that_a_page_names_exists(page):
    known = {path for path, _ in commands()}
    groups = {path.rpartition(" ")[0] for path in known}
    for block in re.findall(r"```(?:\w*)\n.*?```|`[^`\n]+`", page.read_text(encoding="utf-8"), re.DOTALL):
        for found in SAID.finditer(block):
            words = re.sub(r"^ -c \S+", "", found[1]).split()
            named = "rpconsole"
            while words and named in groups:
                named = f"{named} {words.pop(0)}"
            assert named in known, f"{page.name}: {found[0].strip()}"
