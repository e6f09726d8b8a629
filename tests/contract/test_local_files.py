"""The contract of files at home."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
from pathlib import Path

import pytest

from rpconsole.adapters.storage.local_files import DiskFiles
from rpconsole.domain.fault import BadData, DiskFailed
from rpconsole.ports.local_files import LocalFiles


@pytest.fixture
def files() -> LocalFiles:
    return DiskFiles()


async def test_what_was_written_is_read_back_byte_for_byte(files: LocalFiles, tmp_path: Path):
    place = tmp_path / "new/directory/list.transfer"
    path = str(place)
    text = "line one\nSeñal\r\n\x00 \xff end without newline"
    await files.write({path: text})
    assert await files.read(path) == text
    assert place.read_bytes() == text.encode("latin-1")


async def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(files: LocalFiles, tmp_path: Path):
    path = tmp_path / "x"
    await files.write({str(path): "long text " * 100})
    await files.write({str(path): "short"})
    assert path.read_text() == "short"
    assert os.listdir(tmp_path) == ["x"]


async def test_readers_see_the_old_text_or_the_new_never_half(files: LocalFiles, tmp_path: Path):
    path = str(tmp_path / "x")
    texts = ["a" * 500_000, "b" * 400_000]
    await files.write({path: texts[0]})

    async def write_often() -> None:
        for n in range(10):
            await files.write({path: texts[n % 2]})

    writing = asyncio.create_task(write_often())
    while not writing.done():
        assert await files.read(path) in texts
    await writing


async def test_text_that_is_not_latin1_is_refused_before_anything_is_written(files: LocalFiles, tmp_path: Path):
    path = tmp_path / "x"
    with pytest.raises(BadData, match=r"x cannot hold '星'"):
        await files.write({str(path): "name 星"})
    assert os.listdir(tmp_path) == []


async def test_a_relative_path_is_refused(files: LocalFiles):
    with pytest.raises(BadData, match="not an absolute path"):
        await files.write({"x/y": ""})


async def test_a_place_that_cannot_be_written_is_named(files: LocalFiles, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskFailed, match="file/below"):
        await files.write({str(tmp_path / "file/below"): ""})
    (tmp_path / "directory/inside").mkdir(parents=True)
    with pytest.raises(DiskFailed, match="directory"):
        await files.write({str(tmp_path / "directory"): ""})
    assert sorted(os.listdir(tmp_path)) == ["directory", "file"]


async def test_a_file_that_cannot_be_read_is_named(files: LocalFiles, tmp_path: Path):
    with pytest.raises(BadData, match="absent cannot be read: No such file"):
        await files.read(str(tmp_path / "absent"))
    with pytest.raises(BadData, match="directory"):
        await files.read(str(tmp_path))


async def test_facts_are_of_the_files_that_exist(files: LocalFiles, tmp_path: Path):
    there, absent = tmp_path / "there", tmp_path / "absent"
    there.write_bytes(b"12345")
    os.utime(there, ns=(1, 1_234_567_890_123_456_789))
    os.mkfifo(tmp_path / "fifo")
    paths = [str(there), str(absent), str(tmp_path), str(there / "below"), str(tmp_path / "fifo")]
    found = await files.facts(paths)
    assert list(found) == [str(there)]
    fact = found[str(there)]
    assert (fact.size, fact.mtime_ns, fact.sha256) == (5, 1_234_567_890_123_456_789, None)
    hashed = await files.facts(paths, hashed=True)
    assert hashed[str(there)].sha256 == hashlib.sha256(b"12345").hexdigest()
    assert list(hashed) == [str(there)]


async def in_pieces(*pieces: dict[str, str]):
    for piece in pieces:
        yield piece


async def test_files_written_side_by_side_hold_every_piece_in_order(files: LocalFiles, tmp_path: Path):
    one, other, bare = (str(tmp_path / "new" / name) for name in ("one", "other", "bare"))
    await files.append_all(
        [one, other, bare], in_pieces({one: "a\n", other: "1\n"}, {one: "b\n"}, {other: "2\n", one: ""})
    )
    assert await files.read_all([one, other, bare]) == {one: "a\nb\n", other: "1\n2\n", bare: ""}
    assert sorted(os.listdir(tmp_path / "new")) == ["bare", "one", "other"]


async def test_pieces_that_break_off_change_nothing_and_leave_nothing(files: LocalFiles, tmp_path: Path):
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    await files.write({one: "as it was"})

    async def broken():
        yield {one: "new", other: "new"}
        raise BadData("a component is gone")

    with pytest.raises(BadData, match="a component is gone"):
        await files.append_all([one, other], broken())
    assert await files.read(one) == "as it was"
    assert os.listdir(tmp_path) == ["one"]


async def test_a_piece_that_is_not_latin1_changes_nothing(files: LocalFiles, tmp_path: Path):
    path = str(tmp_path / "x")
    with pytest.raises(BadData, match=r"x cannot hold '星'"):
        await files.append_all([path], in_pieces({path: "good"}, {path: "星"}))
    assert os.listdir(tmp_path) == []


async def test_more_files_than_may_be_open_at_once_are_written(files: LocalFiles, tmp_path: Path):
    texts = {str(tmp_path / f"{number}/list"): str(number) for number in range(1500)}
    await files.write(texts)
    assert await files.read_all(texts) == texts


async def test_reading_many_names_the_one_that_is_missing(files: LocalFiles, tmp_path: Path):
    there, missing = str(tmp_path / "there"), str(tmp_path / "missing")
    await files.write({there: "x"})
    with pytest.raises(BadData, match="missing cannot be read"):
        await files.read_all([there, missing])


async def test_a_file_comes_in_pieces_that_end_at_line_ends(files: LocalFiles, tmp_path: Path):
    path = str(tmp_path / "x")
    lines = [f"line {number} \xff" + "x" * (number % 5000) for number in range(2000)]
    for text in ("\n".join(lines) + "\n", "\n".join(lines), "", "y" * (3 << 20)):
        await files.write({path: text})
        pieces = [piece async for piece in files.pieces(path)]
        assert "".join(pieces) == text
        assert all(piece.endswith("\n") for piece in pieces[:-1])
        assert len(pieces) < 2 or max(map(len, pieces)) < 2 << 20


async def test_a_file_that_is_missing_has_no_pieces_but_a_sentence(files: LocalFiles, tmp_path: Path):
    with pytest.raises(BadData, match="missing cannot be read"):
        [piece async for piece in files.pieces(str(tmp_path / "missing"))]


async def test_the_reader_reads_each_file_or_says_why_it_cannot(files: LocalFiles, tmp_path: Path):
    paths = [str(tmp_path / name) for name in ("there", "missing", "folder", "large", "latin", "endless")]
    texts = {paths[0]: "x\n", paths[3]: "y" * 200_000, paths[4]: "\xff\x00"}
    await files.write(texts)
    (tmp_path / "folder").mkdir()
    (tmp_path / "endless").symlink_to("/dev/zero")
    read = pickle.loads(pickle.dumps(files.reader()))
    found = read(paths)
    assert [str(one) if isinstance(one, BadData) else one for one in found] == [
        "x\n",
        f"{paths[1]} cannot be read: No such file or directory",
        f"{paths[2]} cannot be read: Is a directory",
        texts[paths[3]],
        "\xff\x00",
        f"{paths[5]} has more than 1048576 bytes: it is not what it should be",
    ]
