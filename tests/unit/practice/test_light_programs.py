"""The programs that do no pixel work."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from astropy.io import fits

from rpconsole.practice.programs import dvoimageextract, metadata, mkstackmdc, ppstats
from rpconsole.practice.programs.install import LIGHT_PROGRAMS, PROGRAMS, install_programs
from rpconsole.practice.programs.statsflags import RECIPES


def flags_of(line: str) -> list[str]:
    return [word for word in line.split() if word.startswith("-") and not word[1:2].isdigit()]


@pytest.fixture
def statistics(tmp_path):
    def write(**values):
        path = tmp_path / "x.stats"
        path.write_text(metadata.write(values))
        return str(path)

    return write


def test_each_form_of_value_is_printed_as_the_database_tools_read_it(statistics, capsys):
    source = statistics(BG=-0.123, BG_STDEV=float("nan"), XMIN=7, ACCEPT=True, VER_PSLIB="42501")
    assert ppstats.main([source, "-", "WARP_SKYCELL"]) == 0
    assert capsys.readouterr().out == "-bg -0.123000 -bg_stdev nan -xmin 7 -accept -ver_pslib '42501' \n"


def test_exponents_never_occur(statistics, capsys):
    ppstats.main([statistics(BG=1.5e-7, BG_STDEV=2.5e20), "-", "WARP_SKYCELL"])
    assert "e" not in capsys.readouterr().out.replace("bg_stdev", "")


def test_a_64_bit_number_keeps_all_its_digits(statistics, capsys):
    ppstats.main([statistics(ASTROM_CHIPS=9151314442816847742), "-", "CAMERA_EXP_FPA"])
    assert capsys.readouterr().out == "-astrom_chips 9151314442816847742 \n"


def test_a_false_switch_and_a_missing_keyword_print_nothing(statistics, capsys):
    ppstats.main([statistics(ACCEPT=False, GOOD_FRAC=0.5), "-", "WARP_SKYCELL"])
    assert capsys.readouterr().out == "-good_frac 0.500000 \n"


@pytest.mark.parametrize(
    ("recipe", "count"), [("CHIP_IMFILE", 62), ("CAMERA_EXP_FPA", 32), ("WARP_SKYCELL", 21), ("STACK_SKYCELL", 29)]
)
def test_a_recipe_prints_its_own_flags_and_no_other_recipes(statistics, capsys, recipe, count):
    everything = {flag.upper(): True for forms in RECIPES.values() for flag in forms}
    ppstats.main([statistics(**{name: "1" if name.startswith("VER") else 1 for name in everything}), "-", recipe])
    assert sorted(flags_of(capsys.readouterr().out)) == sorted(f"-{flag}" for flag in RECIPES[recipe])
    assert len(RECIPES[recipe]) == count


def test_an_unknown_recipe_names_those_there_are(statistics, capsys):
    assert ppstats.main([statistics(BG=1.0), "-", "CHIP"]) == 3
    assert "CHIP_IMFILE" in capsys.readouterr().err


@pytest.mark.parametrize(("content", "code"), [(None, 2), ("", 5), ("BG F64 bright\n", 5)])
def test_missing_empty_and_broken_statistics_end_with_a_sentence(tmp_path, capsys, content, code):
    path = tmp_path / "x.stats"
    if content is not None:
        path.write_text(content)
    assert ppstats.main([str(path), "-", "CHIP_IMFILE"]) == code
    assert str(path) in capsys.readouterr().err


WARP_ENDS = (".fits", ".mask.fits", ".wt.fits", ".psf", ".cmf")


def warp(root, content="x"):
    for end in WARP_ENDS:
        (root.parent / (root.name + end)).write_text(content)
    return str(root)


def test_each_input_is_taken_from_its_own_place_or_from_where_it_was_shipped(tmp_path, capsys):
    here, there = warp(tmp_path / "a"), warp(tmp_path / "shipped_b")
    listed = "".join(f"{tmp_path}/b{end} {there}{end}\n" for end in WARP_ENDS)
    (tmp_path / "x.compmap").write_text(listed)
    compmap = str(tmp_path / "x.compmap")
    assert mkstackmdc.main(["--remote_root", "/r", "--compmap", compmap, here, str(tmp_path / "b")]) == 0
    blocks = metadata.read(capsys.readouterr().out)
    assert list(blocks) == ["INPUT0", "INPUT1"]
    assert blocks["INPUT0"] == {
        "IMAGE": f"{here}.fits",
        "MASK": f"{here}.mask.fits",
        "VARIANCE": f"{here}.wt.fits",
        "PSF": f"{here}.psf",
        "SOURCES": f"{here}.cmf",
        "BKGMODEL": f"{here}.mdl.fits",
    }
    second = blocks["INPUT1"]
    assert isinstance(second, dict)
    assert second["IMAGE"] == f"{there}.fits"


def test_a_storage_key_is_no_path_and_not_found(tmp_path, capsys):
    """The survey's own program maps no key: what stands in the line is what it opens."""
    warp(tmp_path / "a")
    (tmp_path / "x.compmap").touch()
    line = ["--remote_root", f"{tmp_path}/", "--compmap", str(tmp_path / "x.compmap"), "neb://any/a"]
    assert mkstackmdc.main(line) == 2
    assert "neither neb://any/a.fits" in capsys.readouterr().err


