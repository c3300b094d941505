"""Two products read out of one sum, their factors paired by symbols: ``H*W - 4*(H//2)*(W//2)`` pairs ``H`` with
``2*(H//2)`` and ``W`` with ``2*(W//2)``."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from convsym.sizes.arithmetic import multiply
from convsym.sizes.factors import factored
from convsym.sizes.irreducible import factorisation
from convsym.sizes.polynomial import ONE, Size, Terms, expression, from_terms, powers, terms
from convsym.sizes.quotient import FloorDiv


def splits(found: Terms) -> Iterator[tuple[Size, Size]]:
    """Ways to read a sum as ``left - right``."""
    positive = {m: c for m, c in found.items() if c > 0}
    yield from_terms(positive), from_terms({m: -c for m, c in found.items() if c < 0})
    plain = {m: c for m, c in found.items() if not any(isinstance(a, FloorDiv) for a, _ in powers(m))}
    yield from_terms(plain), from_terms({m: -c for m, c in found.items() if m not in plain})


def _factors(size: Size) -> tuple[int, list[sympy.Expr]] | None:
    if isinstance(size, int):
        return None
    found = terms(size)
    if ONE not in found:
        product = factored(size)
        return None if product is None or product.constant else (product.coefficient, list(product.factors))
    whole = factorisation(size)
    factors = [expression(factor) for factor, exponent in whole.factors for _ in range(exponent)]
    return (whole.content, factors) if len(factors) > 1 else None


def paired(left: Size, right: Size) -> list[tuple[Size, Size]] | None:
    """The factors of both sides paired by their symbols, the numbers shared out so that pairs grow alike."""
    a, b = _factors(left), _factors(right)
    if a is None or b is None or len(a[1]) != len(b[1]):
        return None
    rest = list(b[1])
    pairs: list[tuple[Size, Size]] = []
    left_number, right_number = a[0], b[0]
    for factor in a[1]:
        same = next((f for f in rest if f.free_symbols == factor.free_symbols), None)
        if same is None:
            return None
        rest.remove(same)
        slope, other = _slope(factor), _slope(same)
        if not slope or not other or ((slope / other).q != 1 and (other / slope).q != 1):
            return None
        ratio = slope / other
        if ratio.q == 1:
            pairs.append((factor, multiply(int(ratio), same)))
            right_number = sympy.Rational(right_number) / ratio
        else:
            pairs.append((multiply(int(1 / ratio), factor), same))
            left_number = sympy.Rational(left_number) * ratio
    return pairs if left_number == right_number else None


def _slope(size: Size) -> sympy.Rational:
    """How fast a size grows when all its symbols grow alike."""
    if isinstance(size, int) or size.is_Integer:
        return sympy.S.Zero
    if size.is_Symbol:
        return sympy.S.One
    if isinstance(size, FloorDiv):
        bottom = size.args[1]
        return _slope(size.args[0]) / int(bottom) if bottom.is_Integer else sympy.S.Zero
    return sum((c * _slope(m) for m, c in terms(size).items() if m is not size), start=sympy.S.Zero)
