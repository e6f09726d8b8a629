"""A small configuration that is right, to be broken."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

GOOD = """\
[database]
url = "mysql://ipp@db.example.org/gpc1"
[storage]
root = "/data/nebulous"
[site]
name = "lanl"
remote_root = "/scratch3/survey"
hostname = "LANL/Mustang"
scheduler = "moab"
proc_per_node = 24
max_nodes = 1000
max_hours = 8
references_dir = "/scratch3/survey/references"
tess_dir = "/scratch3/survey/tess"
[login]
front_ends = [{ name = "fe1", host = "fe1.example.org" }]
user = "operator1"
known_hosts = "known_hosts"
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Short: the engine's socket lies below it, and a socket's path may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="rpc-") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def _no_configuration_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither his files nor his variables."""
    (tmp_path / "home").mkdir()
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in (
        "RPCONSOLE_CONFIG",
        "RPCONSOLE_DATABASE_PASSWORD",
        "RPCONSOLE_JOURNAL_PASSWORD",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write the good configuration with some lines replaced, and more at its end."""

    def write(*changes: tuple[str, str], more: str = "") -> Path:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "rpconsole.toml"
        file.write_text(text + more, encoding="utf-8")
        file.chmod(0o600)
        return file

    return write
