"""A case with its sizes as short as its domain allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from convsym.analysis.numbers import tensors_of
from convsym.graph.call import Call, Cost, LayerCall
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.domain import Domain

_Kept = TypeVar("_Kept")


class Shortened:
    """Tensors, calls and results of one case, every size simplified in a domain.

    A tensor is known by its identity, so the same tensor comes out as the same new one wherever it stands.
    """

    def __init__(self, domain: Domain) -> None:
        # Almost all sizes of a network repeat.
        self._simplify = cache(domain.simplify) if domain.conditions else _same
        self._tensors: dict[int, Tensor] = {}
        self._old: list[Tensor] = []

    def tensor(self, old: Tensor) -> Tensor:
        """The tensor with simplified sizes; itself where nothing gets shorter."""
        found = self._tensors.get(id(old))
        if found is None:
            shape, strides = self._sizes(old.shape), None if old.strides is None else self._sizes(old.strides)
            found = old if (shape, strides) == (old.shape, old.strides) else replace(old, shape=shape, strides=strides)
            self._tensors[id(old)] = found
            # An identity stays a tensor's own only as long as the tensor is there.
            self._old.append(old)
        return found

    def calls(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """Calls with simplified tensors and costs."""
        return tuple(self._call(call) for call in calls)

    def layers(self, layers: Sequence[LayerCall]) -> tuple[LayerCall, ...]:
        """Layer calls with simplified tensors."""
        return tuple(replace(one, input=self.tensor(one.input), output=self.tensor(one.output)) for one in layers)

    def result(self, output: Any) -> Any:
        """What a forward returns, with simplified tensors and sizes."""
        from torch.utils import _pytree as pytree

        if not tensors_of(output):
            return output
        return pytree.tree_map_only(Tensor, self.tensor, output)

    def _call(self, call: Call) -> Call:
        return replace(
            call,
            inputs=tuple(map(self.tensor, call.inputs)),
            outputs=tuple(map(self.tensor, call.outputs)),
            cost=Cost(self._simplify(call.cost.flops), self._simplify(call.cost.elementwise)),
        )

    def _sizes(self, sizes: tuple[Size, ...]) -> tuple[Size, ...]:
        return tuple(map(self._simplify, sizes))


def _same(size: _Kept) -> _Kept:
    return size
