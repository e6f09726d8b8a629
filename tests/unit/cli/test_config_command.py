"""config check, show, init and the commands over a real configuration file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat

import pytest

from rpconsole.adapters.gpc1.create import create_schema
from rpconsole.cli.app import main

TEXT = """
[database]
url = "sqlite:///{folder}/gpc1.db"
[paths]
state_dir = "{folder}/state"
[storage]
root = "{folder}/storage"
[site]
name = "practice"
remote_root = "/scratch"
hostname = "practice"
scheduler = "moab"
proc_per_node = 24
max_nodes = 1000
max_hours = 8
references_dir = "/scratch/references"
tess_dir = "/scratch/tess"
[login]
user = "operator"
known_hosts = "{folder}/known_hosts"
front_ends = [{{ name = "fe1", host = "127.0.0.1" }}]
[[labels]]
label = "DEMO"
path_base = "{folder}/prepared"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rpconsole.toml"
    path.write_text(TEXT.format(folder=tmp_path))
    return path


@pytest.fixture
def rpconsole(capsys, file):
    def run(*words):
        capsys.readouterr()
        code = main(["-c", str(file), *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run


def test_a_good_file_is_all_right(rpconsole, file):
    assert rpconsole("config", "check") == (0, f"{file}: all right\n", "")


def test_a_wrong_key_is_told_with_file_line_and_the_nearest_right_one(rpconsole, file):
    file.write_text(file.read_text().replace("proc_per_node", "procs_per_node"))
    code, _, err = rpconsole("status")
    assert code == 3
    assert str(file) in err
    assert "line " in err
    assert "proc_per_node" in err


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"[site\n", b"= 3\n"])
def test_a_file_that_is_no_configuration_ends_with_code_3(rpconsole, file, content):
    file.write_bytes(content)
    code, out, err = rpconsole("runs", "--json")
    assert (code, out) == (3, "")
    assert str(file) in err


def test_the_shown_configuration_hides_passwords(rpconsole, file):
    file.write_text(file.read_text().replace("sqlite:///", "mysql://ipp:pa55word@db/"))
    code, out, _ = rpconsole("config", "show", "--json")
    assert code == 0
    assert "pa55word" not in out
    assert "mysql://ipp:" in json.loads(out)["toml"]


def test_init_writes_an_example_for_its_owner_only_and_never_over_a_file(rpconsole, tmp_path):
    new = tmp_path / "new.toml"
    assert rpconsole("config", "init", str(new))[0] == 0
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    code, _, err = rpconsole("config", "init", str(new))
    assert code == 3
    assert "is there already" in err


def test_the_journal_is_made_by_db_upgrade_and_then_found_right(rpconsole, tmp_path):
    code, out, _ = rpconsole("db", "check", "--json")
    checks = {one["name"]: one for one in json.loads(out)["checks"]}
    assert code != 0
    assert checks["journal"]["found"] == "there is no journal yet"
    assert not (tmp_path / "state").exists()
    assert rpconsole("db", "upgrade")[0] == 0
    checks = {one["name"]: one for one in json.loads(rpconsole("db", "check", "--json")[1])["checks"]}
    assert checks["journal"]["ok"]


def test_db_upgrade_gives_an_older_sqlite_gpc1_the_indexes_that_it_lacks_once(rpconsole, tmp_path):
    asyncio.run(create_schema(f"sqlite:///{tmp_path}/gpc1.db"))
    with sqlite3.connect(tmp_path / "gpc1.db") as older:
        older.execute("DROP INDEX remoteComponent_remote_id")
    older.close()
    assert json.loads(rpconsole("db", "upgrade", "--json")[1])["indexes"] == ["remoteComponent_remote_id"]
    assert json.loads(rpconsole("db", "upgrade", "--json")[1])["indexes"] == []


def test_db_upgrade_makes_no_gpc1_where_there_is_none(rpconsole, tmp_path):
    assert rpconsole("db", "upgrade")[0] == 0
    assert not (tmp_path / "gpc1.db").exists()


def test_a_database_that_is_not_gpc1_is_told_by_the_doctor_and_left_as_it_was(rpconsole, tmp_path):
    with sqlite3.connect(tmp_path / "gpc1.db") as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    code, out, _ = rpconsole("doctor", "--json")
    checks = {one["name"]: one for one in json.loads(out)["checks"]}
    assert code != 0
    assert "missing table" in checks["gpc1"]["found"]
    assert "is not a directory" in checks["storage"]["found"]
    with sqlite3.connect(tmp_path / "gpc1.db") as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    other.close()


def test_a_label_without_a_path_base_is_refused_with_the_nearest_label(rpconsole):
    code, _, err = rpconsole("define", "--label", "DEMOO", "--stage", "chip")
    assert code == 3
    assert "give --path-base; did you mean 'DEMO'?" in err


def test_a_site_that_is_not_configured_is_refused(rpconsole):
    code, _, err = rpconsole("plan", "--stage", "warp", "--commands", "10", "--site", "practise")
    assert code == 3
    assert "did you mean 'practice'" in err