def test_an_input_that_is_empty_in_both_places_ends_it_with_both_names(tmp_path, capsys):
    root = warp(tmp_path / "a", content="")
    (tmp_path / "x.compmap").write_text(f"{root}.fits /elsewhere/a.fits\n")
    assert mkstackmdc.main(["--remote_root", "/r", "--compmap", str(tmp_path / "x.compmap"), root]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"neither {root}.fits nor /elsewhere/a.fits" in err


def test_a_skycell_becomes_a_fits_header_that_others_can_read(tmp_path):
    (tmp_path / "skycell.1.2.hdr").write_text("SKYCELL = 'skycell.1.2'\nCRVAL1  =  10.25\nIMAGEW  = 380\n")
    out = tmp_path / "o.skyfile"
    assert dvoimageextract.main(["-D", "CATDIR", str(tmp_path), "skycell.1.2", "-o", str(out)]) == 0
    header = fits.getheader(out)
    assert (header["SKYCELL"], header["CRVAL1"], header["IMAGEW"]) == ("skycell.1.2", 10.25, 380)


def test_a_skycell_that_the_tessellation_lacks_is_named(tmp_path, capsys):
    assert dvoimageextract.main(["-D", "CATDIR", str(tmp_path), "skycell.9.9", "-o", str(tmp_path / "o")]) == 2
    assert "has no skycell skycell.9.9" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("module", sorted(LIGHT_PROGRAMS.values()))
def test_a_light_program_loads_neither_numpy_nor_astropy(module):
    listing = f"import sys, rpconsole.practice.programs.{module}; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, timeout=60)
    assert {"numpy", "astropy", "asyncio", "typing_extensions"}.isdisjoint(loaded.stdout.split())


def test_launchers_have_the_real_names_and_survive_blanks_and_a_hostile_directory(tmp_path):
    bin_dir, work = tmp_path / "my bin", tmp_path / "work"
    work.mkdir()
    (work / "rpconsole.py").write_text("raise SystemExit('imported from the working directory')\n")
    install_programs(bin_dir, sys.executable)
    assert set(os.listdir(bin_dir)) == set(PROGRAMS) | set(LIGHT_PROGRAMS)
    (work / "a b.stats").write_text(metadata.write({"BG": 1.0}))
    ended = subprocess.run(
        [bin_dir / "ppStatsFromMetadata", "a b.stats", "-", "WARP_SKYCELL"],
        cwd=work,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(work)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (0, "-bg 1.000000 \n")
