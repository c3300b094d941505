"""The kinds of conditions over sizes. They are built and normalised by the functions of ``condition``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from typing import Any as Anything

import sympy

from convsym.sizes.polynomial import TABLE_LIMIT, Size

if TYPE_CHECKING:
    import numpy


class Condition:
    """What is common to all conditions."""

    __slots__ = ()

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols it speaks of."""
        raise NotImplementedError

    def holds(self, **sizes: int) -> bool:
        """Whether it holds at these sizes, exactly. A division by zero on the way means that it does not."""
        from convsym.sizes.evaluate import compiled

        return bool(compiled(self)(sizes))

    def vectorised(self, **arrays: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.bool_]:
        """Where it holds, for arrays of sizes."""
        from convsym.sizes.evaluate import vectorised

        found: numpy.typing.NDArray[numpy.bool_] = vectorised(self, arrays)
        return found

    def __str__(self) -> str:
        from convsym.sizes.phrases import phrase

        return phrase(self)

    def __repr__(self) -> str:
        return str(self)

    def __bool__(self) -> bool:
        raise TypeError(f"the condition {self} has no truth of its own: ask a domain, or `is TRUE`")


@dataclass(frozen=True, repr=False, slots=True)
class Constant(Condition):
    """``TRUE`` or ``FALSE``."""

    value: bool

    def __reduce__(self) -> tuple[Anything, ...]:
        # There is one TRUE and one FALSE in every process.
        return (_constant, (self.value,))

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return frozenset()


TRUE = Constant(True)
FALSE = Constant(False)


def _constant(value: bool) -> Constant:
    return TRUE if value else FALSE


@dataclass(frozen=True, repr=False, slots=True, eq=False)
class _Keyed(Condition):
    """Conditions compare by their parts; the hash is computed once."""

    _hash: int = field(init=False)

    def _key(self) -> tuple[Anything, ...]:
        raise NotImplementedError

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((type(self).__name__, self._key())))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or not isinstance(other, _Keyed):
            return NotImplemented
        return self._hash == other._hash and self._key() == other._key()

    def __reduce__(self) -> tuple[Anything, ...]:
        # The hash of a string differs between processes, so it does not travel.
        return (type(self), self._key())


@dataclass(frozen=True, repr=False, slots=True, eq=False)
class Comparison(_Keyed):
    """``expr == 0``, ``expr != 0`` or ``expr >= 0``; for an opaque real also ``>``."""

    expr: sympy.Expr
    relation: str

    def _key(self) -> tuple[Anything, ...]:
        return (self.expr, self.relation)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return free_symbols(self.expr)


@dataclass(frozen=True, repr=False, slots=True, eq=False)
class Divides(_Keyed):
    """``expr % divisor == 0``, or with ``wanted=False`` the contrary."""

    divisor: Size
    expr: sympy.Expr
    wanted: bool = True

    def _key(self) -> tuple[Anything, ...]:
        return (self.divisor, self.expr, self.wanted)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return free_symbols(self.expr) | free_symbols(self.divisor)


@dataclass(frozen=True, repr=False, slots=True, eq=False)
class Combination(_Keyed):
    """What All and Any share."""

    parts: tuple[Condition, ...]
    word: ClassVar[str] = ""
    _symbols: frozenset[sympy.Symbol] = field(init=False)

    def __post_init__(self) -> None:
        _Keyed.__post_init__(self)
        object.__setattr__(self, "_symbols", frozenset().union(*(part.symbols for part in self.parts)))

    def _key(self) -> tuple[Anything, ...]:
        return (self.parts,)

    @property
    def symbols(self) -> frozenset[sympy.Symbol]:
        return self._symbols


@dataclass(frozen=True, repr=False, slots=True, eq=False)
class All(Combination):
    """Every part holds."""

    word: ClassVar[str] = "and"


@dataclass(frozen=True, repr=False, slots=True, eq=False)
class Any(Combination):
    """At least one part holds."""

    word: ClassVar[str] = "or"


_free: dict[sympy.Expr, frozenset[sympy.Symbol]] = {}


def free_symbols(size: Size | sympy.Expr) -> frozenset[sympy.Symbol]:
    """The symbols in a size."""
    if isinstance(size, int):
        return frozenset()
    try:
        return _free[size]
    except KeyError:
        if len(_free) > TABLE_LIMIT:
            _free.clear()
        # Walked without recursion, for quotients nested a thousand deep; the answers for parts are used again.
        symbols: set[sympy.Symbol] = set()
        seen: set[sympy.Basic] = set()
        waiting = [size]
        while waiting:
            part = waiting.pop()
            if part.is_Symbol:
                if part.is_integer:
                    symbols.add(part)
            elif part in _free:
                symbols |= _free[part]
            elif part not in seen:
                seen.add(part)
                waiting += part.args
        found = frozenset(symbols)
        _free[size] = found
        return found
