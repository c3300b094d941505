"""Sizes that differ from case to case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import sympy
from sympy.core.symbol import Str

from convsym.sizes.condition import FALSE, TRUE, Comparison, Condition, Divides, all_of, any_of, negate
from convsym.sizes.condition import All as AllParts
from convsym.sizes.condition import Any as AnyPart
from convsym.sizes.floats import RealFunction
from convsym.sizes.polynomial import Size, SizeFunction, expression
from convsym.sizes.sums import normal

if TYPE_CHECKING:
    from convsym.sizes.bounds import Bounds, Interval


class Piecewise(SizeFunction):
    """The size of the first condition that holds; the last size where none before holds.

    ``args`` are condition, size, condition, size, ..., size, the conditions written as sympy tuples.
    """

    precedence = 5

    def __new__(cls, *args: sympy.Basic) -> sympy.Expr:
        pairs = [(decoded(c), normal(s)) for c, s in zip(args[:-1:2], args[1:-1:2], strict=True)]
        return expression(piecewise([*pairs, (TRUE, normal(args[-1]))]))

    @property
    def pieces(self) -> tuple[tuple[Condition, Size], ...]:
        """Conditions and sizes in order; the last condition is TRUE."""
        args = self.args
        pairs = [(decoded(c), normal(s)) for c, s in zip(args[:-1:2], args[1:-1:2], strict=True)]
        return (*pairs, (TRUE, normal(args[-1])))

    def interval(self, bounds: Bounds) -> Interval:
        lows, highs = zip(*(bounds.interval(size) for _, size in self.pieces), strict=True)
        return (None if None in lows else min(lows), None if None in highs else max(highs))

    def _sympystr(self, printer: sympy.printing.str.StrPrinter) -> str:
        *pairs, (_, last) = self.pieces
        shown = "".join(f"{printer._print(expression(s))} if {c} else " for c, s in pairs)
        return f"({shown}{printer._print(expression(last))})"

    def _latex(self, printer: sympy.printing.latex.LatexPrinter) -> str:
        *pairs, (_, last) = self.pieces
        rows = [rf"{printer._print(expression(s))} & \text{{if }} \mathtt{{{c}}}" for c, s in pairs]
        rows.append(rf"{printer._print(expression(last))} & \text{{otherwise}}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def encoded(condition: Condition) -> sympy.Basic:
    """The condition as a sympy object, so that it can stand inside an expression."""
    if isinstance(condition, Comparison):
        return sympy.Tuple(Str(condition.relation), condition.expr)
    if isinstance(condition, Divides):
        word = "divides" if condition.wanted else "divides not"
        return sympy.Tuple(Str(word), expression(condition.divisor), condition.expr)
    if isinstance(condition, (AllParts, AnyPart)):
        return sympy.Tuple(Str(condition.word), *(encoded(part) for part in condition.parts))
    return sympy.Tuple(Str(str(condition)))


def decoded(basic: sympy.Basic) -> Condition:
    """The condition that ``encoded`` wrote, normalised anew (symbols may have been replaced since)."""
    from convsym.sizes import condition as build

    word, *parts = basic.args
    match word.name:
        case "and":
            return all_of(*(decoded(part) for part in parts))
        case "or":
            return any_of(*(decoded(part) for part in parts))
        case "divides":
            return build.divides(normal(parts[0]), normal(parts[1]))
        case "divides not":
            return negate(build.divides(normal(parts[0]), normal(parts[1])))
        case "True" | "False":
            return TRUE if word.name == "True" else FALSE
    real = parts[0] if isinstance(parts[0], RealFunction) else normal(parts[0])
    return {"==": build.eq, "!=": build.ne, ">=": build.ge, ">": build.gt}[word.name](real, 0)


def substituted(condition: Condition, values: Mapping[sympy.Expr, Size]) -> Condition:
    """The condition with sizes in place of symbols, functions or products, normalised."""
    return decoded(encoded(condition).xreplace({s: expression(v) for s, v in values.items()}))


def piecewise(pieces: Iterable[tuple[Condition, Size]]) -> Size:
    """The size of the first condition that holds. The last piece stands wherever none before it holds.

    >>> from convsym.sizes.arithmetic import symbol
    >>> from convsym.sizes.condition import ge
    >>> H = symbol("H")
    >>> piecewise([(ge(H, 4), H), (TRUE, 4)])
    (H if H >= 4 else 4)
    """
    kept: list[tuple[Condition, Size]] = []
    for condition, size in pieces:
        if condition is FALSE:
            continue
        if kept and kept[-1][1] == size:
            kept[-1] = (any_of(kept[-1][0], condition), size)
        else:
            kept.append((condition, size))
        if condition is TRUE:
            break
    if not kept:
        raise ValueError("a size in pieces needs a piece whose condition can hold")
    if len(kept) == 1:
        return kept[0][1]
    args: list[sympy.Basic] = []
    for condition, size in kept[:-1]:
        args += [encoded(condition), expression(size)]
    return Piecewise.raw(*args, expression(kept[-1][1]))
