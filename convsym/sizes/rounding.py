"""The same size with its quotients rounded the other way, for sizes that two branches write differently."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from convsym.sizes.arithmetic import Size, add, floor_div, normal, subtract
from convsym.sizes.quotient import FloorDiv

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
