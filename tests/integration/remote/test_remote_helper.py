"""The control channel of the real file."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest
from tests.servers.processes import is_alive, wait_for

from rpconsole.adapters.ssh.helper_file import helper_bytes, helper_name

CLAIM = {"cwd": "/", "name": "rp1.1.aaaa"}


def test_the_greeting_says_which_file_answers(serve):
    greeting = serve().greeting
    assert greeting["helper"] == helper_name()
    assert greeting["sha256"] == hashlib.sha256(helper_bytes()).hexdigest()
    assert greeting["protocol"] == 1


def test_the_end_of_the_channel_is_the_end_of_the_process_at_once(serve):
    service = serve()
    service.ask("run", argv=["sleep", "60"], timeout_s=60)
    service.ask("submit", claim_dir="/nowhere/that/may/be/written\0", argv=["x"], **CLAIM)
    # long before the minute that its program sleeps
    assert service.end(patience_s=40.0) == 0
    assert service.errors() == ""


def test_a_program_that_the_channel_waited_for_ends_with_it(serve, tmp_path):
    service = serve()
    service.ask("run", argv=["/bin/sh", "-c", f"echo $$ > {tmp_path}/pid; sleep 60"], timeout_s=60)
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    pid = int((tmp_path / "pid").read_text())
    service.end()
    wait_for(lambda: not is_alive(pid))


def test_a_slow_program_holds_up_nobody(serve):
    service = serve()
    slow = [service.ask("run", argv=["sleep", "600"], timeout_s=600) for _ in range(12)]
    # read one by one: the first answer of all is this one's
    assert service.call("stat", paths=["/"])[0]["kind"] == "dir"
    assert len(slow) == 12


def test_thousands_of_paths_come_back_in_order_with_their_facts(serve, tmp_path):
    for number in range(3000):
        (tmp_path / str(number)).write_bytes(b"x" * (number % 7))
    paths = [str(tmp_path / str(number)) for number in range(3500)]
    facts = serve().call("stat", paths=paths, hash=True)
    assert [fact["path"] for fact in facts] == paths
    assert [fact["size"] for fact in facts] == [number % 7 for number in range(3000)] + [None] * 500
    assert facts[3]["sha256"] == hashlib.sha256(b"xxx").hexdigest()
    assert {fact["kind"] for fact in facts[3000:]} == {"missing"}
    assert facts[0]["mtime_ns"] == (tmp_path / "0").stat().st_mtime_ns


@pytest.mark.parametrize(
    ("verb", "fields", "word"),
    [
        ("stta", {}, "nearest is 'stat'"),
        ("stat", {"path": ["/"]}, "nearest is 'paths'"),
        ("stat", {"paths": ["x"]}, "not absolute"),
        ("stat", {"paths": "/"}, "list of texts"),
        ("stat", {"paths": ["/a\0"]}, "zero byte"),
        ("run", {"argv": []}, "must name a program"),
        ("run", {"argv": "ls"}, "list of texts"),
        ("run", {"argv": ["ls"], "timeout_s": True}, "must be a number"),
        ("run", {"argv": ["ls"], "timeout_s": -1}, "must be a number"),
        ("submit", {"argv": ["x"], "cwd": "/", "name": "n", "claim_dir": "../x"}, "not absolute"),
        ("submit", {"argv": ["x"], "cwd": "/", "name": "n", "claim_dir": "/x", "env": {"A": 1}}, "map names to texts"),
        ("remove", {"root": "/", "paths": ["/etc"]}, "may not be '/'"),
        ("put_small", {"path": "/tmp/x", "text": "y" * ((1 << 20) + 1)}, "by the stream"),
        ("poll", {"runs": [{"key": 1, "results": "x"}]}, "not absolute"),
        ("tail", {"path": "/dev/zero"}, "no plain file"),
        (None, {}, "unknown verb"),
        ({}, {}, "unknown verb"),
    ],
)
def test_a_wrong_request_is_refused_with_a_sentence(serve, verb, fields, word):
    answer = serve().refusal(verb, **fields)
    assert answer["kind"] == "refused"
    assert word in answer["error"]


def test_random_bytes_never_bring_a_traceback_or_a_broken_answer(serve):
    dice = random.Random(5)
    service = serve()
    good = json.dumps({"id": 1, "verb": "stat", "paths": ["/"]}).encode()
    for _ in range(300):
        frame = bytearray(b"%08x\n" % len(good) + good)
        for _ in range(dice.randrange(1, 4)):
            # a length of megabytes would only swallow the rest of the test
            frame[dice.randrange(4, len(frame))] = dice.randrange(256)
        service.write(bytes(frame))
    # a run of frames lets the reader find the border again, whatever the damage swallowed
    for _ in range(200):
        service.write({"id": "last", "verb": "stat", "paths": ["/" + "x" * 4000]})
    while service.read()["id"] != "last":
        pass
    service.end()
    assert service.errors() == ""


def test_rubbish_without_end_ends_the_service_with_code_3(serve):
    service = serve()
    with pytest.raises(BrokenPipeError):
        service.write(b"Last login: somewhere " * 200_000)
    assert service.process.wait(60) == 3


def test_damage_is_answered_with_id_null_and_the_next_frame_is_served(serve):
    service = serve()
    service.write(b"motd: welcome\n")
    number = service.ask("stat", paths=["/"])
    first = service.read()
    assert (first["id"], first["ok"], first["kind"]) == (None, False, "refused")
    assert service.read()["id"] == number


# --- run


def test_run_knows_no_shell_and_tells_code_and_streams(serve):
    answer = serve().call("run", argv=["/bin/sh", "-c", "echo $0; echo err >&2; exit 7", "$HOME;x"])
    assert (answer["rc"], answer["out"], answer["err"]) == (7, "$HOME;x\n", "err\n")


def test_run_speaks_plain_english_to_programs(serve):
    assert serve().call("run", argv=["/bin/sh", "-c", "echo $LC_ALL"])["out"] == "C\n"


def test_run_ends_the_whole_group_on_time_out(serve, tmp_path):
    script = f"sleep 60 & echo $! > {tmp_path}/pid; trap '' TERM; echo begun; wait"
    answer = serve().call("run", argv=["/bin/sh", "-c", script], timeout_s=2.0)
    assert (answer["timed_out"], answer["out"]) == (True, "begun\n")
    assert answer["wall_s"] < 40, "it would have slept for a minute"
    pid = int((tmp_path / "pid").read_text())
    wait_for(lambda: not Path(f"/proc/{pid}").exists())


def test_run_does_not_wait_for_a_daemon_that_keeps_the_pipes(serve):
    answer = serve().call("run", argv=["/bin/sh", "-c", "sleep 50 & echo done"], timeout_s=90)
    assert (answer["rc"], answer["out"], answer["timed_out"]) == (0, "done\n", False)
    assert answer["wall_s"] < 40


def test_run_bounds_what_a_program_prints_and_says_so(serve):
    answer = serve().call("run", argv=["/bin/sh", "-c", f"yes | head -c {20 << 20}"])
    assert answer["truncated"]
    assert len(answer["out"]) == 8 << 20
    assert answer["rc"] == 0


def test_an_answer_too_long_for_a_frame_is_refused_and_the_channel_lives(serve):
    """A zero byte takes six in JSON."""
    service = serve()
    answer = service.refusal("run", argv=["head", "-c", str(8 << 20), "/dev/zero"])
    assert "above the limit" in answer["error"]
    assert service.call("run", argv=["echo", "on"])["out"] == "on\n"


def test_run_decodes_what_is_no_text(serve):
    assert serve().call("run", argv=["printf", r"\377ok"])["out"] == "�ok"


def test_run_feeds_standard_input_even_to_who_does_not_read_it(serve):
    service = serve()
    assert service.call("run", argv=["cat"], stdin="a\nb")["out"] == "a\nb"
    assert service.call("run", argv=["true"], stdin="x" * 1_000_000)["rc"] == 0


def test_a_program_that_is_not_there_is_a_permanent_fault(serve):
    answer = serve().refusal("run", argv=["/nope/showq"])
    assert answer["kind"] == "permanent"
    assert "/nope/showq" in answer["error"]


# --- submit


def test_two_submits_at_once_run_the_program_once(serve, tmp_path):
    claim, mark = tmp_path / "work" / "claim.1", tmp_path / "ran"
    argv = ["/bin/sh", "-c", f"sleep 0.3; echo x >> {mark}; echo 4761849"]
    services = [serve(), serve()]
    numbers = [
        [service.ask("submit", claim_dir=str(claim), argv=argv, wait_s=90, **CLAIM) for _ in range(4)]
        for service in services
    ]
    answers = [
        answer["result"] for service, asked in zip(services, numbers, strict=True) for answer in service.answers(*asked)
    ]
    assert sum(answer["claimed_now"] for answer in answers) == 1
    assert {answer["receipt"]["out"] for answer in answers} == {"4761849\n"}
    assert mark.read_text() == "x\n"


def test_a_client_killed_in_mid_submit_still_leaves_a_receipt(serve, tmp_path):
    claim = tmp_path / "claim.1"
    service = serve()
    service.ask("submit", claim_dir=str(claim), argv=["/bin/sh", "-c", "sleep 1; echo 42"], wait_s=30, **CLAIM)
    wait_for(lambda: (claim / "begin").exists())
    os.kill(service.process.pid, signal.SIGKILL)
    service.discard()
    wait_for(lambda: (claim / "receipt").exists())
    found = serve().call("receipt", claim_dir=str(claim))
    assert (found["receipt"]["rc"], found["receipt"]["out"]) == (0, "42\n")
    assert found["begin"]["name"] == CLAIM["name"]


@pytest.mark.parametrize("cut_ms", [0, 5, 20, 40, 60, 80, 120, 200])
def test_whenever_the_client_dies_the_program_runs_once_or_was_never_claimed(serve, tmp_path, cut_ms):
    claim, mark = tmp_path / "claim.1", tmp_path / "ran"
    order = {"claim_dir": str(claim), "argv": ["/bin/sh", "-c", f"echo x >> {mark}; echo 42"], **CLAIM}
    service = serve()
    service.ask("submit", wait_s=30, **order)
    time.sleep(cut_ms / 1000)
    service.discard()
    found = serve().call("submit", wait_s=90, **order)
    assert found["receipt"]["out"] == "42\n"
    assert mark.read_text() == "x\n"


def test_receipt_only_looks(serve, tmp_path):
    found = serve().call("receipt", claim_dir=str(tmp_path / "claim.1"))
    assert found == {"claim": False, "claimed_now": False, "begin": None, "receipt": None, "age_s": None}
    assert list(tmp_path.iterdir()) == []


def test_a_claim_without_begin_is_told_as_it_is(serve, tmp_path):
    (tmp_path / "claim.1").mkdir()
    service = serve()
    found = service.call("submit", claim_dir=str(tmp_path / "claim.1"), argv=["true"], wait_s=0, **CLAIM)
    assert (found["claim"], found["claimed_now"], found["begin"], found["receipt"]) == (True, False, None, None)
    assert found["age_s"] >= 0


def test_a_submit_that_waits_no_longer_says_what_is_known(serve, tmp_path):
    argv = ["/bin/sh", "-c", f"until test -e {tmp_path}/go; do sleep 0.05; done; echo 42"]
    found = serve().call("submit", claim_dir=str(tmp_path / "c"), argv=argv, wait_s=0.2, **CLAIM)
    assert found["claimed_now"]
    assert found["receipt"] is None
    wait_for((tmp_path / "c" / "begin").exists)
    known = serve().call("receipt", claim_dir=str(tmp_path / "c"))
    assert (known["begin"]["argv"], known["receipt"]) == (argv, None)
    (tmp_path / "go").touch()


def test_a_program_that_never_started_is_told_from_one_that_failed(serve, tmp_path):
    service = serve()
    absent = service.call("submit", claim_dir=str(tmp_path / "a"), argv=["/nope/msub"], wait_s=90, **CLAIM)["receipt"]
    failed = service.call("submit", claim_dir=str(tmp_path / "b"), argv=["false"], wait_s=90, **CLAIM)["receipt"]
    assert (absent["ran"], absent["rc"]) == (False, 127)
    assert "/nope/msub" in absent["err"]
    assert (failed["ran"], failed["rc"]) == (True, 1)


def test_a_claim_that_cannot_be_made_runs_nothing(serve, tmp_path):
    (tmp_path / "file").write_text("")
    mark = tmp_path / "ran"
    answer = serve().refusal(
        "submit", claim_dir=str(tmp_path / "file" / "claim"), argv=["touch", str(mark)], wait_s=5, **CLAIM
    )
    assert "nothing was run" in answer["error"]
    assert not mark.exists()


def test_a_program_that_hangs_is_ended_and_the_receipt_says_so(serve, tmp_path):
    found = serve().call(
        "submit", claim_dir=str(tmp_path / "c"), argv=["sleep", "60"], wait_s=90, timeout_s=0.5, **CLAIM
    )
    assert found["receipt"]["timed_out"]


def test_a_damaged_receipt_is_never_taken_for_an_answer(serve, tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "receipt").write_text('{"rc": 0, "ou')
    assert "damaged" in serve().refusal("receipt", claim_dir=str(tmp_path / "c"))["error"]


# --- poll


def poll(service, *runs, queue=None):
    return service.call("poll", queue=queue, runs=list(runs))


def test_poll_reads_whole_lines_only_and_goes_on_where_it_stopped(serve, tmp_path):
    results = tmp_path / "results"
    results.write_bytes(b'{"a":1}\n{"b":2}\n{"half')
    service = serve()
    (first,) = poll(service, {"key": 7, "results": str(results), "offset": 0})["runs"]
    assert (first["key"], first["text"], first["offset_end"], first["missing"]) == (7, '{"a":1}\n{"b":2}\n', 16, False)
    with results.open("ab") as file:
        file.write(b' line"}\n')
    (second,) = poll(service, {"key": 7, "results": str(results), "offset": 16})["runs"]
    assert second["text"] == '{"half line"}\n'
    assert second["offset_end"] == second["size"]


@pytest.mark.parametrize("limit", [1, 3, 9, 100, 1000])
def test_any_limit_brings_the_whole_file_in_the_end(serve, tmp_path, limit):
    content = "".join(f'{{"task":{number},"é":"{"x" * (number % 40)}"}}\n' for number in range(60))
    (tmp_path / "results").write_text(content, encoding="utf-8")
    service, text, offset = serve(), "", 0
    while True:
        ask = {"key": 1, "results": str(tmp_path / "results"), "offset": offset, "limit": limit}
        (piece,) = poll(service, ask)["runs"]
        text, offset = text + piece["text"], piece["offset_end"]
        if not piece["more"]:
            break
    assert text == content


def test_a_file_that_was_replaced_is_read_from_its_beginning(serve, tmp_path):
    (tmp_path / "results").write_text("x\n")
    (piece,) = poll(serve(), {"key": 1, "results": str(tmp_path / "results"), "offset": 50})["runs"]
    assert (piece["shrunk"], piece["offset_end"], piece["text"]) == (True, 0, "")


def test_a_line_without_end_does_not_stop_the_reader(serve, tmp_path):
    (tmp_path / "results").write_bytes(b"x" * (3 << 20) + b"\n" + b"good\n")
    service, text, offset, rounds = serve(), "", 0, 0
    while rounds < 20:
        (piece,) = poll(service, {"key": 1, "results": str(tmp_path / "results"), "offset": offset})["runs"]
        text, offset, rounds = text + piece["text"], piece["offset_end"], rounds + 1
        if not piece["more"]:
            break
    assert text.endswith("\ngood\n")


def test_one_missing_or_unreadable_run_does_not_hide_the_others(serve, tmp_path):
    (tmp_path / "good").write_text("1\n")
    (tmp_path / "dir").mkdir()
    service = serve()
    answer = poll(
        service,
        {"key": "a", "results": str(tmp_path / "none")},
        {"key": "b", "results": str(tmp_path / "good")},
    )
    assert [run["missing"] for run in answer["runs"]] == [True, False]
    assert answer["runs"][1]["text"] == "1\n"


def test_the_queue_is_read_before_the_results(serve, tmp_path):
    """A job that writes its end mark while the queue is read must not look gone without an end mark."""
    results = tmp_path / "results"
    answer = poll(
        serve(),
        {"key": 1, "results": str(results)},
        queue={"argv": ["/bin/sh", "-c", f"echo end > {results}; echo listed"], "timeout_s": 60},
    )
    assert answer["queue"]["out"] == "listed\n"
    assert answer["runs"][0]["text"] == "end\n"


def test_a_queue_command_that_is_not_there_lets_the_results_through(serve, tmp_path):
    (tmp_path / "results").write_text("1\n")
    answer = poll(
        serve(), {"key": 1, "results": str(tmp_path / "results")}, queue={"argv": ["/nope/showq"], "timeout_s": 60}
    )
    assert answer["queue"]["rc"] is None
    assert "/nope/showq" in answer["queue"]["err"]
    assert answer["runs"][0]["text"] == "1\n"


def test_a_hanging_queue_command_is_a_time_out_and_no_empty_queue(serve):
    answer = poll(serve(), queue={"argv": ["sleep", "60"], "timeout_s": 0.3})
    assert answer["queue"]["timed_out"]


# --- files


def test_tail_counts_from_the_end_or_the_beginning(serve, tmp_path):
    (tmp_path / "log").write_text("0123456789")
    service = serve()
    assert service.call("tail", path=str(tmp_path / "log"), offset=-3)["text"] == "789"
    piece = service.call("tail", path=str(tmp_path / "log"), offset=2, limit=3)
    assert (piece["text"], piece["offset"], piece["offset_end"], piece["size"]) == ("234", 2, 5, 10)
    assert service.call("tail", path=str(tmp_path / "log"), offset=-99)["text"] == "0123456789"
    assert service.refusal("tail", path=str(tmp_path / "none"))["kind"] == "permanent"


def test_disk_speaks_of_the_nearest_folder_that_exists(serve, tmp_path):
    room = serve().call("disk", path=str(tmp_path / "not" / "yet"))
    assert room["path"] == str(tmp_path)
    assert 0 < room["free"] <= room["total"]
    assert room["files_free"] > 0


def test_ages_finds_the_oldest_file_of_a_tree(serve, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name, seconds in (("a/x", 1000), ("a/b/y", 500), ("a/z", 2000)):
        (tmp_path / name).write_text("12")
        os.utime(tmp_path / name, (seconds, seconds + 1))
    tree, none = serve().call("ages", paths=[str(tmp_path / "a"), str(tmp_path / "none")])
    assert (tree["oldest_access"], tree["oldest_modify"], tree["files"], tree["bytes"]) == (500, 501, 3, 6)
    assert none["missing"]


def test_put_small_replaces_whole_files(serve, tmp_path):
    path = tmp_path / "new" / "run.config"
    service = serve()
    for text in ("one\n", "two\n"):
        answer = service.call("put_small", path=str(path), text=text, mode=0o640)
    assert path.read_text() == "two\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert answer["sha256"] == hashlib.sha256(b"two\n").hexdigest()
    assert [entry.name for entry in path.parent.iterdir()] == ["run.config"]


def test_remove_refuses_every_way_out_of_the_root(serve, tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "in").mkdir(parents=True)
    outside.mkdir()
    (outside / "precious").write_text("x")
    (root / "door").symlink_to(outside)
    (tmp_path / "alias").symlink_to(root)
    escapes = [
        str(root),
        str(root) + "/",
        str(root / ".." / "outside"),
        str(root / "door" / "precious"),
        str(outside),
        str(tmp_path / "root2"),
        "/",
        "in",
        str(root / "in" / ".." / ".." / "outside" / "precious"),
    ]
    answers = serve().call("remove", root=str(root), paths=escapes)
    assert [(answer["removed"], answer["kind"]) for answer in answers] == [(False, "refused")] * len(escapes)
    assert (outside / "precious").exists()
    assert (root / "in").exists()


def test_remove_takes_files_trees_and_links_but_not_what_links_point_to(serve, tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "tree" / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "precious").write_text("x")
    (root / "tree" / "deep" / "link").symlink_to(outside)
    (root / "link").symlink_to(outside)
    (root / "file").write_text("x")
    service = serve()
    paths = [str(root / name) for name in ("tree", "link", "file", "none")]
    answers = service.call("remove", root=str(root), paths=paths)
    assert [answer["removed"] for answer in answers] == [True, True, True, False]
    assert answers[3]["missing"]
    assert list(root.iterdir()) == []
    assert (outside / "precious").exists()
    assert [answer["missing"] for answer in service.call("remove", root=str(root), paths=paths)] == [True] * 4


def test_clean_removes_old_versions_and_old_parts_only(serve, tmp_path):
    folder, long_ago = tmp_path / "rpconsole", time.time() - 4 * 86400
    folder.mkdir()
    for name in (
        "rpr-000000000001.pyz",
        "rpr-000000000002.pyz",
        "rpr-000000000003.pyz",
        "rpr-000000000004.pyz",
        "notes",
    ):
        (folder / name).write_text("")
        os.utime(folder / name, (long_ago, long_ago))
    os.utime(folder / "rpr-000000000002.pyz")
    (folder / "stask").symlink_to("rpr-000000000003.pyz")
    (tmp_path / "data").mkdir()
    for name in (".rpr-x.fits.12.part", ".rpr-y.fits.13.part", "x.part"):
        (tmp_path / "data" / name).write_text("")
        os.utime(tmp_path / "data" / name, (long_ago, long_ago))
    os.utime(tmp_path / "data" / ".rpr-y.fits.13.part")
    answer = serve().call("clean", root=str(tmp_path), keep=["rpr-000000000004.pyz"])
    assert sorted(Path(path).name for path in answer["removed"]) == [".rpr-x.fits.12.part", "rpr-000000000001.pyz"]
    assert len(list(folder.iterdir())) == 5
