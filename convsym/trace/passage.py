"""The passage between what user code holds and what rules take: torch tensors and numbers here, specs and sizes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from convsym.graph.tensor import Tensor
from convsym.trace.lifetimes import Lifetimes
from convsym.trace.numbers import SymbolicBool, SymbolicFloat, SymbolicInt, integer, size_of
from convsym.trace.shadows import as_builtin
from convsym.trace.tensors import SymbolicTensor

PLAIN = frozenset({int, float, bool, str, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format})
_MOST_ELEMENTS_KEPT = 1 << 16
_MOST_ELEMENTS_OF_A_WEIGHT = 16

Standing = tuple[torch.Tensor, Tensor]


class Passage:
    """Which spec stands for which tensor in one run.

    `lifted` are the real tensors that the run met, `overridden` those that it has written into, `rewritten` everything
    that it wrote into them; all keep the tensor, so that its identity stays its own.
    """

    def __init__(self, device: torch.device, calls: Sequence[Any]) -> None:
        self.device = device
        self.lifted: dict[int, Standing] = {}
        self.overridden: dict[int, Standing] = {}
        self.rewritten: list[Standing] = []
        self.lifetimes = Lifetimes()
        self._calls = calls

    def lift(self, tensor: torch.Tensor) -> Tensor:
        """What is known of any tensor: of a traced one its spec, of a parameter, buffer or constant its shape."""
        if type(tensor) is SymbolicTensor:
            return tensor.spec
        known = self.overridden.get(id(tensor)) or self.lifted.get(id(tensor))
        if known is not None:
            return known[1]
        spec = _spec_of(tensor)
        self.lifted[id(tensor)] = (tensor, spec)
        return spec

    def initialised(self, lazy: torch.Tensor, tensor: Tensor) -> Tensor:
        """What a parameter or buffer of a lazy layer stands for since its first call, which makes it `tensor`."""
        if not nn.parameter.is_lazy(lazy):
            return self.lift(lazy)
        return self.lifted.setdefault(id(lazy), (lazy, tensor))[1]

    def replace(self, tensor: torch.Tensor, value: torch.Tensor | Tensor) -> None:
        """Make a tensor stand for another value, as in-place operations and `out=` do."""
        spec = value if isinstance(value, Tensor) else self.lift(value)
        if isinstance(tensor, SymbolicTensor):
            tensor.stand_for(spec)
        else:
            self.overridden[id(tensor)] = (tensor, spec)
            self.rewritten.append((tensor, spec))

    def lower(self, value: Any, tensors: list[Tensor]) -> Any:
        """An argument as rules take it; the specs of the tensors in it are added to `tensors`."""
        kind = type(value)
        if kind in PLAIN:
            return value
        if isinstance(value, torch.Tensor):
            spec = self.lift(value)
            tensors.append(spec)
            return spec
        if kind is SymbolicInt:
            return value.size
        if isinstance(value, (tuple, list)):
            items = [self.lower(v, tensors) for v in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, torch.SymInt):
            return size_of(value)
        if isinstance(value, SymbolicFloat):
            return value.value
        if isinstance(value, SymbolicBool):
            return bool(value)
        if isinstance(value, dict):
            return {k: self.lower(v, tensors) for k, v in value.items()}
        if isinstance(value, slice):
            return slice(*(self.lower(v, tensors) for v in (value.start, value.stop, value.step)))
        size = size_of(value)
        return size if size is not None else as_builtin(value)

    def show(self, output: Any) -> Any:
        """What user code gets for the output of a rule."""
        if type(output) is Tensor:
            return self.lifetimes.watched(SymbolicTensor(output, self.device), self._calls)
        if isinstance(output, (tuple, list)):
            shown = [self.show(o) for o in output]
            if type(output) is list:
                return shown
            return tuple(shown) if type(output) is tuple else type(output)(shown)
        if isinstance(output, torch.Tensor) or type(output) in PLAIN or not hasattr(output, "free_symbols"):
            return output
        return integer(output)

    def written(self, target: Any, output: Any) -> Any:
        """The tensors of `out=`, made to stand for the output."""
        pairs = zip(target, output, strict=True) if isinstance(target, (tuple, list)) else ((target, output),)
        for tensor, spec in pairs:
            self.replace(tensor, spec)
        return target


def _spec_of(tensor: torch.Tensor) -> Tensor:
    with torch._C.DisableTorchFunction():
        if nn.parameter.is_lazy(tensor):
            return Tensor((), tensor.dtype)
        # The elements of a weight are whatever training makes of them; only small ones steer a forward.
        most = _MOST_ELEMENTS_OF_A_WEIGHT if isinstance(tensor, nn.Parameter) else _MOST_ELEMENTS_KEPT
        is_known = tensor.device.type == "cpu" and tensor.layout == torch.strided and tensor.numel() <= most
        strides = None if tensor.is_contiguous() else tuple(tensor.stride())
        return Tensor(tuple(tensor.shape), tensor.dtype, strides, tensor.detach() if is_known else None)
