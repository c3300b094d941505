"""Which of many sums can be the largest, told by keys: a sum is nowhere less than another that exceeds it in no key.

The mean of two sums, also a weighted one, is nowhere more than the larger of them. So a sum that does not exceed such a
mean in any key is nowhere larger than both.
"""

from __future__ import annotations

from itertools import product
from math import gcd

import numpy

from convsym.sizes.tables import Table

#: How far before and after a sum those are whose means it is compared with: sums that follow each other are much alike.
_REACH = 3


def frontier(keys: Table) -> list[int]:
    """The rows that can be the largest: none that another reaches in all columns, or a mean of two near ones.

    >>> frontier(numpy.array([[0, 4], [2, 2], [1, 1], [3, 2], [4, 0]]))
    [0, 3, 4]
    """
    rows = _not_reached(keys)
    while True:
        below = _below_means(keys[rows])
        if not below:
            return rows
        # All at once: where any two have the same keys only one is here, so what is largest by itself is never left out.
        rows = [row for place, row in enumerate(rows) if place not in below]


def _not_reached(keys: Table) -> list[int]:
    """The rows that no other one reaches in all columns; of equal ones only one."""
    # Most are reached by the one before or after, which is told at once.
    left = numpy.arange(len(keys))
    left = numpy.append(left[:-1][(keys[:-1] > keys[1:]).any(axis=1)], left[-1:])
    left = numpy.append(left[:1], left[1:][(keys[left[1:]] > keys[left[:-1]]).any(axis=1)])
    kept: list[int] = []
    # What reaches another has the greater sum of keys, and is met before it.
    left = left[numpy.argsort(-keys[left].sum(axis=1), kind="stable")]
    while len(left):
        kept.append(int(left[0]))
        left = left[1:][(keys[left[1:]] > keys[left[0]]).any(axis=1)]
    return sorted(kept)


def _below_means(keys: Table) -> set[int]:
    """The places of rows that do not exceed a weighted mean of one shortly before and one shortly after."""
    place, before, after = _near(len(keys))
    if not len(place):
        return set()
    differing = keys[:, (keys != keys[:1]).any(axis=0)]
    step, missing = (
        (differing[before] - differing[after]).astype(float),
        (differing[place] - differing[after]).astype(float),
    )
    with numpy.errstate(divide="ignore", invalid="ignore"):
        share = missing / step
    # The share of the one before that it takes to reach each key: no less of what rises towards it, no more of what falls.
    least = numpy.where(step > 0, share, 0)
    most = numpy.where(step < 0, share, 1).min(axis=1)
    likely = (least.max(axis=1) <= most) & ((step != 0) | (missing <= 0)).all(axis=1)
    below: set[int] = set()
    for found in numpy.flatnonzero(likely):
        # Floating-point numbers found it; whole numbers have to agree.
        column = least[found].argmax()
        part, whole = int(missing[found, column]), int(step[found, column])
        if place[found] not in below and _reaches(differing[[place[found], before[found], after[found]]], part, whole):
            below.add(int(place[found]))
    return below


def _reaches(rows: Table, part: int, whole: int) -> bool:
    """Whether the mean of the second and the third row, so many parts of the second in the whole, reaches the first."""
    if not 0 < part < whole:
        return False
    shared = gcd(part, whole)
    part, whole = part // shared, whole // shared
    return all(part * b + (whole - part) * c >= whole * a for a, b, c in zip(*rows.tolist(), strict=True))


def _near(number: int) -> tuple[Table, Table, Table]:
    """Places in a row of so many, each with one before it and one after it."""
    reach = list(product(range(1, _REACH + 1), repeat=2))
    place = numpy.concatenate([numpy.arange(back, max(back, number - forth)) for back, forth in reach])
    back, forth = numpy.repeat(reach, [max(0, number - forth - back) for back, forth in reach], axis=0).T
    return place, place - back, place + forth
