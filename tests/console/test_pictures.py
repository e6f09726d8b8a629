"""The guide's pictures are of the console as it is, and the guide shows each of them."""

from __future__ import annotations

import re

import pytest
from docs.pictures import IMAGES, PICTURES, photographed

GUIDE = IMAGES.parent / "operator-guide.md"


@pytest.mark.parametrize("name", PICTURES)
async def test_a_picture_is_as_committed(name):
    assert (IMAGES / f"{name}.svg").read_text(encoding="utf-8") == await photographed(PICTURES[name]), "run 'make docs'"


def test_the_guide_shows_each_picture_and_there_are_at_most_a_dozen():
    shown = re.findall(r"!\[[^\]]+\]\(images/([a-z-]+)\.svg\)", GUIDE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(PICTURES)
    assert sorted(path.stem for path in IMAGES.glob("*")) == sorted(PICTURES)
    assert len(PICTURES) <= 12


def test_a_picture_fetches_nothing_when_it_is_read():
    for path in IMAGES.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "url(" not in text.replace("url(#", "")
        assert "834911" not in text
