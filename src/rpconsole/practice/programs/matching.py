"""Match detections with a catalogue when the pointing is off and turned: vote for the shift, then fit, chip by chip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rpconsole.practice.programs.arrays import Pixels, Rows, Table
from rpconsole.practice.programs.exits import BadInput

REACH_PX = 16.0
LEAST_STARS_PER_CHIP = 5
LEAST_STARS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Similarity:
    """Turn, scale and shift: `(x, y) -> (a x - b y + dx, b x + a y + dy)`."""

    a: float = 1.0
    b: float = 0.0
    dx: float = 0.0
    dy: float = 0.0

    def apply(self, points: Pixels) -> Pixels:
        x, y = points[:, 0], points[:, 1]
        return np.stack([self.a * x - self.b * y + self.dx, self.b * x + self.a * y + self.dy], axis=1)

    def origin(self) -> tuple[float, float]:
        """The point that is mapped onto (0, 0)."""
        norm = self.a**2 + self.b**2
        return -(self.a * self.dx + self.b * self.dy) / norm, (self.b * self.dx - self.a * self.dy) / norm

    @classmethod
    def fit(cls, points: Pixels, onto: Pixels) -> Similarity:
        """The least-squares similarity that carries the points onto the others."""
        centre, goal = points.mean(axis=0), onto.mean(axis=0)
        (x, y), (u, v) = (points - centre).T, (onto - goal).T
        power = float((x * x + y * y).sum())
        a, b = float((x * u + y * v).sum()) / power, float((x * v - y * u).sum()) / power
        return cls(
            a=a,
            b=b,
            dx=float(goal[0] - a * centre[0] + b * centre[1]),
            dy=float(goal[1] - b * centre[0] - a * centre[1]),
        )


@dataclass(kw_only=True, slots=True)
class ChipField:
    """One chip's detections in the focal plane, and the catalogue stars (as row numbers) that may belong to them."""

    class_id: str
    stars: Table
    points: Pixels
    candidates: Rows
    matched: tuple[Rows, Rows]
    solution: Similarity


def voted_shift(fields: Sequence[ChipField], catalogue: Pixels) -> Similarity:
    """The shift that most pairs of a bright detection and a catalogue star agree on."""
    edges = np.arange(-REACH_PX, REACH_PX + 0.5)
    votes = np.zeros((len(edges) - 1, len(edges) - 1))
    for field in fields:
        pairs = (catalogue[field.candidates][:, None, :] - field.points[None, :, :]).reshape(-1, 2)
        votes += np.histogram2d(pairs[:, 0], pairs[:, 1], bins=(edges, edges))[0]
    joined = sum((np.roll(votes, (j, i), (0, 1)) for j in (-1, 0, 1) for i in (-1, 0, 1)), np.zeros_like(votes))
    best = np.unravel_index(int(joined.argmax()), joined.shape)
    if joined[best] < max(LEAST_STARS, 3 * np.median(joined)):
        raise BadInput(f"the detections match the catalogue nowhere within {REACH_PX:.0f} px of the pointing")
    return Similarity(dx=float(edges[best[0]] + 0.5), dy=float(edges[best[1]] + 0.5))


def solve(fields: Sequence[ChipField], catalogue: Pixels) -> Similarity:
    """Solve the whole exposure, then each chip; set each field's `solution` and `matched`, and return the whole one."""
    whole = voted_shift(fields, catalogue)
    for radius in (3.0, 2.0, 1.5):
        for field in fields:
            field.matched = _match(field, catalogue, whole, radius)
        points = np.concatenate([field.points[field.matched[0]] for field in fields])
        onto = np.concatenate([catalogue[field.matched[1]] for field in fields])
        if len(points) < LEAST_STARS:
            raise BadInput(f"only {len(points)} detections match the catalogue, {LEAST_STARS} are needed")
        whole = Similarity.fit(points, onto)
    for field in fields:
        field.solution = whole
        for radius in (1.5, 0.6):
            field.solution = _own_solution(field, catalogue, whole)
            field.matched = _match(field, catalogue, field.solution, radius)
    return whole


def _own_solution(field: ChipField, catalogue: Pixels, whole: Similarity) -> Similarity:
    """A fit of its own for a chip with stars enough; with two or more, the exposure's turn and an own shift."""
    points, onto = field.points[field.matched[0]], catalogue[field.matched[1]]
    if len(points) >= LEAST_STARS_PER_CHIP:
        return Similarity.fit(points, onto)
    if len(points) < 2:
        return whole
    dx, dy = (onto - whole.apply(points)).mean(axis=0)
    return replace(whole, dx=whole.dx + float(dx), dy=whole.dy + float(dy))


def _match(field: ChipField, catalogue: Pixels, solution: Similarity, radius: float) -> tuple[Rows, Rows]:
    """Row numbers of the detections that lie within `radius` of a catalogue star, and of those stars."""
    if len(field.points) == 0 or len(field.candidates) == 0:
        nothing = np.zeros(0, dtype=np.intp)
        return nothing, nothing
    apart = catalogue[field.candidates][None, :, :] - solution.apply(field.points)[:, None, :]
    distance = np.hypot(apart[:, :, 0], apart[:, :, 1])
    nearest = distance.argmin(axis=1)
    close = np.nonzero(distance[np.arange(len(nearest)), nearest] < radius)[0]
    return close, field.candidates[nearest[close]]
