"""Python functions outside torch that have rules of their own, sent to the tracer while a forward is traced.

Nothing in torch announces a call of such a function, and user code may have bound it to any name long ago. So the
function object itself is changed for the time of the trace: its code hands the call to the tracer when an argument is a
tensor or a symbolic number, and to a copy of the function otherwise. Without such rules nothing is touched.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import torch

from convsym.trace.current import in_progress
from convsym.trace.numbers import SymbolicBool, SymbolicFloat, SymbolicInt

_TRACED = (torch.Tensor, SymbolicInt, SymbolicFloat, SymbolicBool)


def _stand_in(*args: Any, _convsym_route: Any, **kwargs: Any) -> Any:
    return _convsym_route(args, kwargs)


class _Route:
    """Where the calls of one function go."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.signature = inspect.signature(function, follow_wrapped=False)
        self.original = FunctionType(
            function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        self.original.__kwdefaults__ = function.__kwdefaults__

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tracer = in_progress()
        # The tracer computes on known elements with torch's dispatch turned off; that call is the real one.
        if tracer is None or not torch._C._is_torch_function_enabled() or not _is_traced((*args, *kwargs.values())):
            return self.original(*args, **kwargs)
        # A call that Python refuses is the user's mistake, and must not look like one of the rule.
        self.signature.bind(*args, **kwargs)
        return tracer.call(self.function, args, kwargs)


def _is_traced(values: Iterable[Any]) -> bool:
    for value in values:
        if isinstance(value, _TRACED):
            return True
        if isinstance(value, (tuple, list)) and _is_traced(value):
            return True
        if isinstance(value, dict) and _is_traced(value.values()):
            return True
    return False


@dataclass
class _Held:
    """What a changed function was before, and how many traces need it changed."""

    code: CodeType
    kwdefaults: dict[str, Any] | None
    traces: int = 0


_held: dict[FunctionType, _Held] = {}
_lock = threading.Lock()


@contextmanager
def routed(functions: tuple[FunctionType, ...]) -> Iterator[None]:
    """Send calls of these functions to the trace in progress; afterwards they are what they were."""
    if not functions:
        yield
        return
    changed: list[FunctionType] = []
    try:
        with _lock:
            for function in functions:
                _change(function)
                changed.append(function)
        yield
    finally:
        with _lock:
            for function in changed:
                _restore(function)


def _change(function: FunctionType) -> None:
    held = _held.get(function)
    if held is None:
        held = _held[function] = _Held(function.__code__, function.__kwdefaults__)
        route = _Route(function)
        # Python wants as many free variables as the function's closure has.
        function.__code__ = _stand_in.__code__.replace(co_freevars=function.__code__.co_freevars)
        function.__kwdefaults__ = {"_convsym_route": route}
    held.traces += 1


def _restore(function: FunctionType) -> None:
    held = _held[function]
    held.traces -= 1
    if not held.traces:
        function.__code__ = held.code
        function.__kwdefaults__ = held.kwdefaults
        del _held[function]
