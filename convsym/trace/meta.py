"""Operations without a rule: what torch's own meta kernels say of them, for all sizes.

A meta kernel branches on sizes like any other code. Each run says what comes out along the way that it took, and which
sizes go that way. Where other sizes go other ways with the same formula there is one answer; where they differ the
trace goes on in cases; where they are refused that is a requirement.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

import torch

from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.strides import strides_of
from convsym.sizes.arithmetic import Size, total
from convsym.sizes.arithmetic import unknown as unknown_size
from convsym.sizes.condition import Condition, all_of, any_of, eq, negate
from convsym.sizes.domain import Domain
from convsym.sizes.truth import Truth
from convsym.trace.errors import Unsupported
from convsym.trace.kernels import Answer, Question, ask

if TYPE_CHECKING:
    from convsym.trace.site import TracedSite

#: Ways through one kernel that are looked at before the trace goes on in cases.
MOST_WAYS = 48
_MOST_REMEMBERED = 256
_remembered: OrderedDict[Any, tuple[Question, Domain, Answer]] = OrderedDict()


def infer(site: TracedSite, func: Any, args: Any, kwargs: Any) -> tuple[Any, Cost]:
    """The output and the cost of a call of any torch function, by its meta kernel.

    Arguments have graph tensors for tensors, and sizes for numbers. FLOPs are what torch's counter counts; element-wise
    work is one per element of a new result.

    Raises what the kernel raises where it refuses every size, and Unsupported where torch cannot tell the shape.
    """
    question = Question(func, tuple(args), dict(kwargs))
    key = _key(question)
    known = _remembered.get(key) if key is not None else None
    if known is not None and known[1] is site.path.domain:
        answer = known[2]
    else:
        answer = _settled(site, question)
        if key is not None and not answer.drawn:
            _remembered[key] = (question, site.path.domain, answer)
            while len(_remembered) > _MOST_REMEMBERED:
                _remembered.popitem(last=False)
    if answer.drawn:
        answer = _ask(question, site.path.domain, _spread(site.path.domain), site.unknown)
    made = total(t.numel for t in _tensors(answer.output)) if answer.fresh else 0
    return answer.output, Cost(answer.flops, made)


def _settled(site: TracedSite, question: Question) -> Answer:
    """An answer that holds in the whole domain of the path, which may be narrowed for it."""
    for _ in range(MOST_WAYS):
        domain = site.path.domain
        answer = _ask(question, domain, _spread(domain))
        decided = domain.decide(answer.condition)
        if answer.refusal is not None:
            if decided is Truth.YES:
                raise answer.refusal
            _require_not(site, question, answer)
            continue
        if decided is Truth.YES or _everywhere(site, question, answer):
            return answer
        if answer.pinned:
            for size in answer.pinned:
                site.pin(size)
        elif site.holds(answer.condition):
            return answer
    raise Unsupported(f"{question.name} takes too many different ways for different sizes")


def _require_not(site: TracedSite, question: Question, refused: Answer) -> None:
    lines = str(refused.refusal).strip().splitlines() or ["no reason given"]
    site.require(
        "refused",
        negate(refused.condition),
        "{} refuses these sizes: {}",
        question.name,
        lines[0],
        help="check the sizes that it is given",
    )


def _everywhere(site: TracedSite, question: Question, answer: Answer) -> bool:
    """Whether sizes that go other ways through the kernel come to the same result; refused sizes are ruled out."""
    domain = site.path.domain
    rest = domain.assume(negate(answer.condition))
    for _ in range(MOST_WAYS):
        sample = rest.smallest()
        if sample is None:
            return rest.is_empty() is Truth.YES
        try:
            other = _ask(question, domain, sample)
        except Unsupported:
            return False
        if other.refusal is not None:
            _require_not(site, question, other)
        elif not _agree(rest.assume(other.condition), answer, other):
            return False
        rest = rest.assume(negate(other.condition))
        if rest.is_surely_empty:
            return True
    return False


def _agree(domain: Domain, a: Answer, b: Answer) -> bool:
    """Whether two answers are the same wherever the domain is."""
    conditions: list[Condition] = [eq(a.flops, b.flops)]
    if not _compare(a.output, b.output, conditions) or a.fresh != b.fresh:
        return False
    return all(domain.decide(condition) is Truth.YES for condition in conditions)


def _compare(a: Any, b: Any, conditions: list[Condition]) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a.rank != b.rank or a.dtype != b.dtype:
            return False
        conditions.extend(eq(s, t) for s, t in zip(a.shape, b.shape, strict=True))
        for size, s, t in zip(a.shape, strides_of(a), strides_of(b), strict=True):
            conditions.append(any_of(eq(s, t), eq(size, 1), eq(a.numel, 0)))
        return True
    if isinstance(a, (tuple, list)):
        if type(a) is not type(b) or len(a) != len(b):
            return False
        return all(_compare(x, y, conditions) for x, y in zip(a, b, strict=True))
    if hasattr(a, "free_symbols") or hasattr(b, "free_symbols"):
        conditions.append(eq(a, b))
        return True
    return bool(a == b)


def _spread(domain: Domain) -> dict[str, int]:
    """A member with large and different sizes, where the usual way through a kernel shows; else the smallest.

    Raises Unsupported where no member is known.
    """
    names = [str(s) for s in domain.all_symbols()]
    for scale in (32, 64, 16, 8, 4, 2):
        candidate = {name: scale * (7 + 2 * position) for position, name in enumerate(names)}
        if domain.contains(**candidate):
            return candidate
    for wanted in (5, 2):
        found = domain.smallest(all_of(*(negate(eq(s, n)) for s in domain.all_symbols() for n in range(wanted))))
        if found is not None:
            return found
    found = domain.smallest()
    if found is None:
        raise Unsupported("no size is known for which the forward gets here")
    return found


def _ask(
    question: Question, domain: Domain, sample: dict[str, int], draw: Callable[[int], Size] | None = None
) -> Answer:
    """Run the kernel at a sample; sizes that depend on data and are in no condition may be anything in it."""
    free = {s for s in question.symbols if str(s) not in sample}
    whole = {**sample, **{str(s): getattr(s, "minimum", 1) + 9 + i for i, s in enumerate(sorted(free, key=str))}}
    names = count()
    placeholder = draw or (lambda minimum: unknown_size(f"drawn{next(names)}", minimum))
    return ask(question, whole, lambda size: domain.interval(size)[0], placeholder)


def _tensors(output: Any) -> list[Tensor]:
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, (tuple, list)):
        return [t for part in output for t in _tensors(part)]
    return []


def _key(question: Question) -> Any:
    """What two calls with the same answer have in common, or None where that cannot be said."""
    try:
        key = (question.func, _frozen(question.args), _frozen(question.kwargs))
        hash(key)
    except TypeError:
        return None
    return key


def _frozen(value: Any) -> Any:
    if isinstance(value, Tensor):
        known = id(value) if isinstance(value.data, torch.Tensor) else None
        return (Tensor, value.shape, value.dtype, value.strides, known)
    if isinstance(value, (tuple, list)):
        return (type(value), *map(_frozen, value))
    if isinstance(value, dict):
        return (dict, *((k, _frozen(v)) for k, v in value.items()))
    if isinstance(value, slice):
        return (slice, value.start, value.stop, value.step)
    return (type(value), value)
