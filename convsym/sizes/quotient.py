"""Floor division with ONE normal form.

A quotient ``floor(n / d)`` is kept with every multiple of ``d`` taken out of ``n``, common factors cancelled, nested
quotients collapsed by ``floor((floor(x/a) + y) / c) == floor((x + a*y) / (a*c))``. For every quotient ``q`` over a
plain integer there is a *partner* ``p`` with ``q + p`` a polynomial: ``H//2 + (H + 1)//2 == H`` and
``H//4 + (3*H + 3)//4 == H``. Sums are settled by these laws towards fewer terms, so that ``-((-H)//2)``,
``H - H//2`` and ``(H + 1)//2`` are one object.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import TYPE_CHECKING

import sympy

from convsym.sizes.polynomial import (
    ONE,
    TABLE_LIMIT,
    Size,
    SizeFunction,
    Terms,
    accumulate,
    cleaned,
    divided,
    expression,
    from_terms,
    intern,
    monomial_of,
    monomial_quotient,
    multiplied,
    powers,
    sort_key,
    terms,
    times,
)

if TYPE_CHECKING:
    from convsym.sizes.bounds import Bounds, Interval

_quotients: dict[tuple[Size, Size], Size] = {}
_partners: dict[sympy.Expr, tuple[tuple[sympy.Expr, Mapping[sympy.Expr, int], bool], ...]] = {}


class FloorDiv(SizeFunction):
    """``numerator // denominator`` with Python's floor.

    >>> H = sympy.Symbol("H", integer=True, positive=True)
    >>> FloorDiv(FloorDiv(H + 1, 2) + 1, 2)
    (H + 3)//4
    """

    nargs = 2

    def __new__(cls, numerator: Size, denominator: Size) -> sympy.Expr:  # type: ignore[misc]
        top, bottom = sympy.sympify(numerator), sympy.sympify(denominator)
        if top.is_Number and bottom.is_Number:
            if not bottom:
                raise ZeroDivisionError("a size is divided by zero")
            return sympy.floor(top / bottom)
        return expression(floor_div(top, bottom))

    @property
    def numerator(self) -> sympy.Expr:
        return self.args[0]

    @property
    def denominator(self) -> sympy.Expr:
        return self.args[1]

    def value(self, *args: int) -> int:
        numerator, denominator = args
        return numerator // denominator

    def interval(self, bounds: Bounds) -> Interval:
        low, high = bounds.interval(self.args[0])
        least, most = bounds.interval(self.args[1])
        if least is None or least < 1:
            return (None, None)
        # The quotient is monotone in both, so its extremes lie where both are extreme.
        if low is not None:
            low = low // least if low < 0 else (0 if most is None else low // most)
        if high is not None:
            high = high // least if high >= 0 else (-1 if most is None else high // most)
        return (low, high)

    def _sympystr(self, printer: sympy.printing.str.StrPrinter) -> str:
        numerator, denominator = self.args
        left = printer._print(numerator)
        right = printer._print(denominator)
        # `a*b//c` groups as (a*b)//c, but a quotient inside the numerator's product would not stand out.
        if numerator.is_Add or numerator.is_Mul or left.startswith("-"):
            left = f"({left})"
        if not (denominator.is_Integer or denominator.is_Symbol):
            right = f"({right})"
        return f"{left}//{right}"

    def _latex(self, printer: sympy.printing.latex.LatexPrinter) -> str:
        numerator, denominator = self.args
        shown = as_ceiling(self)
        if shown is not None:
            return rf"\left\lceil \frac{{{printer._print(shown)}}}{{{printer._print(denominator)}}} \right\rceil"
        return rf"\left\lfloor \frac{{{printer._print(numerator)}}}{{{printer._print(denominator)}}} \right\rfloor"


def as_ceiling(quotient: FloorDiv) -> sympy.Expr | None:
    """The x for which the quotient is best read as ``ceil(x / d)``, None where the floor reads better."""
    numerator, denominator = quotient.args
    if not denominator.is_Integer:
        return None
    d = int(denominator)
    constant = terms(numerator).get(ONE, 0)
    if constant and constant > d // 2 or constant == d - 1:
        return expression(collect({**terms(numerator), ONE: constant - d + 1}))
    return None


def floor_div(numerator: Size, denominator: Size) -> Size:
    """``numerator // denominator`` in normal form; a zero denominator raises ZeroDivisionError."""
    if type(numerator) is int and type(denominator) is int:
        return numerator // denominator
    key = (numerator, denominator)
    try:
        return _quotients[key]
    except KeyError:
        pass
    if isinstance(denominator, sympy.Expr) and denominator.is_Integer:
        denominator = int(denominator)
    if isinstance(denominator, int):
        if denominator == 0:
            raise ZeroDivisionError("a size is divided by zero")
        top = dict(terms(numerator))
        if denominator < 0:
            top, denominator = {m: -c for m, c in top.items()}, -denominator
        found = collect(_over_integer(top, denominator))
    else:
        found = _over_polynomial(numerator, denominator)
    if len(_quotients) > TABLE_LIMIT:
        _quotients.clear()
    _quotients[key] = found
    return found


