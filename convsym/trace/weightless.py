"""What torch's functions do while a model is built without weights.

parameters      on the meta device, each with a `Drawn` that tells its value if somebody reads it
small tensors   real, as everything that a constructor computes with
large fills     real memory that nobody has touched yet ("pending"); filled at the first use that is no fill, or
                never, when it only becomes a parameter
devices         every accelerator is the CPU: nothing is moved while nothing is there to move
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from convsym.trace.drawn import Drawn, DrawnTensors, Unread, real
from convsym.trace.stand_ins import (
    ALIASES,
    IN_PLACE_WITH_NUMBERS,
    INDEXING,
    LIKE,
    SHAPE_ONLY,
    STAND_INS,
    WITH_NUMBERS,
    emptied,
    on_host,
)


class Weightless(TorchFunctionMode):
    """The function mode of one `without_weights()` block."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: DrawnTensors = DrawnTensors()
        self.pending: DrawnTensors = DrawnTensors()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        stand_in = STAND_INS.get(func)
        if stand_in is not None:
            return stand_in(self, func, args, kwargs)
        if kwargs and ("device" in kwargs or "pin_memory" in kwargs):
            kwargs = on_host(kwargs)
        return self.apply(func, args, kwargs)

    def close(self) -> None:
        """Fill what is still pending: it belongs to the model now, as a buffer or an attribute."""
        for tensor in self.pending.tensors():
            self.settle(tensor)
        self.drawn.clear()

    # Parameters

    def parameter(self, original: Any, cls: type, data: Any, requires_grad: bool) -> Any:
        """A parameter like `data` that holds no weights."""
        if data is None or (type(data) is not torch.Tensor and type(data) is not nn.Parameter):
            return original(cls, data, requires_grad)
        with torch._C.DisableTorchFunction():
            drawn = self.drawn.get(data)
            if not data.is_meta:
                drawn = self.pending.pop(data) or Drawn.of(data.detach())
                data = emptied(data)
            made = original(cls, data, requires_grad)
        if drawn is not None:
            self.drawn[made] = drawn
        return made

    def buffer(self, tensor: Any) -> Any:
        """A buffer is real, unless it was computed from weights."""
        drawn = self.drawn.get(tensor) if isinstance(tensor, torch.Tensor) else None
        if drawn is None or not drawn.plain:
            return tensor
        with torch._C.DisableTorchFunction():
            return drawn.value()

    # Reading, writing and computing

    def settle(self, tensor: torch.Tensor) -> None:
        """Fill a pending tensor now."""
        drawn = self.pending.pop(tensor)
        if drawn is not None:
            with torch._C.DisableTorchFunction(), torch.no_grad():
                torch.Tensor.data.__set__(tensor, drawn.value())  # type: ignore[attr-defined]

    def fill(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A function that overwrites all of its first argument, by the numbers that it is given."""
        tensor = args[0]
        if any(isinstance(a, torch.Tensor) for a in (*args[1:], *kwargs.values())):
            return self.apply(func, args, kwargs)
        with torch._C.DisableTorchFunction():
            shape, dtype = tensor.shape, tensor.dtype
            drawn = self.drawn.get(tensor) if tensor.is_meta else self.pending.get(tensor)
        if drawn is None:
            return self.apply(func, args, kwargs)
        with torch._C.DisableTorchFunction():
            # The arguments are judged by torch itself, on a tensor without elements.
            func(torch.empty(0, dtype=dtype), *args[1:], **kwargs)
        drawn.refill(lambda: torch.empty(shape, dtype=dtype), (func, args[1:], kwargs))
        return tensor

    def apply(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Any function that has no handler of its own."""
        tensors = _tensors(args, kwargs)
        if self.pending and func not in SHAPE_ONLY:
            waiting = [t for t in tensors if t in self.pending]
            if waiting:
                later = self._later(func, args, kwargs, waiting)
                if later is not None:
                    return later
                for tensor in waiting:
                    self.settle(tensor)
        if any(t.is_meta for t in tensors) and func not in SHAPE_ONLY:
            return self._lazily(func, args, kwargs, tensors)
        return func(*args, **kwargs)

    def _later(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], waiting: list[torch.Tensor]) -> Any:
        """Put off an element-wise operation with numbers on a pending tensor; None where it cannot be."""
        first = waiting[0]
        if args[0] is not first or any(isinstance(a, torch.Tensor) for a in (*args[1:], *kwargs.values())):
            return None
        if func in IN_PLACE_WITH_NUMBERS:
            self.pending[first].then((func, args[1:], kwargs))
            return first
        if func in WITH_NUMBERS and not first.requires_grad:
            source = self.pending[first].copied()
            made = func(emptied(first), *args[1:], **kwargs)
            result = torch.empty_strided(made.shape, made.stride(), dtype=made.dtype)
            self.pending[result] = Drawn(lambda: func(source.value(), *args[1:], **kwargs))
            return result
        return None

    def _lazily(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[torch.Tensor]) -> Any:
        """Compute shapes only; the value can still be drawn. Where shapes do not suffice, draw."""
        writes = _is_in_place(func) and bool(args) and isinstance(args[0], torch.Tensor)
        if writes and not args[0].is_meta:
            return func(*self._real(args), **self._real(kwargs))
        if writes and func in IN_PLACE_WITH_NUMBERS and len(tensors) == 1:
            return self._stepped(func, args, kwargs)
        meta_args, meta_kwargs = args, kwargs
        if func not in INDEXING and not all(t.is_meta for t in tensors):
            # Left as they are, some of torch's kernels would take them and return memory that nobody has filled.
            meta_args, meta_kwargs = pytree.tree_map_only(torch.Tensor, _to_meta, (args, kwargs))
        try:
            result = func(*meta_args, **meta_kwargs)
        except (RuntimeError, NotImplementedError, TypeError, ValueError, IndexError) as error:
            try:
                return self._really(func, args, kwargs, writes)
            except Unread:
                raise error from None
        return self._stepped(func, args, kwargs) if writes else self._recorded(result, func, args, kwargs)

    def _really(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], writes: bool) -> Any:
        """Run the function on values, drawn for it where need be."""
        result = func(*self._real(args), **self._real(kwargs))
        return args[0] if writes and isinstance(result, torch.Tensor) else result

    def _recorded(self, result: Any, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        leaves = [result] if isinstance(result, torch.Tensor) else pytree.tree_leaves(result)
        made = [(i, t) for i, t in enumerate(leaves) if isinstance(t, torch.Tensor) and t.is_meta]
        if not made:
            return result
        if func in ALIASES and (shared := self.drawn.get(args[0])) is not None:
            self.drawn[result] = shared
            return result
        from_args, from_kwargs = self._sources(args), self._sources(kwargs)
        for index, tensor in made:
            if tensor not in self.drawn:
                self.drawn[tensor] = Drawn(_computing(func, from_args, from_kwargs, index), plain=func in LIKE)
        return result

    def _stepped(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        drawn = self.drawn.get(args[0])
        if drawn is not None:
            drawn.then((func, self._sources(args[1:]), self._sources(kwargs)))
        return None if func is torch.Tensor.__setitem__ else args[0]

    def _sources(self, arguments: Any) -> Any:
        """Arguments as a later computation needs them: lazy values instead of meta tensors."""

        def source(tensor: torch.Tensor) -> Any:
            if tensor.is_meta:
                known = self.drawn.get(tensor)
                return known.copied() if known is not None else Drawn(_no_value)
            return tensor

        return pytree.tree_map_only(torch.Tensor, source, arguments)

    def _real(self, arguments: Any) -> Any:
        def value(tensor: torch.Tensor) -> torch.Tensor:
            if not tensor.is_meta:
                return tensor
            known = self.drawn.get(tensor)
            if known is None:
                raise Unread
            return known.value()

        return pytree.tree_map_only(torch.Tensor, value, arguments)


def _no_value() -> torch.Tensor:
    raise Unread


def _computing(func: Any, args: Any, kwargs: Any, index: int) -> Callable[[], torch.Tensor]:
    def compute() -> torch.Tensor:
        leaves = pytree.tree_leaves(func(*real(args), **real(kwargs)))
        made: torch.Tensor = leaves[index]
        return made

    return compute


def _to_meta(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.is_meta else emptied(tensor)


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
    found = []
    for value in (*args, *kwargs.values()):
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple, dict)):
            found.extend(v for v in pytree.tree_leaves(value) if isinstance(v, torch.Tensor))
    return found


_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "matmul")
_WRITING = frozenset({"__setitem__", *(f"__i{name}__" for name in _OPERATORS)})


def _is_in_place(func: Any) -> bool:
    name: str = getattr(func, "__name__", "")
    if name.endswith("__"):
        return name in _WRITING
    return name.endswith("_")
