"""Conditions decided by interval bounds alone."""

from __future__ import annotations

from convsym.sizes.bounds import Bounds
from convsym.sizes.floats import RealFunction
from convsym.sizes.relations import All, Any, Comparison, Condition
from convsym.sizes.truth import Truth


def by_intervals(bounds: Bounds, condition: Condition) -> Truth:
    """What the bounds of both sides say; UNKNOWN where they overlap."""
    if isinstance(condition, (All, Any)):
        found = {by_intervals(bounds, part) for part in condition.parts}
        decisive = Truth.NO if isinstance(condition, All) else Truth.YES
        if decisive in found:
            return decisive
        return found.pop() if len(found) == 1 else Truth.UNKNOWN
    if not isinstance(condition, Comparison) or isinstance(condition.expr, RealFunction):
        return Truth.UNKNOWN
    low, high = bounds.interval(condition.expr)
    if condition.relation == ">=":
        if low is not None and low >= 0:
            return Truth.YES
        return Truth.NO if high is not None and high < 0 else Truth.UNKNOWN
    same = condition.relation == "=="
    if (low is not None and low > 0) or (high is not None and high < 0):
        return Truth.NO if same else Truth.YES
    if low == high == 0:
        return Truth.YES if same else Truth.NO
    return Truth.UNKNOWN
