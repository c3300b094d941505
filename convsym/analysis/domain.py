"""The set of input sizes for which a model runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import TRUE, Condition
from convsym.sizes.domain import Domain
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    import numpy
    import numpy.typing


class ModelDomain:
    """The union of the cases that run.

    Where a size was needed as a plain number, or there were more cases than the limit, some sizes were not explored
    symbolically; those are answered by tracing the model at that very size.
    """

    def __init__(
        self,
        parts: tuple[Domain, ...],
        declared: Domain,
        unexplored: tuple[Domain, ...],
        runs_at: Callable[[Mapping[str, int]], bool],
    ) -> None:
        self.parts = parts
        self.declared = declared
        self.unexplored = unexplored
        self._runs_at = runs_at
        self._known: dict[tuple[int, ...], bool] = {}
        self._names = frozenset(declared.symbols)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of the input sizes."""
        return self.declared.symbols

    @cached_property
    def exact(self) -> Domain | None:
        """The explored part as one domain; None when the model runs nowhere in it."""
        return self.parts[0].union(*self.parts[1:]) if self.parts else None

    def named(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """The sizes as plain ints, checked against the names of the input.

        Raises ValueError when one is missing, unknown or no integer.
        """
        unknown = [name for name in sizes if name not in self.symbols]
        missing = [name for name in self.symbols if name not in sizes]
        if missing:
            raise ValueError(f"a size is missing: give {', '.join(f'{m}=...' for m in missing)}")
        if unknown and self.symbols:
            # Fixed inputs have no names; asking them at N=1 is no mistake.
            raise ValueError(f"no size is named {unknown[0]!r}; the sizes are {', '.join(self.symbols)}")
        return {name: int(sizes[name]) for name in self.symbols}

    def contains(self, **sizes: int) -> bool:
        """Whether the model runs at these sizes; exact.

        >>> import convsym, torch
        >>> convsym.analyze(torch.nn.Conv2d(3, 8, 5), "N 3 H W").domain.contains(N=1, H=4, W=9)
        False
        """
        named = sizes if sizes.keys() == self._names else self.named(sizes)
        for part in self.parts:
            if part.contains(**named):
                return True
        if not any(part.contains(**named) for part in self.unexplored):
            return False
        key = tuple(named[name] for name in self.symbols)
        if key not in self._known:
            self._known[key] = self.declared.contains(**named) and self._runs_at(named)
        return self._known[key]

    def contains_many(self, **arrays: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.bool_]:
        """Where the model runs, for arrays of sizes that broadcast against each other; exact.

        >>> import convsym, torch
        >>> convsym.analyze(torch.nn.Conv2d(3, 8, 5), "N 3 H W").domain.contains_many(N=1, H=[4, 5], W=9).tolist()
        [False, True]
        """
        import numpy as np

        inside = np.array(False)
        for part in self.parts:
            inside = inside | part.contains_many(**arrays)
        for part in self.unexplored:
            open_ = part.contains_many(**arrays) & ~inside
            if open_.any():
                axes = np.broadcast_arrays(*(arrays[name] for name in self.symbols))
                for place in np.argwhere(open_).tolist():
                    at = tuple(place)
                    sizes = {name: int(axis[at]) for name, axis in zip(self.symbols, axes, strict=True)}
                    inside = inside.copy()
                    inside[at] = self.contains(**sizes)
        return inside

    def decide(self, condition: Condition) -> Truth:
        """Whether a condition holds for all, none or some of the sizes."""
        if self.unexplored or self.exact is None:
            return Truth.UNKNOWN
        return self.exact.decide(condition)

    def smallest(self, condition: Condition = TRUE) -> dict[str, int] | None:
        """The smallest sizes for which the model runs, or None."""
        return self.exact.smallest(condition) if self.exact is not None else None

    def simplify(self, size: Size) -> Size:
        """A formula in its simplest form for the sizes of the domain."""
        return self.exact.simplify(size) if self.exact is not None else size

    @property
    def residue(self) -> tuple[Condition, ...]:
        """Conditions that are checked size by size, because no exact set could be built for them."""
        return tuple(c for part in self.parts for c in part.residue)

    def describe(self) -> str:
        """The set as a person would write it: "H % 16 == 0 and W % 16 == 0".

        It reads back as a condition. Where not all sizes were explored, a comment behind it says so.
        """
        text = self.exact.describe() if self.exact is not None else "nothing"
        return f"{text}  # other sizes are traced when asked for" if self.unexplored else text

    __str__ = describe

    def __repr__(self) -> str:
        return f"<domain {self.describe()}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"runs for <code>{escape(self.describe())}</code>"

    def __contains__(self, sizes: Any) -> bool:
        return self.contains(**sizes)
