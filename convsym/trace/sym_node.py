"""What torch's C++ asks of a symbolic number that crosses into it, such as the size in a call of `view`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch


class Node:
    """A symbolic number as torch's C++ sees it."""

    __slots__ = ("number",)

    def __init__(self, number: Any) -> None:
        self.number = number

    def is_int(self) -> bool:
        return isinstance(self.number, torch.SymInt)

    def is_float(self) -> bool:
        return isinstance(self.number, torch.SymFloat)

    def is_bool(self) -> bool:
        return isinstance(self.number, torch.SymBool)

    def is_symbolic(self) -> bool:
        return True

    def is_constant(self) -> bool:
        return False

    def is_nested_int(self) -> bool:
        return False

    def maybe_as_int(self) -> None:
        return None

    def has_hint(self) -> bool:
        return False

    def guard_int(self, file: str, line: int) -> int:
        return int(self.number.__index__())

    def int_(self) -> int:
        return int(self.number.__index__())

    def guard_bool(self, file: str, line: int) -> bool:
        return bool(self.number)

    def bool_(self) -> bool:
        return bool(self.number)

    guard_or_false = guard_or_true = guard_size_oblivious = expect_true = guard_bool

    def guard_float(self, file: str, line: int) -> float:
        return float(self.number)

    def float_(self) -> float:
        return float(self.number)

    def wrap_int(self, value: int) -> Node:
        return Node(_Plain(value))

    def __getattr__(self, name: str) -> Any:
        if name == "str":
            return lambda: str(self.number)
        operation = _OPERATIONS.get(name)
        if operation is None:
            raise AttributeError(f"symbolic sizes have no {name!r}")
        return lambda *others: Node(_in_node(operation(*(plain_or_symbolic(n.number) for n in (self, *others)))))

    def clone(self) -> Node:
        return self

    def _graph_repr(self) -> str:
        return str(self.number)


class _Plain:
    """An ordinary number inside a node."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> int:
        return int(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)


def plain_or_symbolic(number: Any) -> Any:
    """The number in a node, an ordinary one as Python's own."""
    return number.value if isinstance(number, _Plain) else number


def _in_node(value: Any) -> Any:
    return value if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)) else _Plain(value)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "int_floordiv": lambda a, b: a // b,
    "truediv": lambda a, b: a / b,
    "int_truediv": lambda a, b: a / b,
    "float_truediv": lambda a, b: a / b,
    "mod": lambda a, b: a % b,
    "pow": lambda a, b: a**b,
    "pow_by_natural": lambda a, b: a**b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "neg": lambda a: -a,
    "sym_min": min,
    "sym_max": max,
    "sym_not": lambda a: not a,
    "and_": lambda a, b: a and b,
    "or_": lambda a, b: a or b,
    "ceil": math.ceil,
    "floor": math.floor,
    "sym_float": lambda a: a * 1.0,
    "sym_ite": lambda c, a, b: a if c else b,
}
