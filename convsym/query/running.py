"""Whether a model runs at all sizes that a question speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.query.answers import Verdict
from convsym.query.question import Question, QuestionError
from convsym.query.reading import condition_in
from convsym.query.scope import Scope
from convsym.sizes.condition import negate
from convsym.sizes.truth import Truth

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


def runs(analysis: Analysis, question: Question) -> Verdict:
    """Whether the model runs at all sizes where the question's condition holds; if not, the smallest one where it does not.

    Raises QuestionError where there is no such size to ask about.
    """
    condition = condition_in(Scope(analysis, analysis.cases[0]), question.condition)
    asked = analysis.declared.assume(condition)
    domain = analysis.domain
    one = asked.smallest()
    if one is None:
        raise QuestionError(f"there is no input where {question.condition}")
    where = domain.exact
    if all(low == high for low, high in map(asked.interval, asked.all_symbols())):
        there = domain.contains(**one)
        return Verdict(question.asked, there, None if there else one, where=domain.exact)
    inside = domain.exact.as_condition() if domain.exact is not None else None
    if inside is not None and asked.decide(inside) is Truth.YES:
        return Verdict(question.asked, True, where=where)
    outside = asked.smallest(negate(inside)) if inside is not None else one
    if outside is None or (domain.unexplored and domain.contains(**outside)):
        return Verdict(question.asked, None, where=where, note="not proved for every size")
    return Verdict(question.asked, False, outside, where=where)
