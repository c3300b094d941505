"""How long the tensors of a forward live.

A traced forward runs the same Python as a real one, so a variable that keeps a tensor alive there keeps its stand-in
alive here: the memory of a tensor is given back when the last stand-in that lies in it goes.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from convsym.graph.tensor import Tensor
from convsym.trace.tensors import SymbolicTensor


class Lifetimes:
    """Before which call each piece of memory was last given back, by the tensor that owns it.

    Memory that outlives the forward is not in `freed`.
    """

    def __init__(self) -> None:
        self.freed: dict[Tensor, int] = {}
        self._alive: dict[Tensor, int] = {}
        self._watches: dict[int, weakref.ref[Any]] = {}

    def alive(self) -> list[SymbolicTensor]:
        """The stand-ins that something still holds."""
        return [tensor for watch in list(self._watches.values()) if (tensor := watch()) is not None]

    def watched(self, tensor: SymbolicTensor, calls: Sequence[Any]) -> SymbolicTensor:
        """The tensor itself; when it goes, the calls recorded by then say when that was."""
        storage = tensor.spec.storage

        def gone(watch: weakref.ref[Any]) -> None:
            del self._watches[id(watch)]
            self._alive[storage] -= 1
            if not self._alive[storage]:
                self.freed[storage] = len(calls)

        watch = weakref.ref(tensor, gone)
        self._watches[id(watch)] = watch
        self._alive[storage] = self._alive.get(storage, 0) + 1
        self.freed.pop(storage, None)
        return tensor
