"""What differs between two analyses: module by module, in all, and in the sizes for which the models run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from convsym.analysis.result import Analysis
from convsym.analysis.totals import ModuleTotal
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import negate

Value: TypeAlias = "Size | str | Tensor | None"

#: What a module has that adds up to what the modules around it have.
ADDITIVE: Mapping[str, Callable[[ModuleTotal], Size]] = {
    "parameters": lambda total: total.parameters,
    "FLOPs": lambda total: total.flops,
    "backward FLOPs": lambda total: total.backward_flops,
    "activation bytes": lambda total: total.activation_bytes,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: of which module (the model itself has the empty path), what, and both values.

    A module that only one side has is a change of "class" with None on the other.
    """

    path: str
    what: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two models.

    `lost` and `gained` are the smallest sizes for which only the first or only the second runs; None where there are
    none, and where the inputs have other names.
    """

    changes: tuple[Change, ...]
    domains: tuple[str, str]
    lost: Mapping[str, int] | None
    gained: Mapping[str, int] | None

    @property
    def is_empty(self) -> bool:
        """Whether both models are the same in everything that is compared."""
        return not self.changes and self.domains[0] == self.domains[1]


def difference(before: Analysis, after: Analysis, depth: int | None = None) -> Difference:
    """Compare two analyses; modules are matched by their path, those below `depth` with the one around them.

    >>> import convsym, torch
    >>> one, two = (convsym.analyze(torch.nn.Conv2d(3, c, 3), "N 3 H W") for c in (8, 16))
    >>> [(c.what, c.before, c.after) for c in difference(one, two).changes][:2]
    [('parameters', 224, 448), ('FLOPs', 432*H*N*W - 864*H*N - 864*N*W + 1728*N, 864*H*N*W - 1728*H*N - 1728*N*W + 3456*N)]
    """
    domains = (_described(before), _described(after))
    changes = _changes(_folded(before, depth), _folded(after, depth))
    return Difference(
        tuple(Change(c.path, c.what, _short(c.before, before), _short(c.after, after)) for c in changes),
        domains,
        _only(before, after),
        _only(after, before),
    )


def _folded(analysis: Analysis, depth: int | None) -> Mapping[str, ModuleTotal]:
    modules = analysis.by_module
    return modules if depth is None else {p: m for p, m in modules.items() if depth_of(p) <= depth}


def depth_of(path: str) -> int:
    """How many modules lie around the one of this path; 0 for the model itself."""
    return path.count(".") + 1 if path else 0


def fitting_difference(before: Analysis, after: Analysis, most: int) -> Difference:
    """The difference at the greatest depth with at most so many changes, or else between the models as a whole."""
    deepest = max(map(depth_of, (*before.by_module, *after.by_module)), default=0)
    for depth in range(deepest, 0, -1):
        found = difference(before, after, depth)
        if len(found.changes) <= most:
            return found
    return difference(before, after, 0)


def _changes(before: Mapping[str, ModuleTotal], after: Mapping[str, ModuleTotal]) -> Iterator[Change]:
    paths = list(dict.fromkeys((*before, *after)))
    differing = {
        what: {path for path in paths if _value(before.get(path), value) != _value(after.get(path), value)}
        for what, value in ADDITIVE.items()
    }
    for path in paths:
        one, two = before.get(path), after.get(path)
        if one is None or two is None or (path and one.kind != two.kind):
            yield Change(path, "class", one.kind if one else None, two.kind if two else None)
        for what, value in ADDITIVE.items():
            # A module around the one that changed changes with it, which only the whole model is asked for.
            if path in differing[what] and (not path or not _has_inner(path, differing[what])):
                yield Change(path, what, _value(one, value), _value(two, value))
        outputs = (one.output if one else None, two.output if two else None)
        if _shape(outputs[0]) != _shape(outputs[1]):
            yield Change(path, "output", *outputs)


def _short(value: Value, analysis: Analysis) -> Value:
    """A sum over the calls of a module as short as the sizes for which the model runs allow."""
    return value if value is None or isinstance(value, (str, Tensor)) else analysis.domain.simplify(value)


def _value(total: ModuleTotal | None, value: Callable[[ModuleTotal], Size]) -> Size:
    return 0 if total is None else value(total)


def _has_inner(path: str, paths: set[str]) -> bool:
    return any(other.startswith(f"{path}.") for other in paths)


def _shape(tensor: Tensor | None) -> object:
    return None if tensor is None else (tensor.shape, tensor.dtype)


def _described(analysis: Analysis) -> str:
    return analysis.domain.describe() if analysis.cases else "no size"


def _only(one: Analysis, other: Analysis) -> Mapping[str, int] | None:
    """The smallest size for which the first model runs and the second does not."""
    here, there = one.domain.exact, other.domain.exact
    if here is None or one.domain.symbols != other.domain.symbols:
        return None
    return here.smallest() if there is None else here.smallest(negate(there.as_condition()))
