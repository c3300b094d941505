"""Built-ins that insist on real numbers, replaced in the user's modules while their forward is traced.

`int(h * 0.5)`, `len(x)` and `math.sqrt(h)` cannot return anything but real numbers from within the objects they are
called on, so the names themselves are shadowed in the modules that define the model, and put back afterwards.
`max` and `min` are shadowed because they would ask for a comparison where a larger size can simply be kept.
"""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from convsym.sizes import ratio
from convsym.trace.numbers import SymbolicBool, SymbolicFloat, SymbolicInt, integer, largest, real, smallest
from convsym.trace.tensors import SymbolicTensor

_SYMBOLIC = (SymbolicInt, SymbolicFloat, SymbolicBool, SymbolicTensor)


class _Shadow(type):
    """A class that answers as a built-in number type does, and takes symbolic numbers for its instances."""

    original: type
    symbolic: type

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, (cls.original, cls.symbolic))

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, (cls.original, cls.symbolic))

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.original or other is cls.symbolic

    def __hash__(cls) -> builtins.int:
        return hash(cls.original)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls.original, name)

    def __repr__(cls) -> str:
        return repr(cls.original)

    def __or__(cls, other: Any) -> Any:
        return cls.original | as_builtin(other)

    def __ror__(cls, other: Any) -> Any:
        return as_builtin(other) | cls.original


class _Int(metaclass=_Shadow):
    original, symbolic = int, SymbolicInt

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        value = args[0] if args else 0
        if isinstance(value, (SymbolicInt, SymbolicFloat)):
            return value.__trunc__()
        if isinstance(value, SymbolicTensor):
            item = value.item()
            return item.__trunc__() if isinstance(item, (SymbolicInt, SymbolicFloat)) else builtins.int(item)
        return builtins.int(*args, **kwargs)


class _Float(metaclass=_Shadow):
    original, symbolic = float, SymbolicFloat

    def __new__(cls, *args: Any) -> Any:
        value = args[0] if args else 0.0
        if isinstance(value, SymbolicInt):
            return real(value.size)
        if isinstance(value, SymbolicFloat):
            return value
        if isinstance(value, SymbolicTensor):
            return cls(value.item())
        return builtins.float(*args)


def as_builtin(value: Any) -> Any:
    """The built-in that a shadow stands for; anything else as it is."""
    return value.original if type(value) is _Shadow else value


def _len(value: Any) -> Any:
    if isinstance(value, SymbolicTensor):
        return value.shape[0]
    return builtins.len(value)


def _extreme(pick: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    def choose(*args: Any, **kwargs: Any) -> Any:
        values = list(args[0]) if len(args) == 1 and not isinstance(args[0], torch.Tensor) else args
        if kwargs or not any(isinstance(v, (SymbolicInt, SymbolicFloat)) for v in values):
            return (
                original(values, **kwargs) if len(args) == 1 and isinstance(values, list) else original(*args, **kwargs)
            )
        return pick(*values)

    return choose


def _symbolic_math(name: str, symbolic: Callable[..., Any]) -> Callable[..., Any]:
    original = getattr(math, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(a, (SymbolicInt, SymbolicFloat)) for a in args):
            return symbolic(*args, **kwargs)
        return original(*args, **kwargs)

    return function


def _exact(value: Any) -> Any:
    return value.size if isinstance(value, SymbolicInt) else value.value if isinstance(value, SymbolicFloat) else value


def _log(x: Any, base: Any = None) -> Any:
    natural = real(ratio.function("log", _exact(x)))
    return natural if base is None else natural / math.log(base)


BUILTINS: dict[str, Any] = {
    "int": _Int,
    "float": _Float,
    "len": _len,
    "max": _extreme(largest, builtins.max),
    "min": _extreme(smallest, builtins.min),
}
MATH: dict[str, Any] = {
    "sqrt": _symbolic_math("sqrt", lambda x: real(ratio.sqrt(_exact(x)))),
    "isqrt": _symbolic_math("isqrt", lambda x: integer(ratio.isqrt(_exact(x)))),
    "pow": _symbolic_math("pow", lambda x, y: x**y),
    "fabs": _symbolic_math("fabs", abs),
    **{
        name: _symbolic_math(name, lambda x, name=name: real(ratio.function(name, _exact(x))))
        for name in ("exp", "log2", "log10")
    },
    "log": _symbolic_math("log", _log),
}


def modules_of(model: nn.Module) -> Iterable[dict[str, Any]]:
    """The globals of the Python modules that define a model, and of the packages these belong to."""
    own = {
        c.__module__
        for m in model.modules()
        for c in type(m).__mro__
        if c.__module__.partition(".")[0] not in ("torch", "builtins", "abc", "typing", "convsym")
    }
    packages = {name.partition(".")[0] for name in own if "." in name}
    for name, module in list(sys.modules.items()):
        if module is not None and (name in own or name.partition(".")[0] in packages):
            yield vars(module)


@contextmanager
def shadowed(namespaces: Iterable[dict[str, Any]]) -> Iterator[None]:
    """Shadow the built-ins in these namespaces; everything is put back, whatever happens inside."""
    undo: list[tuple[dict[str, Any], str, Any]] = []
    missing = object()
    captured = {getattr(math, name): function for name, function in MATH.items()}
    try:
        for name, function in MATH.items():
            undo.append((vars(math), name, getattr(math, name)))
            setattr(math, name, function)
        for namespace in namespaces:
            for name, shadow in BUILTINS.items():
                # A module that has its own `max` keeps it.
                if name not in namespace:
                    undo.append((namespace, name, missing))
                    namespace[name] = shadow
            for name in MATH:
                value = namespace.get(name)
                if isinstance(value, type(math.sqrt)) or callable(value):
                    replacement = captured.get(value) if getattr(value, "__module__", "") == "math" else None
                    if replacement is not None:
                        undo.append((namespace, name, value))
                        namespace[name] = replacement
        yield
    finally:
        for namespace, name, value in reversed(undo):
            if value is missing:
                namespace.pop(name, None)
            else:
                namespace[name] = value
