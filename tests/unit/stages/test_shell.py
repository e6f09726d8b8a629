"""What a real shell makes of our lines."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpconsole.stages.shell import chain, dbinfo_steps, listing, return_steps, words

SHELLS = [shell for shell in ("/bin/sh", "/bin/bash") if shutil.which(shell)]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_lines_dbinfo_and_links_come_out_in_a_real_shell(shell, tmp_path):
    out, home, root = tmp_path / "it's here" / "o", "/data/my disk/7.a:b.dbinfo", tmp_path / "root"
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ppStatsFromMetadata").write_text('#!/bin/sh\necho "-recipe_was $3"\n')
    (programs / "ppStatsFromMetadata").chmod(0o755)
    line = chain(
        [
            words("mkdir", "-p", out.parent),
            *dbinfo_steps(words("camtool", "-hostname", "it's $(me)"), f"{out}.stats", "R", f"{out}.dbinfo"),
            return_steps(home, f"{out}.dbinfo", str(root)),
            listing([f"{out}.dbinfo"], f"{out}.list"),
        ]
    )
    path = f"{programs}:/usr/bin:/bin"
    subprocess.run([shell, "-c", line], check=True, env={"PATH": path}, timeout=30)
    subprocess.run([shell, "-c", line], check=True, env={"PATH": path}, timeout=30)
    expected = words("camtool", "-hostname", "it's $(me)") + " -recipe_was R\n"
    assert (tmp_path / "it's here" / "o.dbinfo").read_text() == expected
    assert (root / "tmp/data/my disk/7.a:b.dbinfo").read_text() == expected
    assert (tmp_path / "it's here" / "o.list").read_text() == f"{out}.dbinfo\n"


def test_a_missing_input_stops_the_line(tmp_path):
    line = chain([listing([str(tmp_path / "gone")], str(tmp_path / "list")), words("touch", tmp_path / "reached")])
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert "gone" in done.stderr
    assert not (tmp_path / "reached").exists()


@given(st.lists(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_any_word_reaches_its_program_as_it_is(given_words):
    done = subprocess.run(
        ["/bin/sh", "-c", words("printf", "%s\\0", *given_words)], capture_output=True, check=True, timeout=30
    )
    assert done.stdout.decode().split("\0")[:-1] == given_words
