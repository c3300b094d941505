"""Operations on doubles inside sizes, kept as they stand and evaluated exactly as Python evaluates them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import sympy
from sympy.core.function import Function

from convsym.sizes.polynomial import SizeFunction, expression, intern

if TYPE_CHECKING:
    from convsym.sizes.bounds import Bounds, Interval


class RealFunction(Function):  # type: ignore[misc]
    """A float made of sizes. ``real_value`` computes it as Python does."""

    is_commutative = True
    is_real = True
    is_finite = True
    precedence = 45

    def __new__(cls, *args: Any) -> sympy.Expr:
        made = sympy.Expr.__new__(cls, *(sympy.sympify(arg) for arg in args))
        return intern(made)

    def real_value(self, *args: float) -> float:
        """The value at numbers."""
        raise NotImplementedError

    def spell(self, *args: str) -> str:
        """Python source, from the source of the arguments."""
        raise NotImplementedError

    def _sympystr(self, printer: sympy.printing.str.StrPrinter) -> str:
        return self.spell(*(_spelled(arg, printer) for arg in self.args))

    def _latex(self, printer: sympy.printing.latex.LatexPrinter) -> str:
        return rf"\mathtt{{{self.spell(*(_spelled(arg, printer, latex=True) for arg in self.args))}}}"

    def _eval_evalf(self, prec: int) -> None:
        return None


def _spelled(arg: sympy.Expr, printer: Any, latex: bool = False) -> str:
    if arg.is_Rational:
        return str(int(arg)) if arg.is_Integer else repr(float(arg))
    inner: str = printer._print(arg)
    if arg.is_Symbol:
        return inner
    return rf"\left({inner}\right)" if latex else f"({inner})"


class FloatQuotient(RealFunction):
    """``n / d`` of two sizes: the nearest double."""

    def real_value(self, *args: float) -> float:
        return args[0] / args[1]

    def spell(self, *args: str) -> str:
        return f"{args[0]}/{args[1]}"


class FloatSum(RealFunction):
    """``x + y`` in doubles."""

    precedence = 40

    def real_value(self, *args: float) -> float:
        return float(args[0]) + float(args[1])

    def spell(self, *args: str) -> str:
        return f"{args[0]} + {args[1]}"


class FloatDifference(RealFunction):
    """``x - y`` in doubles."""

    precedence = 40

    def real_value(self, *args: float) -> float:
        return float(args[0]) - float(args[1])

    def spell(self, *args: str) -> str:
        return f"{args[0]} - {args[1]}"


class FloatProduct(RealFunction):
    """``x * y`` in doubles."""

    def real_value(self, *args: float) -> float:
        return float(args[0]) * float(args[1])

    def spell(self, *args: str) -> str:
        return f"{args[0]}*{args[1]}"


class FloatDivision(RealFunction):
    """``x / y`` in doubles, of operands that were rounded before."""

    def real_value(self, *args: float) -> float:
        return float(args[0]) / float(args[1])

    def spell(self, *args: str) -> str:
        return f"{args[0]}/{args[1]}"


class FloatPower(RealFunction):
    """``x ** y`` in doubles."""

    def real_value(self, *args: float) -> float:
        return float(args[0] ** args[1])

    def spell(self, *args: str) -> str:
        return f"{args[0]}**{args[1]}"


class FloatFunction(RealFunction):
    """A one-place function of Python's ``math``, named by a symbol: ``math.log2(x)``."""

    def real_value(self, *args: float) -> float:
        found: float = getattr(math, str(self.args[0]))(args[1])
        return found

    def spell(self, *args: str) -> str:
        inner = args[1]
        if inner.startswith("(") and inner.endswith(")"):
            return f"math.{self.args[0]}{inner}"
        return f"math.{self.args[0]}({inner})"


