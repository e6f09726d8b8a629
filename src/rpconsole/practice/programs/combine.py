"""Combine images of one skycell: match brightness and sharpness, reject what disagrees, average the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rpconsole.practice.programs.arrays import Bits, Column, Flags, Pixels
from rpconsole.practice.programs.maskbits import BAD, MaskBit
from rpconsole.practice.programs.pixels import gaussian_kernel, smooth

REJECT_SIGMAS = 4.0
SOFTENING = 0.15  # of a pixel's brightness: what imperfect matching may leave


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One warp, scaled to the stack's zero point."""

    image: Pixels
    variance: Pixels
    good: Flags
    sigma: float
    exp_time_s: float
    scale: float
    mjd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Combined:
    image: Pixels
    variance: Pixels
    mask: Bits
    exposure: Pixels
    weighted_exposure: Pixels
    number: Pixels


def matched(entry: Input, target_sigma: float) -> Input:
    """The input, smoothed until its stars are as wide as the target's."""
    missing = np.sqrt(max(target_sigma**2 - entry.sigma**2, 0.0))
    if missing < 0.2:
        return entry
    kernel = gaussian_kernel(float(missing))
    covered = smooth(entry.good.astype(float), kernel)
    norm = np.where(covered > 0.5, covered, 1.0)
    return Input(
        image=smooth(np.where(entry.good, entry.image, 0.0), kernel) / norm,
        variance=smooth(np.where(entry.good, entry.variance, 0.0), kernel**2) / norm**2,
        good=entry.good & (covered > 0.5),
        sigma=target_sigma,
        exp_time_s=entry.exp_time_s,
        scale=entry.scale,
        mjd=entry.mjd,
    )


def outliers(inputs: Sequence[Input]) -> list[Flags]:
    """Pixels of each input that disagree with the others; of two, the brighter one, for nothing removes light."""
    values = np.stack([np.where(each.good, each.image, np.nan) for each in inputs])
    number = np.isfinite(values).sum(axis=0)
    ordered = np.sort(values, axis=0)  # NaN last
    low, high = np.maximum(number - 1, 0) // 2, number // 2
    lower = np.take_along_axis(ordered, low[None], axis=0)[0]
    upper = np.take_along_axis(ordered, np.minimum(high, len(inputs) - 1)[None], axis=0)[0]
    middle = np.where(number == 2, lower, (lower + upper) / 2)
    rejected = []
    for each, value in zip(inputs, values, strict=True):
        spread = each.variance * np.where(number == 2, 2.0, 1.0)
        allowed = REJECT_SIGMAS * np.sqrt(spread + (SOFTENING * np.maximum(middle, 0.0)) ** 2)
        strange = (number > 1) & (np.abs(value - middle) > allowed)
        rejected.append(strange | _beside(strange, each, middle))
    return rejected


def _beside(strange: Flags, each: Input, middle: Pixels) -> Flags:
    """The dim edge of what is rejected: pixels within two of it that are too bright as well, if less so."""
    near = smooth(strange.astype(float), np.ones(5)) > 0
    return np.asarray(
        near & (each.image - middle > np.sqrt(each.variance + (SOFTENING * np.maximum(middle, 0.0)) ** 2))
    )


def combined(inputs: Sequence[Input], rejected: Sequence[Flags]) -> Combined:
    """The weighted mean; one weight an input, so that bright pixels are not pulled to the faint side."""
    shape = inputs[0].image.shape
    total, spread, weights, exposure, weighted_exposure, number = (np.zeros(shape) for _ in range(6))
    for each, bad, weight in zip(inputs, rejected, input_weights(inputs), strict=True):
        used = each.good & ~bad
        total += np.where(used, weight * each.image, 0.0)
        spread += np.where(used, weight**2 * each.variance, 0.0)
        weights += weight * used
        exposure += each.exp_time_s * used
        weighted_exposure += weight * each.exp_time_s * used
        number += used
    filled = weights > 0
    norm = np.where(filled, weights, 1.0)
    return Combined(
        image=np.where(filled, total / norm, np.nan),
        variance=np.where(filled, spread / norm**2, np.nan),
        mask=np.where(filled, 0, int(MaskBit.BLANK)).astype(np.int16),
        exposure=exposure,
        weighted_exposure=weighted_exposure,
        number=number,
    )


def input_weights(inputs: Sequence[Input]) -> Column:
    """Inverse typical variances, their sum 1."""
    raw = np.array([1.0 / np.median(each.variance[each.good]) if each.good.any() else 0.0 for each in inputs])
    return np.asarray(raw / raw.sum()) if raw.sum() > 0 else np.full(len(inputs), 1.0 / len(inputs))


def is_good(mask: Bits, image: Pixels, variance: Pixels) -> Flags:
    return np.asarray(((mask & BAD) == 0) & np.isfinite(image) & (variance > 0))
