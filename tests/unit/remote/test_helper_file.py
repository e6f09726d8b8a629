from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile

from rpconsole.adapters.ssh import helper_file

BUILD = (
    "import hashlib; from rpconsole.adapters.ssh.helper_file import helper_bytes;"
    "print(hashlib.sha256(helper_bytes()).hexdigest())"
)


def test_the_same_sources_give_the_same_bytes_in_another_process():
    other = subprocess.run([sys.executable, "-c", BUILD], capture_output=True, text=True, check=True).stdout.strip()
    assert other == hashlib.sha256(helper_file.helper_bytes()).hexdigest()


def test_the_name_holds_the_hash_of_the_content():
    digest = hashlib.sha256(helper_file.helper_bytes()).hexdigest()
    assert helper_file.helper_name() == f"rpr-{digest[:12]}.pyz"


def test_the_zip_holds_no_time_and_no_compiled_file():
    with zipfile.ZipFile(io.BytesIO(helper_file.helper_bytes())) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert all(entry.filename.endswith(".py") for entry in entries)


def install(root, data):
    return subprocess.run(
        helper_file.install_command(str(root)), shell=True, input=data, capture_output=True, check=False
    )


def test_installing_leaves_the_file_the_link_and_nothing_else(tmp_path):
    root = tmp_path / "it's a root"
    answer = install(root, helper_file.helper_bytes())
    assert answer.stdout.decode().splitlines()[-1] == f"RPR-INSTALLED {helper_file.helper_path(str(root))}"
    folder = root / helper_file.FOLDER
    assert sorted(path.name for path in folder.iterdir()) == [helper_file.helper_name(), "stask"]
    assert (folder / "stask").read_bytes() == helper_file.helper_bytes()


def test_a_file_cut_on_its_way_is_not_installed(tmp_path):
    answer = install(tmp_path, helper_file.helper_bytes()[:-1])
    assert answer.returncode != 0
    assert b"RPR-INSTALLED" not in answer.stdout
    assert not (tmp_path / helper_file.FOLDER / helper_file.helper_name()).exists()


def test_installing_again_turns_the_link_of_an_older_version(tmp_path):
    folder = tmp_path / helper_file.FOLDER
    folder.mkdir()
    (folder / "rpr-000000000000.pyz").write_text("old")
    (folder / "stask").symlink_to("rpr-000000000000.pyz")
    install(tmp_path, helper_file.helper_bytes())
    assert (folder / "stask").resolve().name == helper_file.helper_name()
