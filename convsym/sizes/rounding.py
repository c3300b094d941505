"""The same size with its quotients rounded the other way, for sizes that two branches write differently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy

from convsym.sizes.arithmetic import Size, add, ceil_div, floor_div, normal, subtract
from convsym.sizes.condition import divides
from convsym.sizes.quotient import FloorDiv
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    from convsym.sizes.domain import Domain

MOST_POINTS = 64


def rounded(size: Size) -> Iterator[Size]:
    """The size with its quotient rounded at every other point: H // 4 as (H + 1) // 4, (H + 2) // 4, (H + 3) // 4.

    After these the same less one, which is what the size is where a branch has padded up to a multiple: of
    4 (H // 4) + 4 the last is 4 ((H + 3) // 4), four times the ceiling. Sizes with several quotients, or with a
    divisor beyond 64, give nothing.

    >>> from convsym.sizes.arithmetic import floor_div, symbol
    >>> [str(r) for r in rounded(floor_div(symbol("H"), 2))]
    ['(H + 1)//2', '(H + 1)//2 - 1']
    """
    if isinstance(size, int):
        return
    quotients = tuple(size.atoms(FloorDiv))
    if len(quotients) != 1 or not quotients[0].args[1].is_Integer or quotients[0].args[1] > MOST_POINTS:
        return
    numerator, divisor = normal(quotients[0].args[0]), int(quotients[0].args[1])
    for less in (0, 1):
        for shift in range(divisor - 1, 0, -1):
            made = subtract(floor_div(add(numerator, shift), divisor), less)
            yield normal(size.xreplace({quotients[0]: sympy.sympify(made)}))


def rounded_up(size: Size, domain: Domain) -> Size:
    """The size with every floor of the domain written as a ceiling, where the domain knows whether it comes out even.

    >>> from convsym.sizes.arithmetic import modulo, symbol
    >>> from convsym.sizes.condition import ne
    >>> from convsym.sizes.domain import Domain
    >>> H = symbol("H")
    >>> odd = Domain.positive(["H"]).assume(ne(modulo(H, 2), 0))
    >>> rounded_up(add(floor_div(H, 2), 1), odd)
    (H + 1)//2
    """
    if isinstance(size, int):
        return size
    ceilings: dict[sympy.Expr, sympy.Expr] = {}
    for quotient in size.atoms(FloorDiv):
        if not quotient.denominator.is_Integer:
            continue
        numerator, divisor = normal(quotient.numerator), int(quotient.denominator)
        is_even = domain.decide(divides(divisor, numerator))
        if is_even is not Truth.UNKNOWN:
            up = ceil_div(numerator, divisor)
            ceilings[quotient] = sympy.sympify(up if is_even is Truth.YES else subtract(up, 1))
    return normal(size.xreplace(ceilings)) if ceilings else size
