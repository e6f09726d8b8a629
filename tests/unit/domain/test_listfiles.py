"""The five list files and their merge."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.listfiles import (
    LIST_SUFFIXES,
    LOAD_LINE,
    MANIFEST,
    SHIPPED_SUFFIXES,
    CommandLine,
    ComponentLists,
    component_stem,
    component_texts,
    list_record,
)
from rpconsole.domain.listmerge import RunMerge, merged
from rpconsole.domain.manifest import ManifestRecord, Role, read_manifest
from rpconsole.domain.stage import Stage

ROOT = "/s/"


def an_input(name: str, **fields) -> ManifestRecord:
    return ManifestRecord(
        key=f"neb:///{name}", local=f"/d/5.{name}", remote=f"/s/tmp/d/5.{name}", role=Role.INPUT, **fields
    )


def a_product(name: str, task: int, component: int = 1) -> ManifestRecord:
    return ManifestRecord(
        key=f"neb:///{name}",
        local=f"/d/6.{name}",
        remote=f"/s/{name}",
        role=Role.PRODUCT,
        component=component,
        task=task,
        item="XY01",
    )


def lists(stage_id: int, *, jobs: int = 1, shared: str = "flat", stage: Stage = Stage.CHIP) -> ComponentLists:
    return ComponentLists(
        stage=stage,
        stage_id=stage_id,
        commands=tuple(CommandLine(item="XY01", text=f"run {stage_id}.{job}") for job in range(1, jobs + 1)),
        inputs=(an_input(f"raw{stage_id}"), an_input(shared)),
        products=tuple(a_product(f"out{stage_id}.{job}", job, stage_id) for job in range(1, jobs + 1)),
    )


def test_a_components_lists_pair_line_by_line():
    texts = component_texts(lists(7, jobs=2), ROOT)
    assert texts[".transfer"] == "/d/5.raw7\n/d/5.flat\n"
    assert texts[".check"] == "/s/tmp/d/5.raw7\n/s/tmp/d/5.flat\n"
    assert texts[".config"] == "run 7.1\nrun 7.2\n"
    assert texts[".generate"] == "/s/out7.1\n/s/out7.2\n"
    assert texts[".return"] == "/d/6.out7.1\n/d/6.out7.2\n"


def test_a_components_manifest_counts_its_own_lines():
    texts = component_texts(lists(7, jobs=2), ROOT)
    assert [record.task for record in read_manifest(texts[MANIFEST], source="m")] == [None, None, 1, 2]


def test_a_stacks_check_list_says_the_key_path_though_the_input_lands_at_its_mirror():
    component = lists(7, stage=Stage.STACK)
    assert component_texts(component, ROOT)[".check"] == "/s/raw7\n/s/flat\n"
    assert component.inputs[0].remote == "/s/tmp/d/5.raw7"


def test_the_load_line_stands_after_the_first_component_and_at_each_hundred_jobs():
    run = merged([lists(number, jobs=50) for number in range(1, 6)], ROOT)
    lines = run.texts[".config"].splitlines()
    # it looks at the count before the component's own jobs are added: 0, 50, 100, 150, 200
    assert [number for number, line in enumerate(lines, start=1) if line == LOAD_LINE] == [51, 152, 253]
    assert run.jobs == 250


def test_products_are_numbered_by_the_lines_of_the_merged_list():
    run = merged([lists(1, jobs=2), lists(2, jobs=2)], ROOT)
    lines = run.texts[".config"].splitlines()
    products = [record for record in run.records if record.role is Role.PRODUCT]
    assert [(record.component, record.task) for record in products] == [(1, 1), (1, 2), (2, 4), (2, 5)]
    assert [lines[record.task - 1] for record in products] == ["run 1.1", "run 1.2", "run 2.1", "run 2.2"]


def test_components_are_merged_in_the_order_of_their_ids():
    run = merged([lists(20), lists(3)], ROOT)
    assert run.texts[".generate"] == "/s/out3.1\n/s/out20.1\n"


def test_an_input_that_components_share_is_listed_once():
    run = merged([lists(1), lists(2)], ROOT)
    assert run.texts[".transfer"] == "/d/5.raw1\n/d/5.flat\n/d/5.raw2\n"


def test_pairs_stay_together_when_one_side_of_them_repeats():
    # thinned list by list, the second '/d/6.a' would go and '/s/b' would pair with the next one
    first = replace(lists(1), products=(a_product("a", 1),))
    twice = a_product("b", 1)._replace(local="/d/6.a")
    run = merged([first, replace(lists(2), products=(twice, a_product("c", 1)))], ROOT)
    assert run.texts[".generate"].splitlines() == ["/s/a", "/s/b", "/s/c"]
    assert run.texts[".return"].splitlines() == ["/d/6.a", "/d/6.a", "/d/6.c"]


def test_a_command_that_stands_there_already_is_not_run_twice():
    again = replace(lists(2), commands=lists(1).commands)
    run = merged([lists(1), again], ROOT)
    assert run.texts[".config"].splitlines() == ["run 1.1", LOAD_LINE]
    assert {record.task for record in run.records if record.role is Role.PRODUCT} == {1}


def test_a_product_of_no_known_line_stays_without_one():
    run = merged([replace(lists(1), products=(a_product("a", 1)._replace(task=None),))], ROOT)
    assert run.records[-1].task is None


def test_pieces_put_together_are_the_whole():
    components = [lists(number, jobs=3) for number in range(1, 5)]
    merge = RunMerge()
    pieces = [merge.add(component_texts(component, ROOT), source="c") for component in components]
    whole = merged(components, ROOT)
    for suffix in (*LIST_SUFFIXES, MANIFEST):
        assert "".join(piece[suffix] for piece in pieces) == whole.texts[suffix]


def test_the_merged_manifest_is_the_records():
    run = merged([lists(1), lists(2)], ROOT)
    assert tuple(read_manifest(run.texts[MANIFEST], source="m")) == run.records


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=12), st.integers(1, 4))
def test_no_mixture_of_products_breaks_a_pair(pairs, width):
    products = [a_product("x", 1)._replace(remote=f"/s/{far}", local=f"/d/{near}") for far, near in pairs]
    components = [
        replace(lists(number), products=tuple(products[start : start + width]))
        for number, start in enumerate(range(0, len(products), width), start=1)
    ]
    run = merged(components, ROOT)
    found = list(zip(run.texts[".generate"].split(), run.texts[".return"].split(), strict=True))
    assert found == list(dict.fromkeys((f"/s/{far}", f"/d/{near}") for far, near in pairs))


def test_stems_and_list_records_follow_the_keys():
    stem = component_stem("neb://any/r/remote_chip.17", 88)
    assert stem == "neb://any/r/remote_chip.17/stage_88"
    record = list_record("neb://any/r/remote_chip.17", ".cmd", "/d/1.r:remote_chip.17.cmd", ROOT)
    assert (record.remote, record.role) == ("/s/r/remote_chip.17.cmd", Role.LIST)
    assert SHIPPED_SUFFIXES == (".cmd", ".transfer", ".check", ".config", ".generate", ".return")
