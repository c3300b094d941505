"""Combined conditions in words, what they say of one symbol as short as its range in the domain allows."""

from __future__ import annotations

from functools import reduce

import islpy as isl
import sympy

from convsym.sizes.lines import line_text
from convsym.sizes.phrases import phrase
from convsym.sizes.relations import All, Any, Condition
from convsym.sizes.residues import both, has_or
from convsym.sizes.sets import is_presburger, isl_set, positive


class Words:
    """Writes conditions for members of a domain whose symbols run over the given lines.

    What a condition says of one symbol is only needed on that symbol's line: where ``H >= 29`` is said elsewhere,
    ``(H + 3)//32 != 1`` is ``H >= 61``.
    """

    def __init__(self, order: dict[sympy.Symbol, int], lines: dict[sympy.Symbol, isl.Set]):
        self._order = order
        self._lines = lines

    def of(self, condition: Condition) -> str:
        """The condition in words."""
        if isinstance(condition, (All, Any)):
            return self._combined(condition)
        return self._of_one(next(iter(condition.symbols)), (condition,), Any) or phrase(condition)

    def _combined(self, condition: All | Any) -> str:
        alone: dict[sympy.Symbol, list[Condition]] = {}
        texts: list[tuple[int, str]] = []
        for part in condition.parts:
            if len(part.symbols) == 1 and is_presburger(part):
                alone.setdefault(next(iter(part.symbols)), []).append(part)
            else:
                places = [self._order[s] for s in part.symbols]
                texts.append((len(self._order) + min(places), self.of(part)))
        for s, parts in alone.items():
            found = self._of_one(s, tuple(parts), type(condition))
            texts += [(self._order[s], found)] if found else [(self._order[s], phrase(part)) for part in parts]
        words = [text for _, text in sorted(texts, key=lambda item: item[0])]
        if isinstance(condition, All):
            return both(*words)
        return " or ".join(f"({text})" if " and " in text and not has_or(text) else text for text in words)

    def _of_one(self, s: sympy.Symbol, parts: tuple[Condition, ...], kind: type[Condition]) -> str | None:
        """The shortest words for conditions on one symbol alone; None where the conditions' own words are best."""
        if s not in self._lines or not all(part.symbols == {s} and is_presburger(part) for part in parts):
            return None
        join = isl.Set.union if kind is Any else isl.Set.intersect
        points = reduce(join, (isl_set(part, (s,)) for part in parts))
        options: list[str] = []
        for line in (positive((s,)), self._lines[s]):
            there = points.intersect(line).coalesce()
            if not there.is_empty() and not there.is_equal(line):
                found = line_text(s, there)
                options += [found] if found else []
        if len(parts) == 1:
            options.append(phrase(parts[0]))
        return min(options, key=len, default=None)
