"""Quantities of an analysis over ranges of its sizes, evaluated from their formulas all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convsym.analysis.result import Analysis
from convsym.query.quantities import QUANTITIES as ASKED_FOR
from convsym.sizes.evaluate import vectorised

#: The formulas that there are, by their names on an analysis.
QUANTITIES = tuple(quantity.name for quantity in ASKED_FOR)

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A table: one row for each combination of sizes, the last size varying fastest.

    `runs` says where the model runs; the values of the other rows mean nothing.
    """

    sizes: Mapping[str, Array]
    values: Mapping[str, Array]
    runs: Array

    def __len__(self) -> int:
        return len(self.runs)

    def sorted(self) -> Sweep:
        """The same rows, in the order of their sizes."""
        order = np.lexsort(tuple(reversed(tuple(self.sizes.values()))))
        return Sweep(
            {name: column[order] for name, column in self.sizes.items()},
            {name: column[order] for name, column in self.values.items()},
            self.runs[order],
        )


def joined(tables: Sequence[Sweep]) -> Sweep:
    """The rows of several tables of the same sizes and quantities, in the order of their sizes."""
    first = tables[0]
    return Sweep(
        {name: np.concatenate([table.sizes[name] for table in tables]) for name in first.sizes},
        {name: np.concatenate([table.values[name] for table in tables]) for name in first.values},
        np.concatenate([table.runs for table in tables]),
    ).sorted()


def named_quantities(quantities: Sequence[str]) -> None:
    """Raise ValueError, which says what there is, when a quantity is none."""
    unknown = [name for name in quantities if name not in QUANTITIES]
    if unknown:
        raise ValueError(f"no quantity is named {unknown[0]!r}; there are {', '.join(QUANTITIES)}")


def sweep(analysis: Analysis, quantities: Sequence[str], **ranges: int | Sequence[int]) -> Sweep:
    """The quantities at every combination of the sizes given, a single number being kept fixed.

    >>> import convsym, torch
    >>> a = convsym.analyze(torch.nn.Conv2d(3, 8, 3), "N 3 H W")
    >>> table = sweep(a, ["flops"], N=1, H=[2, 3, 5], W=3)
    >>> table.runs.tolist(), table.values["flops"][table.runs].tolist()
    ([False, True, True], [432, 1296])

    Raises ValueError when a size is missing or unknown, or no quantity has such a name.
    """
    named_quantities(quantities)
    sizes = combinations(ranges)
    # The same check as for one size, so that a name that is not there is refused in the same words.
    analysis.domain.named({name: int(column[0]) for name, column in sizes.items()})
    runs = analysis.domain.contains_many(**sizes)
    values = {name: _over(getattr(analysis, name), sizes, runs) for name in quantities}
    return Sweep(sizes, values, runs)


def without_rows_that_run(quantities: Sequence[str], ranges: Mapping[str, int | Sequence[int]]) -> Sweep:
    """The table of a model that runs at no combination of the sizes given."""
    sizes = combinations(ranges)
    rows = len(next(iter(sizes.values())))
    return Sweep(sizes, dict.fromkeys(quantities, np.zeros(rows, dtype=object)), np.zeros(rows, dtype=bool))


def combinations(ranges: Mapping[str, int | Sequence[int]]) -> dict[str, Array]:
    """Every combination of some sizes as columns, the last one varying fastest."""
    axes = [np.atleast_1d(np.asarray(values, dtype=np.int64)) for values in ranges.values()]
    grids = np.meshgrid(*axes, indexing="ij")
    return {name: grid.ravel() for name, grid in zip(ranges, grids, strict=True)}


def _over(size: Any, sizes: Mapping[str, Array], runs: Array) -> Array:
    inside = {name: grid[runs] for name, grid in sizes.items()}
    found = np.zeros(runs.shape, dtype=object)
    found[runs] = vectorised(size, inside)
    return found
