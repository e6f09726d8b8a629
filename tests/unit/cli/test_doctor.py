"""doctor: a line a thing, and the remedy."""

from __future__ import annotations

import pytest

from rpconsole.cli.doctor import scheduler_heard, storage_host_reached


def checks(said):
    return {one["name"]: one for one in said.json["checks"]}


def test_doctor_looks_at_everything_and_says_that_no_engine_runs(shell):
    found = checks(shell("doctor", "--json"))
    assert {name for name, one in found.items() if one["ok"]} == {
        "python",
        "configuration",
        "gpc1",
        "journal",
        "storage",
        "known hosts",
    }
    assert not found["engine"]["ok"]
    assert found["engine"]["remedy"] == "start it with 'rpconsole --daemon'"


def test_a_bad_thing_has_its_remedy_and_does_not_hide_the_next(shell):
    shell.settings.upkeep.broken = True
    shell.change(known_hosts=shell.settings.socket_path.parent / "no_hosts", storage_roots=())
    said = shell("doctor")
    assert said.code == 2
    lines = {line.split("\t")[1]: line.split("\t") for line in said.out.splitlines()}
    assert lines["gpc1"][0] == "BAD"
    assert lines["gpc1"][3] == "start it"
    assert lines["journal"][0] == "ok"
    assert "front ends' keys" in lines["known hosts"][3]


def test_db_check_ends_with_the_code_of_what_is_bad(shell):
    assert shell("db", "check").code == 0
    shell.settings.upkeep.broken = True
    assert shell("db", "check").code == 2


def test_db_upgrade_says_the_schema_that_the_journal_has_now(shell):
    said = "the journal has schema 4\ngpc1 has new indexes: remoteComponent_remote_id\n"
    assert shell("db", "upgrade").out == said


@pytest.mark.parametrize(
    ("polled_at", "steps", "ok", "word"),
    [
        (None, [], True, "no job is out"),
        (None, ["ship"], True, "no job is out"),
        (None, ["poll"], False, "neither has answered"),
        (90.0, ["poll"], True, "answered"),
    ],
)
def test_a_scheduler_that_was_never_asked_is_no_fault(polled_at, steps, ok, word):
    found = scheduler_heard({"at": 100.0, "polled_at": polled_at, "runs": [{"step": step} for step in steps]})
    assert found.ok is ok
    assert word in found.found


def test_a_storage_host_that_a_front_end_does_not_reach_is_named_with_the_reason_and_what_its_files_do_meanwhile():
    assert storage_host_reached("mu-fe1", "ippc20", "").ok
    found = storage_host_reached("mu-fe1", "ippc20", "Host key verification failed.")
    assert not found.ok
    assert found.name == "storage host ippc20"
    assert "mu-fe1 does not reach it: Host key verification failed." in found.found
    assert "through the session" in found.remedy
    assert found.exit_code == 2
