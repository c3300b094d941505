"""Where a model does not run although the size was declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convsym.graph.place import Place
from convsym.graph.requirement import Requirement
from convsym.sizes.condition import Condition, all_of, eq, ge, le, negate
from convsym.sizes.domain import Domain
from convsym.trace.paths import Finding, Reason

if TYPE_CHECKING:
    from convsym.analysis.domain import ModelDomain
    from convsym.trace.explore import Refusal, Way

#: How many sizes that work are named beside one that does not.
NEAREST = 2


@dataclass(frozen=True)
class Shortfall:
    """Declared sizes at which a call is refused, though the model runs at others.

    `requirement` is what fails there, or `refusal` the exception that the forward raises instead; `witness` are the
    smallest declared sizes that fail, `holds` says for which declared sizes it does not, and `nearest` gives, each as
    the sizes that differ from the witness, the nearest ones at which the whole model runs.
    """

    witness: dict[str, int]
    holds: str
    nearest: tuple[dict[str, int], ...]
    place: Place | None
    definition: Place | None
    path: str
    requirement: Requirement | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class _Failure:
    """One thing that fails for some sizes of one way: where, and the sizes that come so far and fail."""

    what: Requirement | Refusal
    place: Place | None
    definition: Place | None
    path: str
    sizes: dict[str, int]
    condition: Condition = field(compare=False)

    @property
    def key(self) -> Any:
        # One line that fails in several loops or on several axes is one mistake.
        kind = self.what.kind if isinstance(self.what, Requirement) else self.what.error
        return kind, self.place, "" if self.place is not None else self.path


def shortfalls(
    ways: Sequence[Way], declared: Domain, spoken: frozenset[str], domain: ModelDomain
) -> tuple[Shortfall, ...]:
    """What fails inside the declared sizes, each mistake once, in the order in which the forward meets it.

    `spoken` are the names of the sizes that the declaration speaks of: a condition on others alone narrows the domain
    and contradicts nothing that was said.
    """
    found: dict[Any, list[_Failure]] = {}
    for way in ways:
        for failure in _failures(way, declared):
            if spoken & {s.name for s in failure.condition.symbols}:
                found.setdefault(failure.key, []).append(failure)
    return tuple(_summed_up(same, declared, domain) for same in found.values())


def _failures(way: Way, declared: Domain) -> Iterator[_Failure]:
    so_far = declared
    for assumption in way.domain.conditions[len(declared.conditions) :]:
        condition, reason = assumption.condition, assumption.reason
        if isinstance(reason, Reason) and reason.requirement is not None:
            sizes = so_far.smallest(negate(condition))
            if sizes is not None:
                yield _Failure(reason.requirement, reason.place, reason.definition, reason.path, sizes, condition)
        so_far = so_far.assume(condition)
    sizes = so_far.smallest() if way.findings or way.refusal else None
    if sizes is None:
        return
    left = negate(_added(way.domain, declared))
    for finding in way.findings:
        yield _of_finding(finding, sizes, left)
    if way.refusal is not None and way.refusal.supported:
        yield _Failure(way.refusal, way.refusal.place, None, way.refusal.path, sizes, left)


def _of_finding(finding: Finding, sizes: dict[str, int], left: Condition) -> _Failure:
    return _Failure(finding.requirement, finding.place, finding.definition, finding.path, sizes, left)


def _added(narrowed: Domain, declared: Domain) -> Condition:
    return all_of(*(a.condition for a in narrowed.conditions[len(declared.conditions) :]))


def _summed_up(same: list[_Failure], declared: Domain, domain: ModelDomain) -> Shortfall:
    first = min(same, key=lambda failure: sum(failure.sizes.values()))
    condition = all_of(*dict.fromkeys(failure.condition for failure in same))
    names = [name for name in first.sizes if name in {s.name for s in condition.symbols}]
    whole = domain.exact
    return Shortfall(
        witness=first.sizes,
        holds=declared.assume(condition).describe(),
        nearest=() if whole is None else nearest(whole, first.sizes, names),
        place=first.place,
        definition=first.definition,
        path=first.path,
        requirement=first.what if isinstance(first.what, Requirement) else None,
        refusal=None if isinstance(first.what, Requirement) else first.what,
    )


def nearest(domain: Domain, sizes: dict[str, int], names: Sequence[str]) -> tuple[dict[str, int], ...]:
    """Members of a domain near to sizes outside it: the next below and above along each of these names.

    Each is given as those sizes of these names that differ.
    """
    found: list[dict[str, int]] = []
    for name in names:
        own = next(s for s in domain.all_symbols() if s.name == name)
        for bound, end in ((le(own, sizes[name]), 1), (ge(own, sizes[name]), 0)):
            value = domain.assume(bound).interval(own)[end]
            if value is None:
                continue
            others = [eq(s, sizes[s.name]) for s in domain.all_symbols() if s is not own and s.name in sizes]
            there = domain.smallest(all_of(eq(own, value), *others)) or domain.smallest(eq(own, value))
            if there is not None:
                found.append({n: there[n] for n in names if there[n] != sizes[n]})
    distinct = [one for i, one in enumerate(found) if one and one not in found[:i]]
    return tuple(sorted(distinct, key=lambda one: sum(abs(v - sizes[n]) for n, v in one.items()))[:NEAREST])
