"""The simulated survey."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from rpconsole.practice.detector import DetrendType
from rpconsole.practice.focal_plane import ALL_OTAS, compact_block
from rpconsole.practice.sky import Survey


def skycells(survey):
    return [len({skycell for skycell, _ in survey.overlap(exposure)}) for exposure in survey.pointings]


def test_the_camera_has_sixty_chips_without_corners():
    names = {ota.class_id for ota in ALL_OTAS}
    assert len(names) == 60
    assert names.isdisjoint({"XY00", "XY07", "XY70", "XY77"})


def test_four_chips_are_a_square_in_the_middle():
    assert [ota.class_id for ota in compact_block(4)] == ["XY33", "XY34", "XY43", "XY44"]


@pytest.mark.parametrize("count", [0, 61, -1])
def test_a_number_of_chips_that_the_camera_does_not_have_is_refused(count):
    with pytest.raises(ValueError, match="1 to 60 chips"):
        compact_block(count)


@pytest.mark.parametrize("seed", range(1, 9))
def test_few_chips_touch_few_skycells_and_the_whole_camera_touches_about_twenty(seed):
    assert all(1 <= number <= 4 for number in skycells(Survey(seed=seed, exposures=6, otas=4)))
    assert all(16 <= number <= 30 for number in skycells(Survey(seed=seed, exposures=6, otas=60)))


def test_every_chip_of_an_exposure_lands_on_some_skycell():
    survey = Survey(seed=2, exposures=3, otas=60)
    for exposure in survey.pointings:
        assert {class_id for _, class_id in survey.overlap(exposure)} == set(survey.class_ids)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        survey = Survey(seed=seed, exposures=1, otas=1)
        survey.write_raw(survey.pointings[0], "XY33", tmp_path / f"{name}.fits")
        survey.write_references(tmp_path / name)
        survey.write_tessellation(tmp_path / name)
    same, other = (tmp_path / "a.fits").read_bytes(), (tmp_path / "c.fits").read_bytes()
    assert (tmp_path / "b.fits").read_bytes() == same != other
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()


def test_exposures_are_dithered_and_named_apart():
    pointings = Survey(seed=1, exposures=20, otas=1).pointings
    assert len({exposure.exp_name for exposure in pointings}) == 20
    assert len({(exposure.ra_deg, exposure.dec_deg) for exposure in pointings}) == 20
    assert len({exposure.dateobs for exposure in pointings}) == 20


def test_a_larger_survey_begins_with_the_smaller_one():
    assert Survey(exposures=5).pointings[:2] == Survey(exposures=2).pointings


def test_a_raw_image_says_what_it_is_and_shows_its_stars_off_their_nominal_place(tmp_path):
    survey = Survey(seed=6, exposures=1, otas=4)
    exposure = survey.pointings[0]
    survey.write_raw(exposure, "XY44", tmp_path / "raw.fits")
    image, header = fits.getdata(tmp_path / "raw.fits"), fits.getheader(tmp_path / "raw.fits")
    assert (header["FPPOS"], header["FILTER"], header["EXPTIME"]) == ("XY44", "r.00000", 40.0)
    assert image.dtype == np.uint16
    x, y = survey.true_wcs(exposure, "XY44").to_pixel(survey.stars.ra, survey.stars.dec)
    inside = (x > 5) & (x < 154) & (y > 5) & (y < 154) & (survey.stars.mag < 18)
    peaks = image[np.rint(y[inside]).astype(int), np.rint(x[inside]).astype(int)]
    assert inside.sum() >= 3
    assert np.median(peaks) > np.median(image) + 500


@pytest.mark.parametrize("det_type", list(DetrendType))
def test_every_detrend_type_is_a_file_that_names_its_chip(tmp_path, det_type):
    Survey(otas=1).write_detrend(det_type, "XY33", tmp_path / "d.fits")
    assert fits.getheader(tmp_path / "d.fits")["FPPOS"] == "XY33"


def test_no_star_stands_within_eight_arcsec_of_a_brighter_one():
    stars = Survey(seed=9).stars
    for row in range(0, len(stars.mag), 97):
        apart = (
            np.hypot((stars.ra - stars.ra[row]) * np.cos(np.radians(stars.dec[row])), stars.dec - stars.dec[row]) * 3600
        )
        assert (apart[:row] > 7.9).all()
