"""The members of a domain along some of its symbols, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import islpy as isl
import numpy as np

from convsym.sizes.arithmetic import symbol
from convsym.sizes.domain import Domain
from convsym.sizes.sets import value

#: More points than this are not listed.
MOST_POINTS = 2_000_000


def line_of(domain: Domain, name: str, bound: int) -> list[int]:
    """The values up to a bound that a symbol takes somewhere in the domain; without what only a residue rules out.

    >>> from convsym.sizes.spelling import parse_condition
    >>> line_of(Domain.positive(["H"]).assume(parse_condition("H % 16 == 0")), "H", 50)
    [16, 32, 48]
    """
    own = next((s for s in domain.all_symbols() if s.name == name), symbol(name))
    part = next((p for p in domain.components() if own in p.symbols), None)
    if part is None:
        return list(range(1, bound + 1))
    place = part.symbols.index(own)
    line = part.points.project_out(isl.dim_type.set, place + 1, len(part.symbols) - place - 1)
    line = line.project_out(isl.dim_type.set, 0, place).upper_bound_val(isl.dim_type.set, 0, value(bound))
    found: list[int] = []
    while not line.is_empty():
        found.append(line.dim_min_val(0).to_python())
        line = line.lower_bound_val(isl.dim_type.set, 0, value(found[-1] + 1))
    return found


def members(domain: Domain, names: Sequence[str], bound: int) -> list[tuple[int, ...]] | None:
    """The values up to a bound that some symbols take together, in order; None where they are too many to list.

    Other symbols take any value that goes with them.
    """
    lines = [line_of(domain, name, bound) for name in names]
    if len(names) == 1 and not _tied_by_residue(domain, names):
        return [(v,) for v in lines[0]]
    tied = [s.name for s in domain.all_symbols() if s.name not in names and _is_tied(domain, s.name, names)]
    lines += [line_of(domain, name, bound) for name in tied]
    if np.prod([len(line) for line in lines], dtype=float) > MOST_POINTS:
        return None
    grid = np.meshgrid(*map(np.array, lines), indexing="ij")
    free = {s.name: np.array(domain.interval(s)[0] or 1) for s in domain.all_symbols()}
    given = {**free, **dict(zip((*names, *tied), grid, strict=True))}
    inside = np.atleast_1d(domain.contains_many(**given))
    points = zip(*(axis[inside].tolist() for axis in grid[: len(names)]), strict=True)
    return sorted(set(points)) if tied else list(points)


def _tied_by_residue(domain: Domain, names: Sequence[str]) -> bool:
    return any(s.name in names for condition in domain.residue for s in condition.symbols)


def _is_tied(domain: Domain, name: str, names: Sequence[str]) -> bool:
    groups = [{s.name for s in part.symbols} for part in domain.components()]
    groups += [{s.name for s in condition.symbols} for condition in domain.residue]
    return any(name in group and not group.isdisjoint(names) for group in groups)


def ranges_text(values: Sequence[int], most: int = 6) -> str:
    """Integers in order as ranges and even steps.

    >>> ranges_text([193, 194, 195, 224]), ranges_text(list(range(16, 513, 16)))
    ('193 to 195, 224', '16 to 512 in steps of 16')
    """
    steps = {b - a for a, b in pairwise(values)}
    if len(values) > 2 and len(steps) == 1 and steps != {1}:
        return f"{values[0]} to {values[-1]} in steps of {steps.pop()}"
    runs: list[list[int]] = []
    for v in values:
        if runs and runs[-1][-1] == v - 1:
            runs[-1][-1:] = [v] if len(runs[-1]) > 1 else [runs[-1][0], v]
        else:
            runs.append([v])
    shown = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return ", ".join(shown[:most]) + (f", ... ({len(values)} sizes)" if len(shown) > most else "")
