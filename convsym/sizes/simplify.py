"""Sizes made shorter by what a domain knows."""

from __future__ import annotations

from itertools import product as combinations
from math import prod
from typing import TYPE_CHECKING

import sympy

from convsym.sizes.arithmetic import Unknown, add, maximum, minimum, multiply, power, product, total, unknown
from convsym.sizes.cases import Piecewise, piecewise
from convsym.sizes.condition import ge
from convsym.sizes.division import floor_div
from convsym.sizes.evaluate import Evaluation
from convsym.sizes.extremes import Extreme, Maximum
from convsym.sizes.polynomial import ONE, Size, SizeFunction, Terms, expression, powers, terms
from convsym.sizes.quotient import FloorDiv
from convsym.sizes.sums import collect, normal
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    from convsym.sizes.domain import Domain

#: Members are looked for among this many candidates.
MOST_CANDIDATES = 1500
#: Divisors looked for in what a domain says of a symbol.
_GREATEST_MODULUS = 1 << 16


def simplified(domain: Domain, size: Size) -> Size:
    """A size that is equal in the whole domain: pinned symbols as numbers, decided cases decided, and quotients
    taken where the domain says that they come out even."""
    if isinstance(size, int):
        return size
    low, high = domain.interval(size)
    if low is not None and low == high:
        return low
    first = Rewriting(domain, {}).of(size)
    if isinstance(first, int):
        return first
    steps = {
        s: known for s in first.free_symbols if (known := residue_class(domain, s))[0] > 1 and _in_quotient(first, s)
    }
    if not steps:
        return first
    replaced: dict[sympy.Symbol, tuple[Size, sympy.Symbol, int, int]] = {}
    for s, (modulus, rest) in steps.items():
        least = ((domain.interval(s)[0] or 0) - rest) // modulus
        count = unknown(f"{s.name} by {modulus}", least)
        replaced[s] = (add(multiply(modulus, count), rest), count, modulus, rest)
    inner = Rewriting(domain, {s: r[0] for s, r in replaced.items()}).of(first)
    outer = _back(inner, {count: (s, m, rest) for s, (_, count, m, rest) in replaced.items()})
    return min(first, outer, key=_length)


def settled(size: Size, domain: Domain) -> Size:
    """A size without the cases that the domain has ruled out since it was made.

    >>> from convsym.sizes.arithmetic import symbol
    >>> from convsym.sizes.condition import TRUE, eq
    >>> from convsym.sizes.domain import Domain
    >>> H = symbol("H")
    >>> settled(piecewise([(eq(H, 1), 0), (TRUE, H)]), Domain.positive(["H"]).assume(ge(H, 2)))
    H
    """
    if isinstance(size, int) or not size.has(Piecewise):
        return size
    return Rewriting(domain, {}).of(size)


def _length(size: Size) -> tuple[int, int, int, int]:
    """How long a size is to read: terms, functions, what stands inside them, and how often each is taken."""
    if isinstance(size, int):
        return (0, 0, 0, 0)
    found = terms(size)
    functions = [a for m in found for a, _ in powers(m) if isinstance(a, SizeFunction)]
    inside = sum(len(terms(a.args[0])) for a in functions if isinstance(a, FloorDiv))
    return (len(found), len(functions), inside, sum(abs(c) for c in found.values()) if functions else 0)


def _in_quotient(size: sympy.Expr, s: sympy.Symbol) -> bool:
    return any(s in f.free_symbols for f in size.atoms(SizeFunction))