class Rounded(SizeFunction):
    """An opaque real brought back to an integer."""

    def __new__(cls, real: Any) -> sympy.Expr:
        from convsym.sizes.ratio import rounded

        return expression(rounded(cls, sympy.sympify(real)))

    def spell(self, *args: str) -> str:
        """Python source, from the source of the real."""
        raise NotImplementedError

    def value(self, *args: float) -> int:
        raise NotImplementedError

    def interval(self, bounds: Bounds) -> Interval:
        low, high = real_interval(self.args[0], bounds)
        return (
            None if low is None or math.isinf(low) else self.value(low),
            None if high is None or math.isinf(high) else self.value(high),
        )

    def _sympystr(self, printer: sympy.printing.str.StrPrinter) -> str:
        return self.spell(printer._print(self.args[0]))

    def _latex(self, printer: sympy.printing.latex.LatexPrinter) -> str:
        return rf"\mathrm{{{type(self).__name__.lower()}}}\left({printer._print(self.args[0])}\right)"


class Floor(Rounded):
    """``math.floor`` of a real."""

    def value(self, *args: float) -> int:
        return math.floor(args[0])

    def spell(self, *args: str) -> str:
        return f"math.floor({args[0]})"


class Ceil(Rounded):
    """``math.ceil`` of a real."""

    def value(self, *args: float) -> int:
        return math.ceil(args[0])

    def spell(self, *args: str) -> str:
        return f"math.ceil({args[0]})"


class Truncate(Rounded):
    """``int`` of a real."""

    def value(self, *args: float) -> int:
        return int(args[0])

    def spell(self, *args: str) -> str:
        return f"int({args[0]})"


class RoundHalfEven(Rounded):
    """``round`` of a real."""

    def value(self, *args: float) -> int:
        return round(args[0])

    def spell(self, *args: str) -> str:
        return f"round({args[0]})"


class ISqrt(SizeFunction):
    """``math.isqrt`` of a size."""

    def __new__(cls, size: Any) -> sympy.Expr:
        from convsym.sizes.ratio import isqrt

        return expression(isqrt(sympy.sympify(size)))

    def value(self, *args: int) -> int:
        return math.isqrt(args[0])

    def spell(self, *args: str) -> str:
        """Python source, from the source of the size."""
        return f"math.isqrt({args[0]})"

    def interval(self, bounds: Bounds) -> Interval:
        low, high = bounds.interval(self.args[0])
        return (0 if low is None or low < 0 else math.isqrt(low), None if high is None else math.isqrt(max(high, 0)))

    def _sympystr(self, printer: sympy.printing.str.StrPrinter) -> str:
        return self.spell(printer._print(self.args[0]))

    def _latex(self, printer: sympy.printing.latex.LatexPrinter) -> str:
        return rf"\left\lfloor \sqrt{{{printer._print(self.args[0])}}} \right\rfloor"


def real_interval(real: sympy.Expr, bounds: Bounds) -> tuple[float | None, float | None]:
    # Doubles round monotonically, so the ends of the operands give the ends of the result.
    if real.is_Rational:
        return (float(real), float(real))
    if not isinstance(real, RealFunction):
        return bounds.interval(real)
    if isinstance(real, FloatFunction):
        if str(real.args[0]) not in ("sqrt", "log2", "log", "log10", "exp", "log1p", "exp2"):
            return (None, None)
        low, high = real_interval(real.args[1], bounds)
        if low is None or low <= 0:
            return (None, None)
        try:
            return (real.real_value(0, low), None if high is None else real.real_value(0, high))
        except OverflowError:
            return (None, None)
    (a, b), (c, d) = (real_interval(arg, bounds) for arg in real.args)
    if isinstance(real, FloatSum):
        return (None if a is None or c is None else a + c, None if b is None or d is None else b + d)
    if isinstance(real, FloatDifference):
        return (None if a is None or d is None else a - d, None if b is None or c is None else b - c)
    if a is None or c is None or a < 0 or c < 0:
        return (None, None)
    if isinstance(real, FloatPower):
        return (0.0, None)
    if isinstance(real, FloatProduct):
        return (a * c, None if b is None or d is None else b * d)
    if isinstance(real, (FloatQuotient, FloatDivision)):
        return (0.0 if d is None or d == 0 else a / d, None if b is None or c == 0 else b / c)
    return (None, None)
