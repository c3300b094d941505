"""Sums in normal form: with as few terms as the laws between quotients allow.

For every quotient over a plain integer there is a *mirror* with which it adds up to a polynomial,
``H//2 + (H + 1)//2 == H`` and ``H//4 + (3*H + 3)//4 == H``, and *siblings* with which it adds up to a coarser quotient,
``H//4 + (H + 2)//4 == H//2``. Sums are settled by these laws towards fewer terms, so that ``-((-H)//2)``, ``H - H//2``
and ``(H + 1)//2`` are one object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy

from convsym.sizes.polynomial import (
    ONE,
    TABLE_LIMIT,
    Size,
    Terms,
    accumulate,
    cleaned,
    expression,
    from_terms,
    monomial_quotient,
    multiplied,
    powers,
    terms,
    times,
)
from convsym.sizes.quotient import FloorDiv


@dataclass(frozen=True)
class Pair:
    """A monomial that together with this one adds up to ``whole``; ``preferred`` if nothing else decides."""

    partner: sympy.Expr
    whole: Mapping[sympy.Expr, int]
    preferred: bool


@dataclass(frozen=True)
class Family:
    """Three or more monomials, this one among them, that add up to ``whole``."""

    members: tuple[sympy.Expr, ...]
    whole: Mapping[sympy.Expr, int]


_laws: dict[sympy.Expr, tuple[tuple[Pair, ...], tuple[Family, ...]]] = {}

#: Siblings are looked for in threes, fives and sevens; twos are pairs.
_FAMILY_SIZES = (3, 5, 7)


def laws(monomial: sympy.Expr) -> tuple[tuple[Pair, ...], tuple[Family, ...]]:
    """All laws about a quotient in the monomial."""
    try:
        return _laws[monomial]
    except KeyError:
        pass
    pairs: list[Pair] = []
    families: list[Family] = []
    for atom, exponent in powers(monomial):
        if exponent != 1 or not isinstance(atom, FloorDiv) or not atom.args[1].is_Integer:
            continue
        rest = monomial_quotient(monomial, atom)
        assert rest is not None
        d = int(atom.args[1])
        for partner, whole in (*_mirror(atom, d), *_siblings(atom, d, 2)):
            pairs.append(Pair(times(rest, partner), multiplied({rest: 1}, whole), _comes_first(partner, atom)))
        for size in _FAMILY_SIZES:
            found = list(_siblings(atom, d, size))
            if found:
                members = (monomial, *(times(rest, sibling) for sibling, _ in found))
                families.append(Family(members, multiplied({rest: 1}, found[0][1])))
    if len(_laws) > TABLE_LIMIT:
        _laws.clear()
    answer = _laws[monomial] = (tuple(pairs), tuple(families))
    return answer


def _comes_first(quotient: sympy.Expr, other: sympy.Expr) -> bool:
    """Which of two quotients reads better: the one with smaller coefficients, then the smaller constant."""
    mine, theirs = (_weight(q.args[0]) for q in (quotient, other))
    if mine != theirs:
        return mine < theirs
    first: int = quotient.compare(other)
    return first < 0


def _weight(numerator: sympy.Expr) -> tuple[int, int]:
    found = terms(numerator)
    constant = found.get(ONE, 0)
    return (sum(found.values()) - constant, constant)


def _mirror(quotient: FloorDiv, d: int) -> Iterator[tuple[sympy.Expr, Terms]]:
    """``floor(x/d) + floor((-x + d - 1)/d) == 0``, the second with its multiples of d taken out."""
    from convsym.sizes.division import floor_div

    found = terms(quotient.args[0])
    mirrored = {m: d - c for m, c in found.items() if m is not ONE}
    whole = dict.fromkeys(mirrored, 1)
    if found.get(ONE, 0) != d - 1:
        mirrored[ONE] = d - 1 - found.get(ONE, 0)
    if not any(c == 1 and isinstance(m, FloorDiv) for m, c in mirrored.items()):
        yield FloorDiv.raw(expression(from_terms(mirrored)), quotient.args[1]), whole
        return
    # The mirror is a nested window, and collapses.
    collapsed = dict(terms(floor_div(from_terms(mirrored), d)))
    partner = next((m for m, c in collapsed.items() if c == 1 and isinstance(m, FloorDiv)), None)
    if partner is not None and partner is not quotient:
        del collapsed[partner]
        accumulate(whole, collapsed, -1)
        yield partner, cleaned(whole)


def _siblings(quotient: FloorDiv, d: int, size: int) -> Iterator[tuple[sympy.Expr, Terms]]:
    """``floor(x/m) == sum(floor((x + k*m)/d) for k in range(size))`` where ``d == size * m`` (Hermite); every other
    summand, with what all of them add up to."""
    m, left = divmod(d, size)
    if left or (size == 2 and m == 1 and len(terms(quotient.args[0])) <= 2):
        # With d == 2 and one symbol the sibling is the mirror.
        return
    from convsym.sizes.division import floor_div

    found = dict(terms(quotient.args[0]))
    constant = found.get(ONE, 0)
    whole = dict(terms(floor_div(quotient.args[0], m)))
    others = []
    for k in range(1, size):
        turns, found[ONE] = divmod(constant + k * m, d)
        others.append(FloorDiv.raw(expression(from_terms(found)), quotient.args[1]))
        whole[ONE] = whole.get(ONE, 0) - turns
    whole = cleaned(whole)
    for other in others:
        yield other, whole


def settle(found: Terms) -> Terms:
    """The same sum with as few terms as the laws give, then with as small coefficients."""
    while True:
        for monomial in _concerned(found):
            changed = _changed(found, monomial)
            if changed is not None:
                found = {**found, **changed}
                found = cleaned(found)
                break
        else:
            return found


def _concerned(found: Terms) -> list[sympy.Expr]:
    """The monomials that some law may connect with others in the sum: most sums have none."""
    if len(found) < 2 + (ONE in found):
        return []
    with_quotients = [(m, split) for m in found if m is not ONE and not m.is_Symbol and (split := quotients_in(m))]
    together: dict[sympy.Expr, int] = {}
    for _, split in with_quotients:
        for rest, _ in split:
            together[rest] = together.get(rest, 0) + 1
    return [
        m
        for m, split in with_quotients
        if any(together[rest] > 1 or any(w in found for w in whole) for rest, whole in split)
    ]


_split: dict[sympy.Expr, tuple[tuple[sympy.Expr, tuple[sympy.Expr, ...]], ...]] = {}


def quotients_in(monomial: sympy.Expr) -> tuple[tuple[sympy.Expr, tuple[sympy.Expr, ...]], ...]:
    """For every quotient factor: the other factors, and the monomials it adds up to with its mirror."""
    try:
        return _split[monomial]
    except KeyError:
        out = []
        for atom, exponent in powers(monomial):
            if exponent == 1 and isinstance(atom, FloorDiv) and atom.args[1].is_Integer:
                rest = monomial_quotient(monomial, atom)
                assert rest is not None
                out.append((rest, tuple(times(rest, m) for m in terms(atom.args[0]) if m is not ONE)))
        if len(_split) > TABLE_LIMIT:
            _split.clear()
        answer = _split[monomial] = tuple(out)
        return answer


def _changed(found: Terms, monomial: sympy.Expr) -> Terms | None:
    pairs, families = laws(monomial)
    for pair in pairs:
        changed = _paired(found, monomial, pair)
        if changed is not None:
            return changed
    for family in families:
        changed = _gathered(found, family)
        if changed is not None:
            return changed
    return None


def _paired(found: Terms, monomial: sympy.Expr, pair: Pair) -> Terms | None:
    """New coefficients if the quotient, or its partner, is better said by the other two."""
    here = found.get(monomial, 0)
    if not here:
        return None
    there = found.get(pair.partner, 0)
    if not there and not any(m in found for m in pair.whole):
        return None
    options = []
    for moved, rank in ((here, 0 if pair.preferred else 1), (there, 1 if pair.preferred else 0)):
        changed = {monomial: here - moved, pair.partner: there - moved}
        for m, c in pair.whole.items():
            changed[m] = changed.get(m, found.get(m, 0)) + moved * c
        kept = [c for c in changed.values() if c]
        options.append(((len(kept), sum(map(abs, kept)), rank), changed))
    best = min(options, key=lambda option: option[0])[1]
    return None if best[monomial] == here and best[pair.partner] == there else best


def _gathered(found: Terms, family: Family) -> Terms | None:
    """New coefficients if all members stand in the sum with the same sign."""
    each = [found.get(member, 0) for member in family.members]
    if min(each) > 0:
        shared = min(each)
    elif max(each) < 0:
        shared = max(each)
    else:
        return None
    changed = {member: c - shared for member, c in zip(family.members, each, strict=True)}
    for m, c in family.whole.items():
        changed[m] = changed.get(m, found.get(m, 0)) + shared * c
    return changed


def collect(found: Terms) -> Size:
    """The size in normal form with these coefficients."""
    return from_terms(settle(cleaned(found)))


_normal: dict[sympy.Expr, Size] = {}


def normal(expr: Size) -> Size:
    """Any expression over sizes in normal form: sums expanded, quotients settled, a constant as an int.

    Raises ``NotASize`` for what is no integer polynomial over sizes.
    """
    if isinstance(expr, int):
        return int(expr)
    found = _normal.get(expr)
    if found is None:
        found = collect(dict(terms(expr)))
        if len(_normal) > TABLE_LIMIT:
            _normal.clear()
        _normal[expr] = found
    return found
