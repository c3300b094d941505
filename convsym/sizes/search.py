"""Members of a domain: the smallest one, and all of them where they are few."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import islpy as isl
import numpy as np
import numpy.typing as npt
import sympy

from convsym.sizes.arithmetic import Unknown
from convsym.sizes.arrays import over
from convsym.sizes.component import Component
from convsym.sizes.condition import TRUE, Comparison, Condition, all_of
from convsym.sizes.sets import TooHard, limited, value
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    from convsym.sizes.domain import Domain

#: A grid of candidates is at most this large.
MOST_POINTS = 200_000


def smallest(domain: Domain, condition: Condition = TRUE) -> dict[str, int] | None:
    """The member with the least sum, then the lexicographically least, where the condition holds."""
    narrowed = domain if condition is TRUE else domain.assume(condition)
    if narrowed.is_surely_empty:
        return None
    found: dict[sympy.Symbol, int] = {}
    loose = _tied_by_residue(narrowed)
    for s in narrowed.all_symbols():
        found[s] = narrowed.interval(s)[0] or 0
    for part in narrowed.components():
        if loose.isdisjoint(part.symbols):
            try:
                with limited():
                    found.update(zip(part.symbols, _least_point(part), strict=True))
            except TooHard:
                loose.update(part.symbols)
    if loose:
        rest = _least_of_grid(narrowed, sorted(loose, key=lambda s: s.name))
        if rest is None:
            return None
        found.update(rest)
    return {s.name: v for s, v in found.items() if not isinstance(s, Unknown)}


def _least_point(part: Component) -> list[int]:
    if len(part.symbols) == 1:
        low = part.intervals[0][0]
        return [low or 0]
    space = part.points.get_space()
    total = isl.Aff.zero_on_domain(isl.LocalSpace.from_space(space))
    for i in range(len(part.symbols)):
        total = total.add(isl.Aff.var_on_domain(isl.LocalSpace.from_space(space), isl.dim_type.set, i))
    least = part.points.min_val(total)
    level = total.add(isl.Aff.val_on_domain(isl.LocalSpace.from_space(space), least.neg())).zero_basic_set()
    points = part.points.intersect(level.to_set())
    found = []
    for i in range(len(part.symbols)):
        # One dimension after the other: isl's lexmin loses points of sets with nested divisions.
        lowest = points.dim_min_val(i)
        points = points.fix_val(isl.dim_type.set, i, lowest)
        found.append(lowest.to_python())
    return found


def _tied_by_residue(domain: Domain) -> set[sympy.Symbol]:
    """The symbols of the residue, and those that sets tie to them."""
    found = {s for condition in domain.residue for s in condition.symbols}
    for part in domain.components():
        if not found.isdisjoint(part.symbols):
            found.update(part.symbols)
    return found


def _least_of_grid(domain: Domain, symbols: list[sympy.Symbol]) -> dict[sympy.Symbol, int] | None:
    """By trying small members of every symbol's own range in all combinations, coarser as symbols get more."""
    each = max(2, int(MOST_POINTS ** (1 / len(symbols))))
    # First few, then many: most conditions hold somewhere near the start.
    for count in sorted({min(each, 12), each}):
        axes = [_first_members(domain, s, count) for s in symbols]
        grid = np.meshgrid(*axes, indexing="ij")
        holds = over(_conditions_on(domain, symbols), {s.name: g for s, g in zip(symbols, grid, strict=True)})
        if not holds.any():
            continue
        return dict(zip(symbols, _least(domain, symbols, grid, holds), strict=True))
    return None


def _least(
    domain: Domain, symbols: list[sympy.Symbol], grid: tuple[npt.NDArray[np.int64], ...], holds: npt.NDArray[np.bool_]
) -> list[int]:
    """The least of the points of a grid that hold, or one outside the grid whose sum is less yet."""
    points = np.stack([g[holds] for g in grid], axis=1)
    order = np.lexsort((*points.T[::-1], points.sum(axis=1)))
    found: list[int] = points[order[0]].tolist()
    lows = [int(g.min()) for g in grid]
    room = sum(found) - sum(lows)
    if all(low + room <= int(g.max()) for low, g in zip(lows, grid, strict=True)):
        return found
    axes = [_first_members(domain, s, room + 1) for s in symbols]
    axes = [axis[axis <= low + room] for axis, low in zip(axes, lows, strict=True)]
    if np.prod([float(len(axis)) for axis in axes]) > MOST_POINTS:
        return found
    wider = np.meshgrid(*axes, indexing="ij")
    there = over(_conditions_on(domain, symbols), {s.name: g for s, g in zip(symbols, wider, strict=True)})
    points = np.stack([g[there] for g in wider], axis=1)
    order = np.lexsort((*points.T[::-1], points.sum(axis=1)))
    least: list[int] = points[order[0]].tolist()
    return least


def _first_members(domain: Domain, s: sympy.Symbol, count: int) -> npt.NDArray[np.int64]:
    part = next((p for p in domain.components() if s in p.symbols), None)
    start = domain.interval(s)[0] or 0
    if part is None:
        return np.arange(start, start + count)
    place = part.symbols.index(s)
    line = part.points.project_out(isl.dim_type.set, place + 1, len(part.symbols) - place - 1)
    line = line.project_out(isl.dim_type.set, 0, place)
    found: list[int] = []
    while len(found) < min(count, 256) and not line.is_empty():
        found.append(line.dim_min_val(0).to_python())
        line = line.lower_bound_val(isl.dim_type.set, 0, value(found[-1] + 1))
    return np.array(found)


def _conditions_on(domain: Domain, symbols: Iterable[sympy.Symbol]) -> Condition:
    """Everything the domain assumes of these symbols alone, as a condition that mentions all of them."""
    known = frozenset(symbols)
    own = [Comparison(sympy.Add(s, -(domain.interval(s)[0] or 0)), ">=") for s in known]
    return all_of(*own, *(a.condition for a in domain.conditions if a.condition.symbols <= known))


def enumerated(domain: Domain, condition: Condition) -> Truth:
    """The answer by looking at every member, where the symbols concerned have few values in the domain."""
    symbols = set(condition.symbols)
    while True:
        more = {s for p in domain.components() if not symbols.isdisjoint(p.symbols) for s in p.symbols}
        more |= {s for c in domain.residue if not symbols.isdisjoint(c.symbols) for s in c.symbols}
        if more <= symbols:
            break
        symbols |= more
    ordered = sorted(symbols, key=lambda s: s.name)
    axes = []
    points = 1
    for s in ordered:
        low, high = domain.interval(s)
        if low is None or high is None:
            return Truth.UNKNOWN
        points *= high - low + 1
        if points > MOST_POINTS:
            return Truth.UNKNOWN
        axes.append(np.arange(low, high + 1))
    grid = {s.name: g for s, g in zip(ordered, np.meshgrid(*axes, indexing="ij"), strict=True)}
    members = over(_conditions_on(domain, ordered), grid)
    # Outside the domain a condition may divide by zero, which has to be looked at size by size.
    truths = over(condition, {name: g[members] for name, g in grid.items()})
    if truths.all():
        return Truth.YES
    return Truth.UNKNOWN if truths.any() else Truth.NO
