"""The storage at home in the configuration: a directory, or Nebulous."""

from __future__ import annotations

import pytest

from rpconsole.config import load_config, shown_config
from rpconsole.domain.fault import BadConfiguration

PLAIN = 'root = "/data/nebulous"'
NEBULOUS = """kind = "nebulous"
[storage.nebulous]
databases = ["mysql://neb@neb0.example.org/nebulous", "mysql://neb:hush@neb1.example.org/nebulous"]
server = "http://nebserver.example.org:80/nebulous"
"""


def test_nebulous_needs_its_databases_and_its_server_and_no_root(written):
    storage = load_config(written((PLAIN, NEBULOUS))).storage
    assert storage.root is None
    assert storage.directories() == ()
    assert len(storage.nebulous.addresses()) == 2


def test_the_preferred_volume_is_this_host_s_unless_one_is_named(written, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "ippc11.ipp.example.org")
    assert load_config(written((PLAIN, NEBULOUS))).storage.nebulous.near == "ippc11.0"
    assert load_config(written((PLAIN, NEBULOUS + 'volume = "ipp042.0"'))).storage.nebulous.near == "ipp042.0"


def test_no_password_of_a_database_is_shown_and_a_file_that_holds_one_must_be_private(written):
    file = written((PLAIN, NEBULOUS))
    config = load_config(file)
    assert "hush" not in shown_config(config) + repr(config)
    assert "mysql://neb:***@neb1" in shown_config(config)
    file.chmod(0o644)
    assert "holds a password" in load_config(file).warnings[0]


def test_the_password_may_come_from_a_variable_or_a_file(written, tmp_path, monkeypatch):
    (tmp_path / "neb.password").write_text("from a file\n")
    file = written((PLAIN, NEBULOUS + 'password_file = "neb.password"'))
    assert load_config(file).storage.nebulous.password() == "from a file"
    monkeypatch.setenv("RPCONSOLE_NEBULOUS_PASSWORD", "from the environment")
    assert load_config(file).storage.nebulous.password() == "from the environment"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("databases = [", "databases = []\n#", "storage.nebulous.databases must name at least one"),
        ("mysql://neb:hush@neb1", "ldap://neb:hush@neb1", "must be a URL like mysql"),
        ('server = "http', '#server = "http', 'storage.nebulous.make is "server", which needs its URL'),
        ("http://nebserver", "ftp://nebserver", "storage.nebulous.server must be a URL"),
        ("http://nebserver", "http://me:hush@nebserver", "without user or password"),
        ("kind =", 'root = "/data"\nkind =', "storage.root is for kind"),
    ],
)
def test_a_mistake_is_told_without_the_password(written, old, new, sentence):
    assert old in NEBULOUS
    with pytest.raises(BadConfiguration) as caught:
        load_config(written((PLAIN, NEBULOUS.replace(old, new))))
    assert sentence in str(caught.value)
    assert "hush" not in str(caught.value)
