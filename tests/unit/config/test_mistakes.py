"""What a configuration's author is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rpconsole.config import load_config
from rpconsole.domain.fault import BadConfiguration


def said_of(path: Path) -> str:
    with pytest.raises(BadConfiguration) as caught:
        load_config(path)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("max_nodes = 1000", "max_node = 1000\nmax_nodes = 5", "line 11: site.max_node is not a key; did you mean 'max_nodes'?"),
        ("[database]", "tick_s = 2\n[database]", "line 1: tick_s is not a key; it belongs into [engine]"),
        ("[storage]", "[storage]\nqqq = 1", "line 4: storage.qqq is not a key; the keys here are kind, root, names"),
        ('root = "/data/nebulous"\n', "", "storage.root is missing: the directory that keys are found below"),
        ('root = "/data/nebulous"', 'kind = "nebulous"', 'line 4: storage.kind is "nebulous", which needs a table [storage.nebulous]'),
        ('root = "/data/nebulous"', 'kind = "soap"', "line 4: storage.kind must be 'plain' or 'nebulous', not 'soap'"),
        ("[site]", '[storage.nebulous]\ndatabases = ["mysql://n@h/n"]\nmake = "programs"\n[site]', "line 5: storage.nebulous is given"),
        ("proc_per_node = 24", 'proc_per_node = "24"', "line 10: site.proc_per_node must be a whole number, not '24'"),
        ("proc_per_node = 24", "proc_per_node = true", "line 10: site.proc_per_node must be a whole number, not true"),
        ("proc_per_node = 24", "proc_per_node = 0", "line 10: site.proc_per_node must be at least 1, not 0"),
        ("proc_per_node = 24", "proc_per_node = 1.5", "line 10: site.proc_per_node must be a whole number, not 1.5"),
        ("proc_per_node = 24", "proc_per_node = []", "line 10: site.proc_per_node must be a whole number"),
        ("max_hours = 8\n", "", "line 5: site.max_hours is missing: Longest wall time that a job may ask for."),
        ('scheduler = "moab"', 'scheduler = "pbs"', "line 9: site.scheduler must be 'moab' or 'slurm', not 'pbs'"),
        ('scheduler = "moab"', "scheduler = 2026-01-01", "line 9: site.scheduler must be 'moab' or 'slurm'"),
        ("max_nodes = 1000", "max_nodes = 5\nmin_nodes = 7", "line 12: site.min_nodes is 7, more than max_nodes, which is 5"),
        ("max_hours = 8", "max_hours = 1\nmin_hours = 2", "line 13: site.min_hours is 2, more than max_hours, which is 1"),
        ('"/scratch3/survey"', '"survey"', "line 7: site.remote_root must be an absolute path of letters"),
        ('"/scratch3/survey"', '"//"', "line 7: site.remote_root cannot be / itself"),
        ('"/scratch3/survey"', '"/a b;rm"', "not '/a b;rm'"),
        ('hostname = "LANL/Mustang"', 'hostname = "a\\nb"', "line 8: site.hostname must be one word"),
        ('"known_hosts"', "7", 'line 18: login.known_hosts must be a path in quotes, like "/data/rpconsole"'),
        ('"known_hosts"', '"~nobody-here/x"', "names a home directory that is not known: '~nobody-here/x'"),
        ("[login]", '[login]\nhop = "jump"', 'line 16: login.hop is "jump", which needs a gateway'),
        ("[login]", '[login]\nhop = "command"', 'line 16: login.hop is "command", which needs a gateway'),
        ("[login]", '[login]\nhop = "comand"', "line 16: login.hop must be 'direct', 'jump' or 'command', not 'comand'"),
        (
            'front_ends = [{ name = "fe1", host = "fe1.example.org" }]',
            'front_ends = [{ name = "a", host = "a" }, { name = "b", host = "b" }]\n'
            'hop = "command"\ngateway = { host = "g" }\nmax_channels = 3',
            "login.max_channels is 3, which 2 front ends share behind a gateway that only runs commands",
        ),
        ("[login]", '[login]\ngateway = { host = "g" }', 'line 16: login.gateway is given, but hop is "direct"'),
        ("[login]", '[login]\nusers = ["eva"]', "line 18: login.user is 'operator1', who is not in users: eva"),
        ("[login]", '[transfer]\ninitiative = "front-end"\n[login]', 'line 16: transfer.initiative is "front-end", which needs hosts'),
        ("[login]", '[transfer]\ninitiative = "box4"\n[login]', "transfer.initiative must be 'session' or 'front-end', not 'box4'"),
        ("[login]", "[transfer]\nstreams = 0\n[login]", "line 16: transfer.streams must be at least 1, not 0"),
        (
            "[login]",
            '[[transfer.storage_hosts]]\nname = "s"\nhost = "-oProxyCommand=x"\nuser = "u"\nvolumes = { "/a" = "/b" }\n[login]',
            "transfer.storage_hosts[1].host must be a host name or an address, not '-oProxyCommand=x'",
        ),
        (
            "[login]",
            '[[transfer.storage_hosts]]\nname = "s"\nhost = "s"\nuser = "u"\nvolumes = {}\n[login]',
            "transfer.storage_hosts[1].volumes must name a directory at least",
        ),
        (
            "[login]",
            '[[transfer.storage_hosts]]\nname = "s"\nhost = "s"\nuser = "u"\nvolumes = { "/a" = "/b/../.." }\n[login]',
            "transfer.storage_hosts[1].volumes can hold neither / itself nor '..'",
        ),
        (
            "[login]",
            '[[transfer.storage_hosts]]\nname = "s"\nhost = "s"\nuser = "u"\nvolumes = { "/a" = "/b;rm" }\n[login]',
            "must be an absolute path of letters, digits and _ . / + @ = , -",
        ),
        (
            "[login]",
            "[transfer]\n" + 2 * '[[transfer.storage_hosts]]\nname = "s"\nhost = "s"\nuser = "u"\nvolumes = { "/a" = "/b" }\n' + "[login]",
            "transfer.storage_hosts have the name 's' twice",
        ),
        ("[login]", "[login]\nkeepalive_s = inf", "line 16: login.keepalive_s must be a finite number, not inf"),
        ("[login]", "[login]\nkeepalive_s = -1", "line 16: login.keepalive_s must be more than 0, not -1"),
        ("[login]", "[login]\nmax_channels = 1", "line 16: login.max_channels must be at least 2"),
        ('host = "fe1.example.org"', 'host = "fe1", port = 70000', "line 16: login.front_ends[1].port must be at most 65535, not 70000"),
        ('host = "fe1.example.org"', 'host = "fe1", sessions = 0', "line 16: login.front_ends[1].sessions must be at least 1, not 0"),
        ('host = "fe1.example.org"', 'host = "fe1", sessions = 9', "line 16: login.front_ends[1].sessions must be at most 8, not 9"),
        ('host = "fe1.example.org"', 'host = "fe1", sessions = "2"', "line 16: login.front_ends[1].sessions must be a whole number"),
        (
            'front_ends = [{ name = "fe1", host = "fe1.example.org" }]',
            'hop = "command"\ngateway = { host = "g" }\nfront_ends = [{ name = "fe1", host = "fe1", sessions = 2 }]',
            "login.front_ends ask for several sessions",
        ),
        ('name = "fe1"', 'name = "fe1/2"', "line 16: login.front_ends[1].name must be a name of letters"),
        ('[{ name = "fe1", host = "fe1.example.org" }]', "[]", "line 16: login.front_ends must name at least one front end"),
        ('[{ name = "fe1", host = "fe1.example.org" }]', '"fe1"', "line 16: login.front_ends must be a list in [ ]"),
        ('{ name = "fe1"', '{ name = "fe1", host = "x" }, { name = "fe1"', "has the name 'fe1' twice"),
        ("[storage]", "storage2 = 1\n[storage]", "line 3: database.storage2 is not a key"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_line_key_and_what_is_allowed(written, old, new, sentence):
    said = said_of(written((old, new)))
    assert said.startswith("FILE, line ")
    assert sentence in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("[engin]\n", "line 19: engin is not a key; did you mean 'engine'?"),
        ("[engine]\npoll_min_s = 50\npoll_max_s = 5\n", "line 20: engine.poll_min_s is 50, more than poll_max_s, which is 5"),
        ("[retry]\ndelays_s = []\n", "line 20: retry.delays_s must name at least one"),
        ("[retry]\ndelays_s = [1, 'x']\n", "line 20: retry.delays_s[2] must be a number, not 'x'"),
        ("[retry]\njitter = 2\n", "line 20: retry.jitter must be at most 1, not 2"),
        ("[labels]\nlabel = 'a'\n", "line 19: labels must be a list in [ ]"),
        ("[[labels]]\nlabel = 'a'\n", "line 19: labels[1].path_base is missing: Storage key"),
        ("[[labels]]\nlabel = 'a'\npath_base = '/d'\nstages = ['chop']\n", "line 22: labels[1].stages names a stage that there is not"),
        ("[[labels]]\nlabel = 'a'\npath_base = '/d'\n[[labels]]\nlabel = 'a'\npath_base = '/e'\n", "line 19: labels has 'a' twice"),
        ("[[labels]]\nlabel = 'a'\npath_base = '/d'\n[[labels]]\nlabel = 'a b'\npath_base = '/e'\n", "line 23: labels[2].label must be"),
        ("[site.stages.chop]\n", "line 19: site.stages.chop is not a key; did you mean 'chip'?"),
        ("[bookkeeping]\nfake = 'yes'\n", "line 20: bookkeeping.fake must be true or false, not 'yes'"),
        ("[paths]\nsocket = '/" + "s" * 120 + "'\n", "121 bytes long; a socket's path may have 107"),
        ("[journal]\nurl = 'journal.db'\n", "line 20: journal.url must be a URL like"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_further_table_is_told_likewise(written, more, sentence):
    said = said_of(written(more=more))
    assert sentence in said
    assert said.startswith("FILE, line ")


def test_several_mistakes_are_told_at_once_in_the_order_of_the_file(written):
    said = said_of(
        written(("proc_per_node = 24", "proc_per_nod = 24"), ('"moab"', '"pbs"'), ("max_hours = 8", "max_hours = 0"))
    )
    lines = said.splitlines()
    assert lines[0] == "FILE has 4 mistakes:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["line 5", "line 9", "line 10", "line 12"]


def test_a_table_that_is_missing_wholly_is_told_by_its_keys(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text('[database]\nurl = "sqlite:////x.db"\n')
    said = said_of(file)
    for key in ("storage.root", "site.name", "login.front_ends", "login.known_hosts"):
        assert f"{key} is missing: " in said


def test_a_table_that_is_a_number_is_told(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text("site = 5\n")
    assert "line 1: site must be a table, not 5" in said_of(file)


@pytest.mark.parametrize(
    "line",
    [
        'url = "postgres://ipp:hunter2@db/gpc1"',
        'url = "ipp:hunter2@db/gpc1"',
        'url = ["mysql://ipp:hunter2@db/gpc1"]',
        'url = "mysql://ipp:hunter2@db/gpc1"\npassword = "hunter2"',
        'url = "mysql://ipp:hunter2@db/gpc1"\npassword_file = ["hunter2"]',
    ],
)
def test_a_mistake_about_a_password_does_not_repeat_it(written, line):
    with pytest.raises(BadConfiguration) as caught:
        load_config(written(('url = "mysql://ipp@db.example.org/gpc1"', line)))
    assert "hunter2" not in f"{caught.value!r} {caught.value.evidence}"
    assert caught.value.__context__ is None


def test_a_site_that_wants_an_account_is_told_whose_jobs_would_be_charged_to_nobody(written):
    wanted = ("max_hours = 8", "max_hours = 8\naccount_required = true")
    said = said_of(written(wanted, more='[site.stages.chip]\naccount = "deep"\n'))
    assert "line 13: site.account_required is true, but jobs of camera, warp, stack name no account" in said


@pytest.mark.parametrize(
    "named", ['account = "deep"', 'submit_options = ["-A", "deep"]', 'submit_options = ["--account=deep"]']
)
def test_an_account_may_be_named_by_a_key_or_by_an_option(written, named):
    load_config(written(("max_hours = 8", f"max_hours = 8\naccount_required = true\n{named}")))
