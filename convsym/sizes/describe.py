"""A domain in the words a person would use."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import islpy as isl
import sympy

from convsym.sizes.arithmetic import Unknown
from convsym.sizes.cases import substituted
from convsym.sizes.component import Component
from convsym.sizes.condition import TRUE, Combination, Condition, all_of
from convsym.sizes.lines import line_text, residues_of
from convsym.sizes.phrases import joined
from convsym.sizes.products import without_products
from convsym.sizes.residues import both, residues_text
from convsym.sizes.sets import Symbols, TooHard, condition_period, evenly, limited, positive
from convsym.sizes.truth import Truth
from convsym.sizes.words import Words

if TYPE_CHECKING:
    from convsym.sizes.domain import Domain

#: Beyond this length conditions may read better as they were assumed.
MOST_CHARACTERS = 60

#: More conditions than this are not held against each other.
MOST_WEIGHED = 12

#: A description may take longer than an answer.
OPERATIONS = 3_000_000


def described(domain: Domain) -> str:
    """The domain as conditions joined by ``and`` in the order of its symbols; ``every N, H >= 1``; ``nothing``."""
    if domain.is_surely_empty:
        return "nothing"
    if any(isinstance(s, Unknown) for s in domain.all_symbols()):
        # Of numbers that depend on data nothing is asked, so nothing is said.
        domain = type(domain).positive(domain.symbols).assume(domain.as_condition())
    order = {s: i for i, s in enumerate(domain.all_symbols())}
    texts: list[tuple[int, str]] = []
    for part in domain.components():
        try:
            with limited(OPERATIONS):
                pieces = [(piece.symbols, _component_text(piece, order)) for piece in _apart(part)]
        except TooHard:
            pieces = [(part.symbols, joined(_needed(tuple(dict.fromkeys(part.conditions)))))]
        for symbols, text in pieces:
            place = min(order[s] for s in symbols)
            if text:
                texts.append((place + (1000 if len(symbols) > 1 else 0), text))
    texts.sort(key=lambda item: item[0])
    found = [text for _, text in texts]
    if domain.residue:
        found.append(joined(domain.residue))
    if found:
        return both(*found)
    names = [s.name for s in domain.all_symbols()]
    return f"every {', '.join(names)} >= 1" if names else "everything"


def _apart(part: Component) -> list[Component]:
    """The component as parts over fewer symbols, where its set is their product."""
    if len(part.symbols) == 1:
        return [part]
    for place, s in enumerate(part.symbols):
        line = _projected(part.points, (place,))
        rest = _projected(part.points, tuple(i for i in range(len(part.symbols)) if i != place))
        if _glued(line, rest, place).is_equal(part.points):
            others = tuple(other for other in part.symbols if other is not s)
            # The set is a product, so each side is what the conditions say with any member of the other put in.
            first = Component((s,), line, _with_values(part.conditions, others, rest))
            second = Component(others, rest, _with_values(part.conditions, (s,), line))
            return [first, *_apart(second)]
    return [part]


def _with_values(conditions: tuple[Condition, ...], symbols: Symbols, points: isl.Set) -> tuple[Condition, ...]:
    member = points.sample_point()
    values = {s: member.get_coordinate_val(isl.dim_type.set, i).to_python() for i, s in enumerate(symbols)}
    return tuple(
        condition if condition.symbols.isdisjoint(symbols) else substituted(condition, values)
        for condition in conditions
    )


def _projected(points: isl.Set, places: tuple[int, ...]) -> isl.Set:
    for i in reversed(range(points.dim(isl.dim_type.set))):
        if i not in places:
            points = points.project_out(isl.dim_type.set, i, 1)
    return points.coalesce()


def _glued(line: isl.Set, rest: isl.Set, place: int) -> isl.Set:
    count = rest.dim(isl.dim_type.set)
    line = line.insert_dims(isl.dim_type.set, 0, place).insert_dims(isl.dim_type.set, place + 1, count - place)
    return line.intersect(rest.insert_dims(isl.dim_type.set, place, 1))


def _component_text(part: Component, order: dict[sympy.Symbol, int]) -> str:
    own = frozenset(part.symbols)
    assumed = tuple(c for c in dict.fromkeys(part.conditions) if c is not TRUE and c.symbols <= own)
    if len(part.symbols) == 1:
        found = line_text(part.symbols[0], part.points)
    else:
        found = _tied_text(part, assumed, order)
    if found is None or len(found) > MOST_CHARACTERS:
        found = min(filter(None, (found, joined(_needed(assumed)))), key=len)
    return found


def _needed(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions without those that follow from the others."""
    from convsym.sizes.domain import Domain

    kept = conditions
    for condition in conditions if len(conditions) <= MOST_WEIGHED else ():
        others = tuple(other for other in kept if other is not condition)
        if Domain.positive(()).assume(all_of(*others)).decide(condition) is Truth.YES:
            kept = others
    return kept


