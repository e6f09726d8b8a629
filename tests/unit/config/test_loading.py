"""Finding and reading the configuration file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rpconsole.config import example_config, find_config, load_config
from rpconsole.config.finding import SYSTEM_FILE, usual_places
from rpconsole.domain.fault import BadConfiguration, ExitCode
from rpconsole.domain.retry import AbandonPolicy, RetryPolicy
from rpconsole.domain.schedule import Limits, PollPace
from rpconsole.domain.stage import Stage


def the_sentence(path: Path | None) -> str:
    with pytest.raises(BadConfiguration) as caught:
        load_config(path)
    assert caught.value.exit_code is ExitCode.USAGE
    return str(caught.value)


def test_the_shipped_example_is_right(tmp_path):
    file = tmp_path / "example.toml"
    file.write_text(example_config(), encoding="utf-8")
    config = load_config(file)
    assert [front_end.name for front_end in config.login.front_ends] == ["fe1", "fe2", "fe3", "fe4"]
    assert config.labels[0].stages == tuple(Stage)
    assert (config.source, config.warnings) == (file, ())


def test_what_is_left_out_is_what_the_domain_says(written):
    config = load_config(written())
    assert config.retry.policy() == RetryPolicy()
    assert config.engine.limits() == Limits()
    assert config.engine.pace() == PollPace()
    plan = config.site.plan()
    assert (plan.proc_per_node, plan.max_nodes, plan.max_hours) == (24, 1000, 8)
    assert (plan.multiplier[Stage.STACK], plan.safety_h[Stage.STACK], plan.threads[Stage.CHIP]) == (3, 2, 2)


def test_one_changed_cost_leaves_the_others_as_measured(written):
    plan = load_config(written(more="[site.stages.stack]\ncost_h = 0.5\nsafety_h = 0\n")).site.plan()
    assert (plan.cost_h[Stage.STACK], plan.safety_h[Stage.STACK]) == (0.5, 0)
    assert (plan.multiplier[Stage.STACK], plan.cost_h[Stage.CHIP]) == (3, 150 / 3600)


def test_the_layout_is_told_in_the_words_of_the_stages(written):
    layout = load_config(
        written(more='[survey]\nstack_type = "NIGHTLY_STACK"\n[site.stages.warp]\nprogram_threads = 8\n')
    ).layout()
    assert (layout.remote_root, layout.hostname, layout.dbname) == ("/scratch3/survey", "LANL/Mustang", "gpc1")
    assert (layout.stack_type, layout.mask_reference) == ("NIGHTLY_STACK", "gpc1.refmask.list")
    assert layout.threads == {Stage.CHIP: 4, Stage.WARP: 8, Stage.STACK: 4}


def test_strict_labels_reach_the_policy(written):
    policy = load_config(written(more='[retry]\nstrict_labels = ["CAL"]\n')).retry.policy()
    assert policy.policy_for("CAL") is AbandonPolicy.STRICT
    assert policy.policy_for("LAP") is AbandonPolicy.IGNORE


def test_a_relative_path_starts_at_the_file_and_a_tilde_at_home(written, tmp_path):
    config = load_config(written(more='[paths]\nstate_dir = "~/state"\n'))
    assert config.login.known_hosts == tmp_path / "known_hosts"
    assert config.paths.state_dir == tmp_path / "home" / "state"
    assert config.paths.socket_path == tmp_path / "home" / "state" / "rpconsole.sock"
    assert config.journal_address() == f"sqlite:///{tmp_path}/home/state/journal.db"


def test_cam_is_accepted_for_camera(written):
    config = load_config(written(more='[[labels]]\nlabel = "A"\nstages = ["cam", "chip"]\npath_base = "neb://any/d"\n'))
    assert config.labels[0].stages == (Stage.CAMERA, Stage.CHIP)


def test_a_byte_order_mark_does_no_harm(written):
    file = written()
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_config(file).site.name == "lanl"


def test_without_a_file_the_sentence_says_where_was_looked_and_how_to_begin(tmp_path):
    sentence = the_sentence(None)
    for place in (
        f"{tmp_path}/cwd/rpconsole.toml",
        f"{tmp_path}/home/.config/rpconsole/rpconsole.toml",
        str(SYSTEM_FILE),
    ):
        assert place in sentence
    assert "-c" in sentence
    assert "$RPCONSOLE_CONFIG" in sentence
    assert "rpconsole config init" in sentence


def test_the_nearer_place_is_read_first(monkeypatch, tmp_path):
    here, at_home, by_variable = usual_places()[0], usual_places()[1], tmp_path / "v.toml"
    at_home.parent.mkdir(parents=True)
    at_home.touch()
    assert find_config() == at_home
    here.touch()
    assert find_config() == here
    monkeypatch.setenv("RPCONSOLE_CONFIG", str(by_variable))
    assert find_config() == by_variable
    assert find_config(tmp_path / "given.toml") == tmp_path / "given.toml"


def test_a_file_that_was_asked_for_and_is_not_there_is_not_replaced_by_another(monkeypatch, tmp_path):
    usual_places()[0].write_text("")
    assert the_sentence(tmp_path / "none.toml").startswith(
        f"the configuration file {tmp_path}/none.toml does not exist"
    )
    monkeypatch.setenv("RPCONSOLE_CONFIG", str(tmp_path / "none-either.toml"))
    assert "none-either.toml does not exist" in the_sentence(None)


def test_a_directory_is_not_a_file(tmp_path):
    assert the_sentence(tmp_path) == (
        f"{tmp_path} is a directory, not a configuration file; did you mean {tmp_path}/rpconsole.toml?"
    )


def test_an_unreadable_file_is_a_sentence_with_the_systems_reason(monkeypatch, written):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = written()
    monkeypatch.setattr(Path, "open", refuse)
    assert the_sentence(file) == f"the configuration file {file} cannot be read: Permission denied"


def test_a_file_below_a_file_is_a_sentence(written):
    assert "cannot be read: Not a directory" in the_sentence(written() / "rpconsole.toml")


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "e.toml").write_text("\n \n")
    assert the_sentence(tmp_path / "e.toml").startswith(f"{tmp_path}/e.toml is empty; write an annotated one")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("# fine\n# Köln\n".encode("latin-1"), "line 2: byte 0xf6 is not UTF-8 text; save the file as UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\xff", "line 1: byte 0xff is not UTF-8 text"),
        (b"a = \x00\n", "is not TOML, line 1, column 5: invalid value"),
        (b"a" * 1_000_001, "is larger than a megabyte: it is no configuration file"),
        (b"[database\n", "is not TOML, line 1, column 10: expected ']'"),
        (b"[database]\nurl = \n", "is not TOML, line 2, column 7: invalid value"),
        (b"[database]\n[database]\n", "is not TOML, line 2, column 10: cannot declare"),
        (b'a = """\n', "is not TOML, at its end: unterminated string"),
        (b"a = " + b"[" * 100_000, "is not a configuration: it is nested too deeply"),
    ],
    ids=["latin1", "binary", "nul", "huge", "header", "no value", "twice", "open string", "deep"],
)
def test_what_is_no_toml_is_told_with_its_place(tmp_path, content, sentence):
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    said = the_sentence(file)
    assert sentence in said
    assert str(file) in said


def test_reading_a_pipe_works(written):
    reader, writer = os.pipe()
    os.write(writer, written().read_bytes())
    os.close(writer)
    assert load_config(Path(f"/dev/fd/{reader}")).site.name == "lanl"
    os.close(reader)


def test_a_stages_own_words_stand_for_the_sites_and_nothing_else_does(written):
    changes = ("max_hours = 8", 'max_hours = 8\naccount = "survey"\nfeatures = ["ib"]\nsubmit_options = ["-p", "5"]')
    more = '[site.stages.stack]\naccount = "deep"\nqueue = "large"\nfeatures = []\n'
    site = load_config(written(changes, more=more)).site
    stack, chip = site.directives(Stage.STACK), site.directives(Stage.CHIP)
    assert (stack.account, stack.queue, stack.features, stack.submit_options) == ("deep", "large", (), ("-p", "5"))
    assert (chip.account, chip.queue, chip.features) == ("survey", None, ("ib",))
