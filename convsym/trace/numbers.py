"""What user code holds for a size: numbers that behave like int, float and bool but are not known yet.

They are torch.SymInt, SymFloat and SymBool, so that torch's argument parser takes them as sizes and code written
for torch.compile knows them. Arithmetic stays symbolic; a comparison asks the domain; what forces a concrete number
goes to the trace in progress, which pins the size.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any

import torch

from convsym.sizes import arithmetic, condition, ratio
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Condition
from convsym.trace.current import current
from convsym.trace.sym_node import Node, plain_or_symbolic


def size_of(value: Any) -> Size | None:
    """The size that a Python object stands for, or None when it is no integer.

    >>> size_of(3)
    3
    """
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is SymbolicInt:
        return value.size
    if isinstance(value, torch.SymInt):
        number = value.node.number if isinstance(value.node, Node) else value
        return size_of(plain_or_symbolic(number)) if number is not value else None
    if isinstance(value, torch.Tensor):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    return None


def integer(size: Size) -> Any:
    """The number that user code gets for a size: an int when it is known."""
    return size if type(size) is int else SymbolicInt(size)


def real(value: Any) -> Any:
    """The number that user code gets for a real: a float when it is known."""
    if isinstance(value, (int, float)) or value.is_number:
        return float(value)
    return SymbolicFloat(value)


def truth(answer: Condition) -> Any:
    """The answer that user code gets to a comparison: a bool when the domain decides it."""
    if answer is condition.TRUE:
        return True
    if answer is condition.FALSE:
        return False
    decided = current().site.decided(answer)
    return SymbolicBool(answer) if decided is None else decided


def _real_of(value: Any) -> Any:
    """The real that a symbolic or plain number stands for, or None when it is no finite number."""
    size = size_of(value)
    if size is not None:
        return size
    if isinstance(value, SymbolicFloat):
        return value.value
    if isinstance(value, numbers.Real):
        number = float(value)
        return number if math.isfinite(number) else None
    return None


class SymbolicBool(torch.SymBool):
    """The answer to a comparison that some sizes satisfy and others do not; bool() of it analyses both."""

    def __init__(self, answer: Condition) -> None:
        self.condition = answer
        super().__init__(Node(self))  # type: ignore[no-untyped-call]

    def __bool__(self) -> bool:
        return current().site.holds(self.condition)

    def __and__(self, other: Any) -> Any:
        return truth(condition.all_of(self.condition, condition_of(other)))

    def __or__(self, other: Any) -> Any:
        return truth(condition.any_of(self.condition, condition_of(other)))

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> Any:
        return truth(condition.negate(self.condition))

    __sym_not__ = __invert__

    def __int__(self) -> int:
        return int(bool(self))

    __index__ = __int__

    def __add__(self, other: Any) -> Any:
        return int(self) + other

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return int(self) * other

    __rmul__ = __mul__

    def __eq__(self, other: object) -> Any:
        return bool(self) == other

    def __ne__(self, other: object) -> Any:
        return bool(self) != other

    def __hash__(self) -> int:
        return hash(bool(self))

    def __repr__(self) -> str:
        return str(self.condition)

    __str__ = __repr__


def condition_of(value: Any) -> Condition:
    """The condition that a bool, symbolic or not, stands for."""
    if isinstance(value, SymbolicBool):
        return value.condition
    return condition.TRUE if value else condition.FALSE


def _comparison(build: Callable[[Any, Any], Condition]) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: Any) -> Any:
        mine, theirs = _real_of(self), _real_of(other)
        if theirs is not None:
            return truth(build(mine, theirs))
        if isinstance(other, float) and not math.isnan(other):
            return build(0, 1 if other > 0 else -1) is condition.TRUE
        return NotImplemented

    return compare


class _Comparable:
    __lt__ = _comparison(condition.lt)
    __le__ = _comparison(condition.le)
    __gt__ = _comparison(condition.gt)
    __ge__ = _comparison(condition.ge)
    __eq__ = _comparison(condition.eq)
    __ne__ = _comparison(condition.ne)


def _floor_div(a: Size, b: Size) -> Size:
    whole = current().site.whole_quotient(a, b)
    return arithmetic.floor_div(a, b) if whole is None else whole


def _divide(a: Any, b: Any) -> Any:
    if ratio.is_real(a) or ratio.is_real(b):
        return ratio.divide(a, b)
    # A double holds a quotient of sizes that comes out even as it is.
    whole = current().site.whole_quotient(a, b)
    return ratio.divide(a, b) if whole is None else whole


def _modulo(a: Any, b: Any) -> Any:
    return ratio.subtract(a, ratio.multiply(b, ratio.floor(ratio.divide(a, b))))


def _arithmetic(
    sizes: Callable[[Size, Size], Size] | None, rationals: Callable[[Any, Any], Any], reverse: bool = False
) -> Callable[[Any, Any], Any]:
    def operate(self: Any, other: Any) -> Any:
        if isinstance(other, torch.Tensor):
            return NotImplemented
        mine, theirs = size_of(self), size_of(other)
        if sizes is not None and mine is not None and theirs is not None:
            return integer(sizes(theirs, mine) if reverse else sizes(mine, theirs))
        left, right = _real_of(self), _real_of(other)
        if left is None or right is None:
            return NotImplemented
        return real(rationals(right, left) if reverse else rationals(left, right))

    return operate


class _Number(_Comparable):
    __add__ = _arithmetic(arithmetic.add, ratio.add)
    __radd__ = _arithmetic(arithmetic.add, ratio.add)
    __sub__ = _arithmetic(arithmetic.subtract, ratio.subtract)
    __rsub__ = _arithmetic(arithmetic.subtract, ratio.subtract, reverse=True)
    __mul__ = _arithmetic(arithmetic.multiply, ratio.multiply)
    __rmul__ = _arithmetic(arithmetic.multiply, ratio.multiply)
    __floordiv__ = _arithmetic(_floor_div, lambda a, b: ratio.floor(ratio.divide(a, b)))
    __rfloordiv__ = _arithmetic(_floor_div, lambda a, b: ratio.floor(ratio.divide(a, b)), reverse=True)
    __mod__ = _arithmetic(arithmetic.modulo, _modulo)
    __rmod__ = _arithmetic(arithmetic.modulo, _modulo, reverse=True)
    __truediv__ = _arithmetic(None, _divide)
    __rtruediv__ = _arithmetic(None, _divide, reverse=True)

    def __pow__(self, exponent: Any) -> Any:
        size = size_of(self)
        if size is not None and isinstance(exponent, int) and exponent >= 0:
            return integer(arithmetic.power(size, exponent))
        other = _real_of(exponent)
        return NotImplemented if other is None else real(ratio.power(_real_of(self), other))

    def __rpow__(self, base: Any) -> Any:
        other = _real_of(base)
        return NotImplemented if other is None else real(ratio.power(other, _real_of(self)))

    def __neg__(self) -> Any:
        return 0 - self

    def __pos__(self) -> Any:
        return self

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __hash__(self) -> int:
        return hash(_real_of(self))

    def __str__(self) -> str:
        return str(_real_of(self))

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)

    def __reduce__(self) -> Any:
        return type(self), (_real_of(self),)

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class SymbolicInt(_Number, torch.SymInt):
    """A size in user code; arithmetic on it stays exact, `int()` of it pins it."""

    def __init__(self, size: Size) -> None:
        self.size = size
        super().__init__(Node(self))  # type: ignore[no-untyped-call]

    def __index__(self) -> int:
        return current().site.pin(self.size)

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.__index__())

    def __abs__(self) -> Any:
        return integer(arithmetic.absolute(self.size))

    def __floor__(self) -> Any:
        return self

    __ceil__ = __trunc__ = __floor__

    def __round__(self, digits: int | None = None) -> Any:
        return self

    def __sym_float__(self) -> Any:
        return SymbolicFloat(self.size)

    def __sym_min__(self, other: Any) -> Any:
        return smallest(self, other)

    def __sym_max__(self, other: Any) -> Any:
        return largest(self, other)

    def bit_length(self) -> int:
        return self.__index__().bit_length()

    def __and__(self, other: Any) -> Any:
        # h & (2**k - 1) is h % 2**k
        size = size_of(other)
        if isinstance(size, int) and size >= 0 and (size + 1) & size == 0:
            return self % (size + 1)
        return self.__index__() & other

    __rand__ = __and__

    def __rshift__(self, other: Any) -> Any:
        return self // (1 << int(other))

    def __lshift__(self, other: Any) -> Any:
        return self * (1 << int(other))

    @property
    def real(self) -> Any:
        return self

    @property
    def numerator(self) -> Any:
        return self

    def is_integer(self) -> bool:
        return True

    def item(self) -> Any:
        return self


class SymbolicFloat(_Number, torch.SymFloat):
    """An exact rational of sizes in user code, such as `h * 0.5`."""

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__(Node(self))  # type: ignore[no-untyped-call]

    def __float__(self) -> float:
        return float(current().site.pin_real(self.value))

    def __int__(self) -> int:
        return int(self.__trunc__())

    def __index__(self) -> int:
        raise TypeError("'float' object cannot be interpreted as an integer")

    def __floor__(self) -> Any:
        return integer(ratio.floor(self.value))

    def __ceil__(self) -> Any:
        return integer(ratio.ceil(self.value))

    def __trunc__(self) -> Any:
        return integer(ratio.truncate(self.value))

    def __round__(self, digits: int | None = None) -> Any:
        return integer(ratio.round_half_even(self.value)) if digits is None else self

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    def is_integer(self) -> Any:
        return self == self.__floor__()

    def item(self) -> Any:
        return self


# What looks like an integer to `isinstance(x, numbers.Integral)`, which torch's own LayerNorm asks.
numbers.Integral.register(SymbolicInt)
numbers.Real.register(SymbolicFloat)


def largest(*values: Any) -> Any:
    """max() of numbers of which some are symbolic: one of them where the domain decides, else a symbolic maximum."""
    return _extreme(values, arithmetic.maximum, lambda a, b: a >= b)


def smallest(*values: Any) -> Any:
    """min() of numbers of which some are symbolic."""
    return _extreme(values, arithmetic.minimum, lambda a, b: a <= b)


def _extreme(values: tuple[Any, ...], combine: Callable[..., Size], is_better: Callable[[Any, Any], Any]) -> Any:
    best = values[0]
    for value in values[1:]:
        wins = is_better(best, value)
        mine, theirs = size_of(best), size_of(value)
        if isinstance(wins, SymbolicBool) and mine is not None and theirs is not None:
            best = integer(combine(mine, theirs))
        elif not wins:
            best = value
    return best
