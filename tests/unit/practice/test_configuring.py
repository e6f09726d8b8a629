"""The configuration that a practice site writes for rpconsole."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from rpconsole.domain.fault import BadConfiguration
from rpconsole.practice.configuring import check_directory, configuration, socket_path
from rpconsole.practice.paths import SitePaths, SiteSettings

SETTINGS = SiteSettings(ports={"gateway": 1, "fe1": 2, "fe2": 3, "storage": 4}, session_s=90.0)


def test_it_names_the_sites_own_places_and_ports(tmp_path):
    paths = SitePaths(tmp_path)
    found = tomllib.loads(configuration(paths, SETTINGS))
    assert found["site"]["remote_root"] == str(paths.scratch)
    assert found["login"]["gateway"]["port"] == 1
    assert [each["port"] for each in found["login"]["front_ends"]] == [2, 3]
    assert [each["port"] for each in found["transfer"]["storage_hosts"]] == [4]
    assert found["login"]["lifetime_hours"] == 0.025
    assert found["labels"][0]["path_base"].startswith("neb://any/")
    assert set(found["site"]["stages"]) == {"chip", "camera", "warp", "stack"}


def test_rpconsole_accepts_it(tmp_path):
    loading = pytest.importorskip("rpconsole.config.loading")
    paths = SitePaths(tmp_path)
    paths.config.write_text(configuration(paths, SETTINGS))
    config = loading.load_config(paths.config)
    assert config.layout().references == str(paths.references)
    assert str(config.labels[0].path_base) == "neb://any/remote/demo"


def test_a_long_directory_still_has_a_socket():
    deep = SitePaths(Path("/tmp") / ("x" * 120))
    assert len(os.fsencode(socket_path(deep))) <= 107
    assert socket_path(deep) != socket_path(SitePaths(Path("/tmp") / ("y" * 120)))


@pytest.mark.parametrize("directory", ["/tmp/two words", "/tmp/it's", "/tmp/$HOME", "/tmp/süd", "/tmp/a\nb"])
def test_a_directory_that_shells_read_differently_is_refused(directory):
    with pytest.raises(BadConfiguration, match="letters, digits"):
        check_directory(Path(directory))
