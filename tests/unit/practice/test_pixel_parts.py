"""The arithmetic inside the pixel programs, each part against what is known by construction or by astropy."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS

from rpconsole.practice.programs import combine, detrend, pixels, sources
from rpconsole.practice.programs.exits import BadInput
from rpconsole.practice.programs.maskbits import MaskBit
from rpconsole.practice.programs.matching import ChipField, Similarity, solve
from rpconsole.practice.programs.resample import Canvas
from rpconsole.practice.programs.tan import TanWcs
from rpconsole.practice.starfield import render

SCALE = 1 / 3600
TURNED = TanWcs(ra_deg=359.99, dec_deg=61.0, x_ref=40.0, y_ref=-300.0, cd=(-SCALE, 2e-6, 2e-6, SCALE))


def test_pixels_and_sky_agree_with_astropy_to_a_thousandth_of_a_pixel():
    x, y = np.array([0.0, 159.0, 80.5]), np.array([0.0, 10.0, 159.0])
    reference = WCS(header=TURNED.cards())
    ra, dec = TURNED.to_sky(x, y)
    assert np.allclose(
        reference.wcs_pix2world(np.stack([x, y], axis=1), 0), np.stack([ra, dec], axis=1), atol=SCALE / 1000
    )
    assert np.allclose(TURNED.to_pixel(ra, dec), (x, y), atol=1e-3)


def test_a_header_without_astrometry_is_refused_with_its_name():
    with pytest.raises(BadInput, match=r"o\.skyfile holds no astrometry"):
        TanWcs.from_header({"CRVAL1": 3.0}, name="o.skyfile")


def star_image(x, y, counts, *, sigma=1.3, noise=0.0, shape=(80, 80)):
    rng = np.random.default_rng(7)
    return render(shape, np.array(x), np.array(y), np.array(counts), sigma=sigma) + rng.normal(0, noise, shape)


def test_stars_are_found_where_they_stand_with_their_width_and_flux():
    x, y, counts = [20.3, 55.8, 40.0], [30.7, 14.1, 62.5], [20000.0, 8000.0, 3000.0]
    image = star_image(x, y, counts, sigma=1.45, noise=5.0)
    table, sigma = sources.detect(image, np.full(image.shape, 25.0), np.ones(image.shape, bool))
    order = np.argsort(-table["PSF_INST_FLUX"])
    assert len(table) == 3
    assert np.allclose(table["X_PSF"][order], x, atol=0.05)
    assert np.allclose(table["Y_PSF"][order], y, atol=0.05)
    assert np.allclose(table["PSF_INST_FLUX"][order], counts, rtol=0.03)
    assert sigma == pytest.approx(1.45, rel=0.03)


def test_an_image_without_stars_gives_an_empty_table():
    image = np.random.default_rng(3).normal(0, 5, (60, 60))
    table, _ = sources.detect(image, np.full(image.shape, 25.0), np.ones(image.shape, bool))
    assert len(table) == 0


def test_an_image_that_is_all_masked_gives_an_empty_table():
    table, _ = sources.detect(np.full((60, 60), 1e6), np.ones((60, 60)), np.zeros((60, 60), bool))
    assert len(table) == 0


def test_the_background_model_follows_a_slope_and_ignores_stars():
    slope = 100 + np.linspace(0, 20, 160)[:, None] * np.ones(160)
    image = slope + star_image([40.0, 90.0], [50.0, 120.0], [3e4, 3e4], noise=3.0, shape=(160, 160))
    model = pixels.background_model(pixels.background_grid(image, np.ones(image.shape, bool)), image.shape)
    assert np.abs(model - slope)[20:-20].max() < 1.5


def test_a_box_without_good_pixels_takes_the_level_of_the_others():
    good = np.ones((40, 40), bool)
    good[:10, :10] = False
    assert np.allclose(pixels.background_grid(np.full((40, 40), 9.0), good), 9.0)


def test_cosmic_rays_are_told_from_stars():
    image = star_image([30.2, 50.0], [30.6, 20.0], [50000.0, 4000.0], sigma=1.15, noise=5.0)
    image[60, 10] += 800
    struck = detrend.cosmic_rays(image, 5.0, np.ones(image.shape, bool))
    assert np.argwhere(struck).tolist() == [[60, 10]]


def test_the_row_pattern_is_recovered():
    rows = np.random.default_rng(1).normal(0, 2, 120)
    image = np.random.default_rng(2).normal(0, 5, (120, 160)) + rows[:, None]
    found = detrend.row_pattern(image, np.ones(image.shape, bool))
    assert np.std(found - rows) < 0.8


def test_the_fringe_amplitude_is_recovered_among_stars():
    fringe = np.sin(np.arange(160) / 5)[None, :] * np.ones((160, 1))
    image = 400 + 18 * fringe + star_image([50.0], [70.0], [1e5], noise=15.0, shape=(160, 160))
    amplitude, error = detrend.fringe_amplitude(image, fringe, np.ones(image.shape, bool))
    assert amplitude == pytest.approx(18, abs=1.0)
    assert 0 < error < 0.5


def test_trails_written_are_trails_read():
    trails = [detrend.Trail(column=3, first_row=20, counts=55.25, decay_px=17.5)]
    assert detrend.read_trails(detrend.trails_text(trails), name="t") == trails


@pytest.mark.parametrize("line", ["1 2 3", "1 2 3 4 5", "a b c d"])
def test_a_broken_trail_is_refused_with_its_line(line):
    with pytest.raises(BadInput, match=r"x\.burn\.tbl, line 2"):
        detrend.read_trails(f"# trails\n{line}\n", name="x.burn.tbl")


def chip_field(class_id, seen, catalogue):
    return ChipField(
        class_id=class_id,
        stars=np.zeros(len(seen)),
        points=seen,
        candidates=np.arange(len(catalogue)),
        matched=(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)),
        solution=Similarity(),
    )


def test_the_matching_finds_shift_and_turn_in_spite_of_strangers():
    rng = np.random.default_rng(11)
    truth = Similarity(a=np.cos(0.001), b=np.sin(0.001), dx=4.3, dy=-7.7)
    seen = rng.uniform(0, 300, (40, 2))
    catalogue = np.concatenate([truth.apply(seen) + rng.normal(0, 0.05, seen.shape), rng.uniform(0, 300, (60, 2))])
    seen = np.concatenate([seen, rng.uniform(0, 300, (10, 2))])
    found = solve([chip_field("XY33", seen, catalogue)], catalogue)
    corners = np.array([[0.0, 0.0], [300.0, 300.0], [0.0, 300.0]])
    assert np.abs(found.apply(corners) - truth.apply(corners)).max() < 0.1


def test_a_chip_with_few_stars_keeps_the_turn_of_the_whole():
    rng = np.random.default_rng(12)
    seen = rng.uniform(0, 300, (40, 2))
    catalogue = np.concatenate([seen + np.array([3.0, 2.0]), seen[:3] + np.array([3.3, 2.2])])
    rich, poor = chip_field("XY33", seen[3:], catalogue[3:40]), chip_field("XY34", seen[:3], catalogue)
    poor.candidates = np.arange(40, 43)
    rich.candidates = np.arange(3, 40)
    solve([rich, poor], catalogue)
    assert (poor.solution.dx, poor.solution.dy) == pytest.approx((3.3, 2.2), abs=0.06)
    assert poor.solution.b == pytest.approx(0, abs=1e-3)


def test_a_field_that_is_not_in_the_catalogue_is_refused():
    rng = np.random.default_rng(13)
    with pytest.raises(BadInput, match="match the catalogue nowhere"):
        solve([chip_field("XY33", rng.uniform(0, 300, (30, 2)), np.zeros((0, 2)))], np.zeros((0, 2)))


def test_the_inverse_point_of_a_similarity_goes_to_the_origin():
    turned = Similarity(a=0.8, b=0.6, dx=5.0, dy=-2.0)
    assert turned.apply(np.array([turned.origin()]))[0] == pytest.approx([0, 0])


def canvas():
    return Canvas(TanWcs(ra_deg=10, dec_deg=5, x_ref=40, y_ref=40, cd=(-SCALE, 0, 0, SCALE)), 80, 80)


def test_resampling_moves_a_star_and_keeps_its_flux():
    target = canvas()
    source = TanWcs(ra_deg=10, dec_deg=5, x_ref=36.6, y_ref=41.7, cd=(-SCALE, 0, 0, SCALE))
    image = star_image([30.0], [35.0], [10000.0], sigma=1.4)
    target.add(image, np.full(image.shape, 4.0), np.zeros(image.shape, np.int16), source)
    table, _ = sources.detect(target.image, np.where(target.good, 4.0, 0.0), target.good)
    assert (table["X_PSF"][0], table["Y_PSF"][0]) == pytest.approx((33.4, 33.3), abs=0.03)
    assert table["PSF_INST_FLUX"][0] == pytest.approx(10000, rel=0.01)


def test_the_variance_after_resampling_is_that_of_the_pixels():
    target = canvas()
    source = TanWcs(ra_deg=10, dec_deg=5, x_ref=36.6, y_ref=41.7, cd=(-SCALE, 0, 0, SCALE))
    image = np.random.default_rng(8).normal(0, 2.0, (80, 80))
    target.add(image, np.full(image.shape, 4.0), np.zeros(image.shape, np.int16), source)
    assert np.var(target.image[target.good]) == pytest.approx(np.median(target.variance[target.good]), rel=0.1)


def test_a_bad_pixel_stays_bad_on_the_other_side_and_spoils_nothing_far_from_it():
    target, image, mask = canvas(), np.full((80, 80), 50.0), np.zeros((80, 80), np.int16)
    image[20, 30], mask[20, 30] = 1e6, MaskBit.SATURATED
    target.add(image, np.ones(image.shape), mask, target.wcs)
    assert target.mask[20, 30] & MaskBit.SATURATED
    assert np.allclose(target.image[target.good], 50.0)


def test_what_no_chip_covers_stays_blank():
    target = canvas()
    far = TanWcs(ra_deg=11, dec_deg=5, x_ref=0, y_ref=0, cd=(-SCALE, 0, 0, SCALE))
    assert target.add(np.ones((20, 20)), np.ones((20, 20)), np.zeros((20, 20), np.int16), far) == 0
    assert (target.mask == MaskBit.BLANK).all()


def warp_input(image, *, sigma=1.3, variance=25.0):
    return combine.Input(
        image=image,
        variance=np.full(image.shape, variance),
        good=np.ones(image.shape, bool),
        sigma=sigma,
        exp_time_s=40.0,
        scale=1.0,
        mjd=55745.0,
    )


@pytest.mark.parametrize("number", [2, 3, 6])
def test_one_hit_in_one_input_does_not_reach_the_stack(number):
    rng = np.random.default_rng(5)
    inputs = [warp_input(rng.normal(0, 5, (60, 60))) for _ in range(number)]
    inputs[0].image[30, 30] += 2000
    stack = combine.combined(inputs, combine.outliers(inputs))
    assert abs(stack.image[30, 30]) < 20
    assert stack.number[30, 30] == number - 1
    assert stack.exposure[30, 30] == 40.0 * (number - 1)
    assert np.nanstd(stack.image) == pytest.approx(5 / np.sqrt(number), rel=0.1)


def test_a_hit_in_a_single_input_is_kept_for_nothing_disagrees_with_it():
    only = warp_input(np.zeros((20, 20)))
    only.image[3, 3] = 900
    assert combine.combined([only], combine.outliers([only])).image[3, 3] == 900


def test_stars_of_different_sharpness_are_not_rejected_after_matching():
    sharp, soft = (warp_input(star_image([30.2], [31.1], [50000.0], sigma=s), sigma=s) for s in (1.15, 1.5))
    inputs = [combine.matched(each, 1.5) for each in (sharp, sharp, soft)]
    assert not any(bad[25:38, 25:38].any() for bad in combine.outliers(inputs))


def test_a_pixel_that_is_bad_everywhere_is_blank_in_the_stack():
    inputs = [warp_input(np.ones((20, 20))) for _ in range(3)]
    for each in inputs:
        each.good[4, 4] = False
    stack = combine.combined(inputs, combine.outliers(inputs))
    assert stack.mask[4, 4] == MaskBit.BLANK
    assert np.isnan(stack.image[4, 4])