class Rewriting:
    """Puts sizes in the place of symbols, and decides what the domain decides, from the inside out."""

    def __init__(self, domain: Domain, sizes: dict[sympy.Symbol, Size]):
        self._domain = domain
        self._sizes = sizes
        self._known: dict[sympy.Expr, Size] = {}
        self._sampled: dict[frozenset[sympy.Symbol], list[dict[str, int]]] = {}

    def of(self, size: Size) -> Size:
        """The size, rewritten."""
        if isinstance(size, int):
            return size
        atoms = [(c, powers(m)) for m, c in terms(size).items()]
        if all(self._atom(atom) is atom for _, factors in atoms for atom, _ in factors):
            return normal(size)
        return total(product([c, *(power(self._atom(atom), e) for atom, e in factors)]) for c, factors in atoms)

    def _atom(self, atom: sympy.Expr) -> Size:
        found = self._known.get(atom)
        if found is None:
            found = self._known[atom] = self._rewritten(atom)
        return found

    def _rewritten(self, atom: sympy.Expr) -> Size:
        low, high = self._domain.interval(atom)
        if low is not None and low == high:
            return low
        if atom.is_Symbol:
            return self._sizes.get(atom, atom)
        if isinstance(atom, FloorDiv):
            return floor_div(self.of(normal(atom.args[0])), self.of(normal(atom.args[1])))
        if isinstance(atom, Extreme):
            kept = self._undecided(atom)
            inner = [self.of(normal(arg)) for arg in kept]
            return maximum(*inner) if isinstance(atom, Maximum) else minimum(*inner)
        if isinstance(atom, Piecewise):
            pieces = [(c, self.of(s)) for c, s in atom.pieces if self._domain.decide(c) is not Truth.NO]
            first = next((i for i, (c, _) in enumerate(pieces) if self._domain.decide(c) is Truth.YES), None)
            pieces = pieces if first is None else pieces[: first + 1]
            if not self._sizes or len(pieces) == 1:
                return piecewise(pieces)
        if self._sizes:
            values = {s: expression(v) for s, v in self._sizes.items()}
            return normal(atom.xreplace(values))
        return atom

    def _undecided(self, extreme: Extreme) -> list[sympy.Expr]:
        """The arguments of a minimum or maximum without those that another one always beats."""
        kept = list(extreme.args)
        at = [Evaluation(member) for member in self._members(frozenset(extreme.free_symbols))]
        values = {arg: [extreme.sign * evaluation.value(arg) for evaluation in at] for arg in kept}
        for arg in extreme.args:
            for rival in kept:
                if rival is arg or any(theirs < own for own, theirs in zip(values[arg], values[rival], strict=True)):
                    # What does not hold at some members need not be asked of all.
                    continue
                beaten = ge(rival, arg) if extreme.sign > 0 else ge(arg, rival)
                if self._domain.decide(beaten) is Truth.YES:
                    kept.remove(arg)
                    break
        return kept

    def _members(self, named: frozenset[sympy.Symbol]) -> list[dict[str, int]]:
        """A few members of the domain, small and large, with sizes for these symbols too."""
        if named in self._sampled:
            return self._sampled[named]
        symbols = sorted({*self._domain.all_symbols(), *named}, key=str)
        axes: list[list[int]] = []
        for s in symbols:
            modulus, _ = residue_class(self._domain, s)
            low, high = self._domain.interval(s)
            steps = range(1) if low == high else (0, 1, 2, 7, 30, 200)
            axes.append([(low or 1) + modulus * step for step in steps])
        inside: list[dict[str, int]] = []
        if prod(map(len, axes)) <= MOST_CANDIDATES and not any(isinstance(s, Unknown) for s in symbols):
            names = [s.name for s in symbols]
            found = (dict(zip(names, sizes, strict=True)) for sizes in combinations(*axes))
            inside = [sizes for sizes in found if self._domain.contains(**sizes)]
        self._sampled[named] = inside[:: max(1, len(inside) // 24)]
        return self._sampled[named]


def residue_class(domain: Domain, s: sympy.Symbol) -> tuple[int, int]:
    """The greatest m, with r, such that the domain holds only values of the symbol that are r modulo m."""
    part = next((p for p in domain.components() if s in p.symbols), None)
    if part is None:
        return (1, 0)
    low, high = domain.interval(s)
    if low is None or low == high:
        return (1, 0)
    step = part.stride(s)
    if step <= 1 or step > _GREATEST_MODULUS:
        return (1, 0)
    return (step, low % step)


def _back(size: Size, counts: dict[sympy.Symbol, tuple[sympy.Symbol, int, int]]) -> Size:
    """The size with ``count = (s - rest) / modulus`` undone: by s itself where the coefficients allow, by the
    coarsest quotient of s where not."""
    parts: list[Size] = []
    shifted = {count: known for count, known in counts.items() if known[2]}
    exact = _shifted_back(size, shifted)
    for m, c in terms(exact).items():
        factors: list[Size] = []
        for atom, e in powers(m):
            if atom not in counts:
                replaced = {k: expression(floor_div(s, modulus)) for k, (s, modulus, _) in counts.items()}
                factors.append(power(normal(atom.xreplace(replaced)), e))
                continue
            s, modulus, _ = counts[atom]
            divisor = next(d for d in range(1, modulus + 1) if modulus % d == 0 and c % (modulus // d) ** e == 0)
            if atom in shifted:
                divisor = modulus
            c //= (modulus // divisor) ** e
            factors.append(power(floor_div(s, divisor), e))
        parts.append(product([c, *factors]))
    return total(parts)


def _shifted_back(size: Size, shifted: dict[sympy.Symbol, tuple[sympy.Symbol, int, int]]) -> Size:
    """With ``s`` instead of its count wherever the whole sum then has integer coefficients."""
    for count, (s, modulus, rest) in shifted.items():
        found = terms(size)
        degree = max((e for m in found for a, e in powers(m) if a is count), default=0)
        if not degree or any(
            count in a.free_symbols for m in found if m is not ONE for a, _ in powers(m) if a is not count
        ):
            continue
        scaled: Terms = {}
        for m, c in found.items():
            e = dict(powers(m)).get(count, 0) if m is not ONE else 0
            others = product([power(a, n) for a, n in powers(m) if a is not count])
            lifted = multiply(multiply(c * modulus ** (degree - e), others), power(add(s, -rest), e))
            for monomial, coefficient in terms(lifted).items():
                scaled[monomial] = scaled.get(monomial, 0) + coefficient
        if all(c % modulus**degree == 0 for c in scaled.values()):
            size = collect({m: c // modulus**degree for m, c in scaled.items()})
    return size