def ceil_div(numerator: Size, denominator: Size) -> Size:
    """The quotient rounded up; the same object as ``(numerator + denominator - 1) // denominator``."""
    if type(numerator) is int and type(denominator) is int:
        return -((-numerator) // denominator)
    if isinstance(denominator, int) and denominator > 0:
        raised = dict(terms(numerator))
        raised[ONE] = raised.get(ONE, 0) + denominator - 1
        return floor_div(from_terms(raised), denominator)
    negative = {m: -c for m, c in terms(numerator).items()}
    below = floor_div(from_terms(negative), denominator)
    return collect({m: -c for m, c in terms(below).items()})


def _over_integer(top: Terms, d: int) -> Terms:
    """``floor(top / d)`` for a positive d, as terms that are not settled yet."""
    whole: Terms = {}
    rest: Terms = {}
    common = d
    for monomial, coefficient in top.items():
        k, left = divmod(coefficient, d)
        if k:
            whole[monomial] = k
        if left:
            rest[monomial] = left
            if monomial is not ONE:
                common = gcd(common, left)
    if not rest or (len(rest) == 1 and ONE in rest):
        return whole
    if common > 1:
        # The constant loses its remainder here: floor((g*n + c) / (g*d)) == floor((n + floor(c/g)) / d).
        d //= common
        rest = {m: c // common for m, c in rest.items() if c // common}
        if d == 1:
            accumulate(whole, rest, 1)
            return cleaned(whole)
    inner = [
        m for m, c in rest.items() if isinstance(m, FloorDiv) and (c == 1 or (c == d - 1 and m.args[1].is_Integer))
    ]
    if inner:
        nested = min(inner, key=sort_key)
        numerator, by = terms(nested.args[0]), nested.args[1]
        outer = {m: c for m, c in rest.items() if m is not nested}
        if rest[nested] == 1:
            lifted = dict(numerator)
        else:
            accumulate(whole, {nested: 1}, 1)
            lifted = {m: -c for m, c in numerator.items()}
            lifted[ONE] = lifted.get(ONE, 0) + int(by) - 1
        accumulate(lifted, multiplied(outer, terms(by)), 1)
        lifted = dict(terms(collect(lifted)))
        if by.is_Integer:
            accumulate(whole, _over_integer(lifted, int(by) * d), 1)
        else:
            below = from_terms({m: d * c for m, c in terms(by).items()})
            accumulate(whole, terms(floor_div(from_terms(lifted), below)), 1)
        return cleaned(whole)
    accumulate(whole, {FloorDiv.raw(expression(from_terms(rest)), sympy.Integer(d)): 1}, 1)
    return cleaned(whole)


def _over_polynomial(numerator: Size, denominator: sympy.Expr) -> Size:
    """``floor(numerator / denominator)`` for a denominator with symbols in it."""
    top, bottom = dict(terms(numerator)), dict(terms(denominator))
    if set(bottom) <= {ONE}:
        return floor_div(numerator, bottom.get(ONE, 0))
    lead = min((m for m in bottom if m is not ONE), key=sort_key)
    if bottom[lead] < 0:
        top, bottom = {m: -c for m, c in top.items()}, {m: -c for m, c in bottom.items()}
    exact = divided(top, bottom)
    if exact is not None:
        return collect(exact)
    whole: Terms = {}
    if len(bottom) == 1:
        ((monomial, by),) = bottom.items()
        rest: Terms = {}
        for m, c in top.items():
            reduced = monomial_quotient(m, monomial)
            k, left = divmod(c, by)
            if reduced is not None and k:
                whole[reduced] = k
                if left:
                    rest[m] = left
            else:
                rest[m] = c
        top = rest
    top, bottom = _cancelled(top, bottom)
    if set(bottom) <= {ONE}:
        accumulate(whole, terms(floor_div(from_terms(top), bottom.get(ONE, 0))), 1)
        return collect(whole)
    if len(top) == 1 and _surely_positive(bottom):
        ((only, c),) = top.items()
        if c == 1 and isinstance(only, FloorDiv):
            below = collect(multiplied(terms(only.args[1]), bottom))
            accumulate(whole, terms(floor_div(only.args[0], below)), 1)
            return collect(whole)
    made = FloorDiv.raw(expression(from_terms(top)), expression(from_terms(bottom)))
    accumulate(whole, {made: 1}, 1)
    return collect(whole)


def _surely_positive(found: Mapping[sympy.Expr, int]) -> bool:
    return all(
        c > 0 and all(atom.is_Symbol and atom.is_positive for atom, _ in powers(m)) for m, c in found.items()
    )


def _cancelled(top: Terms, bottom: Terms) -> tuple[Terms, Terms]:
    """Both without their common factor. Where the factor is zero the division is undefined anyway."""
    if not top:
        return {}, {ONE: 1}
    number = 0
    shared: dict[sympy.Expr, int] | None = None
    for found in (top, bottom):
        for m, c in found.items():
            number = gcd(number, c)
            have = dict(powers(m))
            if shared is None:
                shared = have
            else:
                shared = {a: min(e, have[a]) for a, e in shared.items() if a in have}
    factor = {monomial_of((shared or {}).items()): number}
    if factor != {ONE: 1}:
        top, bottom = divided(top, factor) or {}, divided(bottom, factor) or {}
    if len(bottom) > 1:
        inverse = divided(bottom, top)
        if inverse is not None:
            return {ONE: 1}, inverse
        if len(top) > 1:
            return _without_common_polynomial(top, bottom)
    return top, bottom


def _without_common_polynomial(top: Terms, bottom: Terms) -> tuple[Terms, Terms]:
    atoms = sorted({a for found in (top, bottom) for m in found for a, _ in powers(m)}, key=sort_key)
    names = {atom: sympy.Dummy(f"x{i}") for i, atom in enumerate(atoms)}
    polynomials = [
        sympy.Poly(
            {tuple(dict(powers(m)).get(a, 0) for a in atoms): c for m, c in found.items()}, *names.values(), domain="ZZ"
        )
        for found in (top, bottom)
    ]
    common = polynomials[0].gcd(polynomials[1])
    if common.is_one or common.is_ground:
        return top, bottom
    reduced = [
        {monomial_of(zip(atoms, exponents, strict=True)): int(c) for exponents, c in p.quo(common).terms()}
        for p in polynomials
    ]
    lead = min((m for m in reduced[1]), key=sort_key)
    if reduced[1][lead] < 0:
        reduced = [{m: -c for m, c in found.items()} for found in reduced]
    return reduced[0], reduced[1]


def partners(monomial: sympy.Expr) -> tuple[tuple[sympy.Expr, Mapping[sympy.Expr, int], bool], ...]:
    """For every quotient in the monomial: the monomial with its partner instead, what both add up to, and whether
    the partner is the preferred of the two when nothing else decides."""
    try:
        return _partners[monomial]
    except KeyError:
        pass
    out = []
    for atom, exponent in powers(monomial):
        if exponent != 1 or not isinstance(atom, FloorDiv) or not atom.args[1].is_Integer:
            continue
        d = int(atom.args[1])
        found = terms(atom.args[0])
        mirrored = {m: d - c for m, c in found.items() if m is not ONE}
        whole = {m: 1 for m in mirrored}
        if found.get(ONE, 0) != d - 1:
            mirrored[ONE] = d - 1 - found.get(ONE, 0)
        partner = FloorDiv.raw(expression(from_terms(mirrored)), atom.args[1])
        others = monomial_quotient(monomial, atom)
        assert others is not None
        mine = (sum(found.values()) - found.get(ONE, 0), found.get(ONE, 0))
        theirs = (sum(mirrored.values()) - mirrored.get(ONE, 0), mirrored.get(ONE, 0))
        preferred = theirs < mine or (theirs == mine and sort_key(partner) < sort_key(atom))
        out.append((times(others, partner), multiplied({others: 1}, whole), preferred))
    if len(_partners) > TABLE_LIMIT:
        _partners.clear()
    _partners[monomial] = tuple(out)
    return _partners[monomial]


def settle(found: Terms) -> Terms:
    """The same sum with as few terms as the partner laws give, then as small coefficients."""
    waiting = [m for m in found if m is not ONE and not m.is_Symbol]
    while waiting:
        monomial = waiting.pop()
        for partner, together, preferred in partners(monomial):
            here = found.get(monomial, 0)
            if not here:
                break
            there = found.get(partner, 0)
            if not there and not any(m in found for m in together):
                continue
            # Eliminate this quotient, or its partner: of both forms the shorter stands.
            options = []
            for moved, rank in ((here, 0 if preferred else 1), (there, 1 if preferred else 0)):
                changed = {monomial: here - moved, partner: there - moved}
                for m, c in together.items():
                    changed[m] = changed.get(m, found.get(m, 0)) + moved * c
                kept = [c for c in changed.values() if c]
                options.append(((len(kept), sum(map(abs, kept)), rank), changed))
            best = min(options, key=lambda option: option[0])[1]
            if best[monomial] == here and best[partner] == there:
                continue
            found = dict(found)
            for m, c in best.items():
                if c:
                    found[m] = c
                    if m is not ONE and not m.is_Symbol:
                        waiting.append(m)
                else:
                    found.pop(m, None)
    return found


def collect(found: Terms) -> Size:
    """The size in normal form with these coefficients."""
    return from_terms(settle(cleaned(found)))


def normal(expr: Size) -> Size:
    """Any expression over sizes in normal form: sums expanded, quotients settled, a constant as an int.

    Raises ``NotASize`` for what is no integer polynomial over sizes.
    """
    if isinstance(expr, int):
        return int(expr)
    found = collect(dict(terms(expr)))
    return found if isinstance(found, int) else intern(found)
