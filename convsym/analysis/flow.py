"""Who makes and who reads each tensor of one case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from torch import nn

from convsym.analysis.numbers import tensors_of
from convsym.graph.call import Call
from convsym.graph.tensor import Tensor

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis, Case


class Flow:
    """The way of the tensors through one case.

    An operation in place gives its tensor new contents that no call has made: `maker` is None there, and whoever
    follows tensors back has to stop.
    """

    def __init__(self, case: Case, modules: dict[str, nn.Module]) -> None:
        self.calls = case.calls
        self.domain = case.domain
        self.inputs = case.inputs
        self.outputs = tensors_of(case.outputs)
        self._modules = modules
        self._makers = {id(tensor): call for call in case.calls for tensor in call.outputs}
        self._readers: dict[int, list[Call]] = defaultdict(list)
        for call in case.calls:
            for key in {id(tensor) for tensor in call.inputs}:
                self._readers[key].append(call)
        self._returned = {id(tensor) for tensor in self.outputs}

    def maker(self, tensor: Tensor) -> Call | None:
        """The call that made a tensor; None for inputs, parameters, and what was changed in place."""
        return self._makers.get(id(tensor))

    def readers(self, tensor: Tensor) -> list[Call]:
        """The calls that read a tensor."""
        return self._readers.get(id(tensor), [])

    def is_returned(self, tensor: Tensor) -> bool:
        """Whether the forward returns this very tensor."""
        return id(tensor) in self._returned

    def layer(self, call: Call) -> nn.Module | None:
        """The layer of torch that a call is of; None for functions and methods."""
        module = self._modules.get(call.path)
        return module if module is not None and type(module).__name__ == call.module else None


def flows(analysis: Analysis) -> Iterable[Flow]:
    """The flow of each case of an analysis."""
    modules = dict(analysis.model.named_modules())
    return [Flow(case, modules) for case in analysis.cases]