def _tied_text(part: Component, assumed: tuple[Condition, ...], order: dict[sympy.Symbol, int]) -> str | None:
    """What ties the symbols, as it was assumed, and what must be said of every symbol besides: all its values, or the
    remainders that they leave."""
    symbols = sorted(part.symbols, key=order.__getitem__)
    lines = {s: _projected(part.points, (part.symbols.index(s),)) for s in symbols}
    ties = [
        _Claim(1 if len(condition.symbols) > 1 else 0, condition, part.over(exact))
        for condition in assumed
        if (exact := without_products(condition)) is not None
    ]
    found = _said(part, [*_lines(part, lines), *ties], lines, order)
    if found is None or len(found) > MOST_CHARACTERS:
        modulus = reduce(math.lcm, (condition_period(tie.words) for tie in ties if isinstance(tie.words, Condition)), 1)
        shorter = _said(part, [*_remainders(part, lines, modulus), *ties], lines, order)
        found = min(filter(None, (found, shorter)), key=len, default=None)
    return found


@dataclass(frozen=True, eq=False)
class _Claim:
    """Something that holds in all of a component: its importance, its words or the condition it is, its set."""

    importance: int
    words: str | Condition
    points: isl.Set


def _lines(part: Component, lines: dict[sympy.Symbol, isl.Set]) -> Iterator[_Claim]:
    """Of each symbol all values that it has."""
    for s, line in lines.items():
        words = None if line.is_equal(positive((s,))) else line_text(s, line)
        if words:
            yield _Claim(2, words, _across(part, s, line))


def _remainders(part: Component, lines: dict[sympy.Symbol, isl.Set], modulus: int) -> Iterator[_Claim]:
    """Of each symbol the remainders that its values leave."""
    for s, line in lines.items():
        found = residues_of(line, modulus) if modulus > 1 else None
        if found is not None and len(found) < modulus:
            there = reduce(isl.Set.union, (evenly(modulus, rest, 0, None) for rest in found))
            yield _Claim(2, residues_text(s.name, *_least(found, modulus)), _across(part, s, there))


def _least(residues: list[int], modulus: int) -> tuple[list[int], int]:
    """The same remainders by the least modulus that tells them."""
    for prime in sympy.primefactors(modulus):
        while modulus % prime == 0:
            shorter = modulus // prime
            rests = sorted({r % shorter for r in residues})
            if len(rests) * prime != len(residues):
                break
            residues, modulus = rests, shorter
    return residues, modulus


def _across(part: Component, s: sympy.Symbol, line: isl.Set) -> isl.Set:
    place = part.symbols.index(s)
    return _glued(line, isl.Set.universe(part.points.project_out(isl.dim_type.set, place, 1).get_space()), place)


def _said(
    part: Component, claims: list[_Claim], lines: dict[sympy.Symbol, isl.Set], order: dict[sympy.Symbol, int]
) -> str | None:
    """As few of the claims as say all, in words; None where all of them together do not."""
    floor = positive(part.symbols)
    kept = claims
    # All claims hold in the component, so they say it where they hold nowhere else.
    if not _meet(floor, kept).is_subset(part.points):
        return None
    for _, claim in sorted(enumerate(claims), key=lambda item: (item[1].importance, -item[0])):
        fewer = [other for other in kept if other is not claim]
        if _meet(floor, fewer).is_subset(claim.points):
            kept = fewer
    texts = [claim.words for claim in kept if isinstance(claim.words, str)]
    rest = tuple(claim.words for claim in kept if isinstance(claim.words, Condition))
    plain = tuple(condition for condition in rest if not isinstance(condition, Combination))
    writer = Words(order, lines)
    return both(*texts, joined(plain), *(writer.of(condition) for condition in rest if condition not in plain))


def _meet(start: isl.Set, claims: list[_Claim]) -> isl.Set:
    for claim in claims:
        start = start.intersect(claim.points)
    return start
