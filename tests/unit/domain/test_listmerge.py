"""The merge, on files as they lie on disk: what does not fit together is named, never paired wrongly."""

from __future__ import annotations

import sys

import pytest
from tests.unit.domain.test_listfiles import ROOT, a_product, lists

from rpconsole.domain.listfiles import component_texts, lines_of, text_of
from rpconsole.domain.listmerge import BadMerge, RunMerge
from rpconsole.domain.manifest import read_manifest


def texts_of(stage_id: int, **changes: str) -> dict[str, str]:
    return {**component_texts(lists(stage_id, jobs=2), ROOT), **{f".{name}": text for name, text in changes.items()}}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"check": "/s/tmp/d/5.raw7\n"}, r"stem.transfer has 2 lines and stem.check has 1"),
        ({"return": ""}, r"stem.generate has 2 lines and stem.return has 0"),
        ({"manifest.jsonl": ""}, r"stem.manifest.jsonl has 0 lines for 2 inputs and 2 products"),
        ({"config": "run 7.1\n"}, r"stem.manifest.jsonl speaks of command 2; stem.config has 1"),
    ],
)
def test_lists_that_do_not_fit_together_are_refused_by_name(changed, sentence):
    with pytest.raises(BadMerge, match=sentence):
        RunMerge().add(texts_of(7, **changed), source="stem")


def test_a_name_that_looks_like_a_task_keeps_its_number():
    strange = 'x","task":1,"y'
    component = lists(7, jobs=2)
    product = a_product(strange, 2, 7)
    merge = RunMerge()
    merge.add(component_texts(lists(1, jobs=3), ROOT), source="one")
    added = merge.add(
        component_texts(type(component)(**{**fields(component), "products": (product,)}), ROOT), source="seven"
    )
    (record,) = [one for one in read_manifest(added[".manifest.jsonl"], source="m") if one.task]
    assert (record.key, record.task) == (product.key, 6)


def fields(component) -> dict:
    return {name: getattr(component, name) for name in component.__slots__}


def test_a_name_with_a_strange_line_end_in_it_is_one_line():
    assert lines_of("a\x0bb\x1cc\x85d\ne\n") == ["a\x0bb\x1cc\x85d", "e"]
    assert lines_of("cut off at the end") == ["cut off at the end"]
    assert lines_of("") == []
    assert text_of(["a", "b"]) == "a\nb\n"
    assert text_of([]) == ""


def test_the_merge_remembers_hashes_not_lines():
    merge = RunMerge()
    merge.add(texts_of(7), source="stem")
    kept = [*merge._line_of, *merge._inputs, *merge._products]
    assert len(kept) == 6
    assert max(sys.getsizeof(key) for key in kept) <= 48
