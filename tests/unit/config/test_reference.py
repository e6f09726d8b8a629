"""The configuration's reference, and the configuration as it is shown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import rpconsole
from rpconsole.config import Config, config_reference, example_config, load_config, shown_config
from rpconsole.config.mistakes import sections_of


def test_every_key_has_a_description_and_stands_in_the_reference():
    reference = config_reference()
    for place, fields in sections_of(Config):
        for name, field in fields.items():
            assert field.description, (place, name)
            assert re.search(rf"`{name}`|\[{name}\]|\.{name}\]", reference), (place, name)


def test_the_reference_names_no_place_of_this_machine_and_no_python():
    reference = config_reference()
    assert not re.search(r"Undefined|Posix|SecretStr|/root|/home|Annotated|NoneType", reference)


def test_the_reference_says_what_is_allowed():
    reference = config_reference()
    assert '| `scheduler` | `"moab"` or `"slurm"` | *required* | Who runs the jobs. |' in reference
    assert "| `cost_h` | number, more than 0 | – |" in reference
    assert "### `[[login.front_ends]]`" in reference


def test_every_key_in_the_examples_comments_is_a_key(tmp_path):
    live = re.sub(r"(?m)^#(?=[a-z_]+ = )", "", example_config())
    file = tmp_path / "all.toml"
    file.write_text(live)
    assert load_config(file).journal.url is not None


def test_the_example_s_other_storage_is_whole(tmp_path):
    live = re.sub(r"(?m)^kind = .*\nroot = .*\n", "", example_config())
    live = re.sub(r"(?m)^#  ", "", live)
    file = tmp_path / "nebulous.toml"
    file.write_text(live)
    assert load_config(file).storage.nebulous.near == "ipp042.0"


DEFAULTS = (
    r"fill|tick_s|define_s|poll_\w+|prepares|ships|retrieves|step_tries|delays_s|component_tries|max_channels|bulk_channels|"
    r"keepalive_\w+|connect_timeout_s|shell|python|fake|stacks|min_warps|name|transfer_warp_images"
)


def test_the_example_shows_defaults_where_it_says_so(tmp_path):
    plain, live = tmp_path / "plain.toml", tmp_path / "live.toml"
    plain.write_text(example_config())
    shown = re.sub(rf"(?m)^#(?=({DEFAULTS}) = )", "", example_config())
    live.write_text(shown)
    assert shown != example_config()
    assert load_config(live).model_dump() == load_config(plain).model_dump()


def test_a_configuration_that_is_shown_can_be_loaded_again(written, tmp_path):
    more = '[storage.names]\n"CAT-1" = "/c"\n[[labels]]\nlabel = "A\\\\\\"B"\npath_base = "/d e"\n'
    config = load_config(written(more=more))
    again = tmp_path / "again.toml"
    again.write_text(shown_config(config))
    assert load_config(again).model_dump() == config.model_dump()


def test_the_command_line_starts_without_reading_the_configurations_classes():
    listing = "import sys, rpconsole.cli.app; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    assert "rpconsole.config.model" not in loaded


def test_the_documentation_holds_the_reference_of_today():
    page = Path(rpconsole.__file__).parents[2] / "docs" / "configuration.md"
    assert f"<!-- begin configuration -->\n{config_reference()}\n<!-- end configuration -->" in page.read_text()
