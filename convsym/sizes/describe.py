"""A domain in the words a person would use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import islpy as isl
import sympy

from convsym.sizes.arithmetic import Unknown
from convsym.sizes.component import Component
from convsym.sizes.condition import Condition
from convsym.sizes.lines import line_text
from convsym.sizes.phrases import joined
from convsym.sizes.products import without_products
from convsym.sizes.sets import positive

if TYPE_CHECKING:
    from convsym.sizes.domain import Domain

#: Conditions that were pieced together beyond this length read better as they were assumed.
MOST_CHARACTERS = 160


def described(domain: Domain) -> str:
    """The domain as conditions joined by ``and`` in the order of its symbols; ``every N, H >= 1``; ``nothing``."""
    if domain.is_surely_empty:
        return "nothing"
    order = {s: i for i, s in enumerate(domain.all_symbols())}
    texts: list[tuple[int, str]] = []
    for part in domain.components():
        for piece in _apart(part):
            place = min(order[s] for s in piece.symbols)
            text = _component_text(piece, order)
            if text:
                texts.append((place + (1000 if len(piece.symbols) > 1 else 0), text))
    texts.sort(key=lambda item: item[0])
    found = [text for _, text in texts]
    if domain.residue:
        found.append(joined(domain.residue))
    if len(found) > 1:
        found = [f"({text})" if _has_or(text) else text for text in found]
    if found:
        return " and ".join(found)
    names = [s.name for s in domain.all_symbols() if not isinstance(s, Unknown)]
    return f"every {', '.join(names)} >= 1" if names else "everything"


def _has_or(text: str) -> bool:
    depth = 0
    for i, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth and text.startswith(" or ", i):
            return True
    return False


def _apart(part: Component) -> list[Component]:
    """The component as parts over fewer symbols, where its set is their product."""
    if len(part.symbols) == 1:
        return [part]
    for place, s in enumerate(part.symbols):
        line = _projected(part.points, (place,))
        rest = _projected(part.points, tuple(i for i in range(len(part.symbols)) if i != place))
        if _glued(line, rest, place).is_equal(part.points):
            alone = Component((s,), line, part.conditions)
            others = tuple(other for other in part.symbols if other is not s)
            return [alone, *_apart(Component(others, rest, part.conditions))]
    return [part]


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
    if len(part.symbols) == 1:
        return line_text(part.symbols[0], part.points, part.conditions)
    return _tied_text(part, order)


def _tied_text(part: Component, order: dict[sympy.Symbol, int]) -> str:
    """What ties the symbols, as it was assumed, and what must be said of every symbol besides."""
    own = frozenset(part.symbols)
    tying = [c for c in dict.fromkeys(part.conditions) if c.symbols <= own]
    exact = {c: without_products(c) for c in tying}
    usable = [c for c in tying if exact[c] is not None]
    lines: list[tuple[sympy.Symbol, isl.Set]] = []
    for place, s in enumerate(part.symbols):
        line = _projected(part.points, (place,))
        if not line.is_equal(positive((s,))):
            lines.append((s, line))
    chosen: list[tuple[int, str, isl.Set]] = []
    for s, line in sorted(lines, key=lambda item: order[item[0]]):
        place = part.symbols.index(s)
        everything = isl.Set.universe(part.points.project_out(isl.dim_type.set, place, 1).get_space())
        chosen.append((2, line_text(s, line, part.conditions), _glued(line, everything, place)))
    for condition in usable:
        there = exact[condition]
        assert there is not None
        if len(condition.symbols) > 1:
            chosen.append((1, "", part.over(there)))
        else:
            chosen.append((0, "", part.over(there)))
    # What was said of one symbol alone is said by its line; it stays only if the lines do not suffice.
    conditions: list[Condition | None] = [None] * len(lines) + list(usable)
    floor = positive(part.symbols)
    kept = list(range(len(chosen)))
    for i in sorted(kept, key=lambda i: (chosen[i][0], -i)):
        without = [j for j in kept if j != i]
        if _meet(floor, [chosen[j][2] for j in without]).is_equal(part.points):
            kept = without
    if not _meet(floor, [chosen[j][2] for j in kept]).is_equal(part.points):
        return joined(tuple(tying))
    texts = [chosen[i][1] for i in kept if conditions[i] is None]
    rest = tuple(c for i in kept if (c := conditions[i]) is not None)
    if rest:
        texts.append(joined(rest))
    return " and ".join(f"({t})" if len(texts) > 1 and _has_or(t) else t for t in texts)


def _meet(start: isl.Set, sets: list[isl.Set]) -> isl.Set:
    for points in sets:
        start = start.intersect(points)
    return start

