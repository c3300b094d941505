"""The same size with its quotients rounded the other way, for sizes that two branches write differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import sympy

from convsym.sizes.arithmetic import (
    Size,
    add,
    exact_div,
    floor_div,
    multiply,
    normal,
    power,
    product,
    subtract,
    total,
)
from convsym.sizes.condition import divides, eq
from convsym.sizes.divisors import divisors
from convsym.sizes.polynomial import powers, sort_key, terms
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


def rounded_up(size: Size, domain: Domain, last: int | None = None) -> Size:
    """The size with every floor of the domain written as a ceiling, where the domain knows whether it comes out even.

    A quotient may have come about by several divisions. With `last` it is the last one of them, by that number, which is
    rounded up: H // 8 is (H // 4) // 2, and where H // 4 is even (H + 4) // 8.

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
        if not quotient.denominator.is_Integer or int(quotient.denominator) % (last or 1):
            continue
        numerator, divisor = normal(quotient.numerator), int(quotient.denominator)
        before = 1 if last is None else divisor // last
        is_even = domain.decide(divides(divisor // before, floor_div(numerator, before)))
        if is_even is not Truth.UNKNOWN:
            up = floor_div(add(numerator, divisor - before), divisor)
            ceilings[quotient] = sympy.sympify(up if is_even is Truth.YES else subtract(up, 1))
    return normal(size.xreplace(ceilings)) if ceilings else size


def last_divisions(sizes: Sequence[Size]) -> Iterator[int]:
    """What the quotients of some sizes may have been divided by last, after another division."""
    found = {
        int(quotient.denominator)
        for size in sizes
        if not isinstance(size, int)
        for quotient in size.atoms(FloorDiv)
        if quotient.denominator.is_Integer and quotient.denominator <= MOST_POINTS
    }
    yield from sorted({d for whole in found for d in divisors(whole) if 1 < d < whole})


def written_alike(sizes: Sequence[Size], domain: Domain) -> tuple[Size, ...]:
    """The same sizes, each quotient and symbol written as a multiple of a coarser quotient where the domain knows it to be.

    An image of windows has 49 (h // 7) (w // 7) pixels, and h w of them where 7 divides both, or 49 of ((h + 6) // 7) and
    so on: only of one spelling can it be seen that one size is N times the other.

    >>> from convsym.sizes.arithmetic import symbol
    >>> from convsym.sizes.domain import Domain
    >>> H = symbol("H")
    >>> written_alike((floor_div(H, 2), floor_div(H, 6)), Domain.positive(["H"]).assume(divides(6, H)))
    (3*(H//6), H//6)
    """
    open_sizes = [size for size in sizes if not isinstance(size, int)]
    quotients = sorted(
        {q for size in open_sizes for q in size.atoms(FloorDiv) if q.denominator.is_Integer},
        key=lambda q: (-int(q.denominator), sort_key(q)),
    )
    symbols = sorted({symbol for size in open_sizes for symbol in size.free_symbols}, key=str)
    by_coarser: dict[sympy.Expr, sympy.Expr] = {}
    for fine in (*quotients, *symbols):
        for coarse in quotients[: quotients.index(fine)] if fine in quotients else quotients:
            times, left = divmod(int(coarse.denominator), int(fine.denominator) if isinstance(fine, FloorDiv) else 1)
            multiple = multiply(times, normal(coarse))
            if not left and _rises_like(fine, coarse) and domain.decide(eq(normal(fine), multiple)) is Truth.YES:
                by_coarser[fine] = sympy.sympify(by_coarser.get(coarse, coarse)) * times
                break
    if not by_coarser:
        return tuple(sizes)
    # A symbol that is written by a quotient of it stays as it is inside of quotients.
    apart = {quotient: sympy.Dummy() for quotient in quotients}
    together = {apart[quotient]: by_coarser.get(quotient, quotient) for quotient in quotients}
    return tuple(
        size if isinstance(size, int) else normal(size.xreplace(apart).xreplace(by_coarser).xreplace(together))
        for size in sizes
    )


def whole_quotient(size: Size, divisor: Size, domain: Domain) -> Size | None:
    """How often a size holds another, where the domain knows that nothing is left over; None where it does not.

    >>> from convsym.sizes.arithmetic import symbol
    >>> from convsym.sizes.domain import Domain
    >>> H, W = symbol("H"), symbol("W")
    >>> whole_quotient(multiply(H, W), 8, Domain.positive(["H", "W"]).assume(divides(8, H)))
    W*(H//8)
    """
    found = exact_div(size, divisor)
    if found is not None:
        return found
    if not isinstance(divisor, int):
        return exact_div(*written_alike((size, divisor), domain))
    if isinstance(size, int) or divisor < 1:
        return None
    parts = [_divided_term(m, c, divisor, domain) for m, c in terms(size).items()]
    known = [part for part in parts if part is not None]
    return total(known) if len(known) == len(parts) else None


def _divided_term(monomial: sympy.Expr, coefficient: int, divisor: int, domain: Domain) -> Size | None:
    factors = powers(monomial)
    for atom, _ in factors:
        if domain.decide(divides(divisor, atom)) is Truth.YES:
            rest = [power(other, e - (other is atom)) for other, e in factors]
            return product([coefficient, floor_div(atom, divisor), *rest])
    return None


def _rises_like(fine: sympy.Expr, coarse: FloorDiv) -> bool:
    """Whether what is divided is the same but for a constant."""
    numerator = normal(fine.numerator) if isinstance(fine, FloorDiv) else normal(fine)
    return isinstance(subtract(numerator, normal(coarse.numerator)), int)
