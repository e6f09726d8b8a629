"""Passwords of databases stay where they are."""

from __future__ import annotations

import pytest

from rpconsole.config import load_config, shown_config
from rpconsole.config.secrets import without_password
from rpconsole.domain.fault import BadConfiguration

URL = 'url = "mysql://ipp@db.example.org/gpc1"'
WITH_PASSWORD = (URL, 'url = "mysql://ipp:hunter2@db.example.org/gpc1"')


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mysql://ipp:secret@db/gpc1", "mysql://ipp:***@db/gpc1"),
        ("mysql://ipp:se:c/r@e?t@db:3306/gpc1", "mysql://ipp:***@db:3306/gpc1"),
        ("mysql://:secret@db/gpc1", "mysql://:***@db/gpc1"),
        ("mysql://db/gpc1?user=x&password=secret&charset=utf8", "mysql://db/gpc1?user=x&password=***&charset=utf8"),
        ("mysql://db/gpc1?passwd=secret", "mysql://db/gpc1?passwd=***"),
        ("mysql://ipp@db:3306/gpc1", "mysql://ipp@db:3306/gpc1"),
        ("sqlite:////data/a:b@c.db", "sqlite:////data/a:b@c.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown


def test_the_password_is_in_nothing_that_is_printed_of_a_configuration(written):
    config = load_config(written(WITH_PASSWORD, more='[journal]\nurl = "mysql://j:hunter2@db/rp"\n'))
    printed = (
        f"{config!r} {config} {config.database} {config.model_dump()} {config.model_dump_json()} {shown_config(config)}"
    )
    assert "hunter2" not in printed
    assert "mysql://ipp:***@db.example.org/gpc1" in shown_config(config)
    assert config.database.address == "mysql://ipp:hunter2@db.example.org/gpc1"


def test_a_file_with_a_password_that_others_may_read_is_warned_of(written):
    file = written(WITH_PASSWORD)
    assert load_config(file).warnings == ()
    file.chmod(0o640)
    assert load_config(file).warnings == (f"{file} holds a password and others may read it; run: chmod 600 {file}",)


def test_a_file_without_a_password_may_be_read_but_not_changed_by_everybody(written):
    file = written()
    file.chmod(0o644)
    assert load_config(file).warnings == ()
    file.chmod(0o646)
    assert "anybody may change it" in load_config(file).warnings[0]


def test_the_environment_goes_before_the_password_file(written, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("from-file\nsecond line\n")
    secret.chmod(0o644)
    config = load_config(written((URL, f'{URL}\npassword_file = "secret"')))
    assert config.database.password() == "from-file"
    assert config.warnings == (f"{secret} holds a password and others may read it; run: chmod 600 {secret}",)
    monkeypatch.setenv("RPCONSOLE_DATABASE_PASSWORD", "from-environment")
    assert config.database.password() == "from-environment"
    assert config.journal.password() is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"\xff\xfe", "it is not UTF-8 text"), (b"\n", "has no password in its first line")],
)
def test_a_password_file_that_is_no_use_is_a_sentence(written, tmp_path, content, reason):
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    config = load_config(written((URL, f'{URL}\npassword_file = "secret"')))
    with pytest.raises(BadConfiguration, match=reason):
        config.database.password()


OTHERS = ("[storage]", '[database.others]\nisp = "{}"\n[storage]')


def test_a_further_databases_password_is_hidden_too(written):
    config = load_config(written((OTHERS[0], OTHERS[1].format("mysql://ipp:s3cret@h/isp"))))
    assert config.has_password()
    assert "s3cret" not in shown_config(config) + repr(config)
    assert "mysql://ipp:***@h/isp" in shown_config(config)


def test_a_further_database_must_be_a_url_and_its_text_is_not_repeated(written):
    with pytest.raises(BadConfiguration, match="others") as refused:
        load_config(written((OTHERS[0], OTHERS[1].format("s3cret@h/isp"))))
    assert "s3cret" not in str(refused.value)
