"""What a convention is, and a model counted by it beside convsym's own count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from convsym.graph.call import Call
from convsym.sizes.arithmetic import Size, multiply, subtract, total

SAME = "the same"
NOT_COUNTED = "not counted"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a tool counts for one call, in its own unit, and why that is another number than convsym's."""

    amount: Size
    why: str = SAME


@dataclass(frozen=True)
class Convention:
    """The rules by which one tool counts.

    `counts` says what the tool counts for a call; every tool here counts multiply-accumulates, whatever it calls them.
    `versions` are those the rules were read in. `unmodelled` are classes of modules that the tool has a formula of its
    own for that is not known here, so that a model with one of them is not counted as the tool would.
    """

    name: str
    versions: str
    title: str
    counts: Callable[[Call], Counted]
    unmodelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """All calls of one operation that a convention treats alike: convsym's MACs, the tool's, and why they differ."""

    op: str
    calls: int
    macs: Size
    theirs: Size
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model counted by a convention.

    `lines` are in the order in which the operations are first called, without those that neither side counts;
    `unmodelled` are the paths of modules that the tool would count in a way that is not known here.
    """

    convention: Convention
    total: Size
    lines: tuple[Line, ...]
    unmodelled: tuple[str, ...]

    @property
    def difference(self) -> Size:
        """How much more the tool counts than convsym does, in multiply-accumulates."""
        return subtract(self.total, total([line.macs for line in self.lines]))


def compare(calls: Sequence[Call], convention: Convention, kinds: Mapping[str, str]) -> Comparison:
    """The calls counted by a convention; `kinds` gives the class of each module by its path."""
    groups: dict[tuple[str, str], list[tuple[Call, Size]]] = {}
    for call in calls:
        counted = convention.counts(call)
        if counted.amount != 0 or call.cost.flops != 0:
            groups.setdefault((call.op, counted.why), []).append((call, counted.amount))
    lines = tuple(
        Line(
            op,
            len(group),
            total([call.cost.macs for call, _ in group]),
            total([amount for _, amount in group]),
            why,
        )
        for (op, why), group in groups.items()
    )
    unmodelled = tuple(path for path, kind in kinds.items() if kind in convention.unmodelled)
    return Comparison(convention, total([line.theirs for line in lines]), lines, unmodelled)


def per_element(amount: Size, times: int, of: str) -> Counted:
    """So many for each element of a tensor, which convsym has in element-wise work."""
    return Counted(multiply(times, amount), f"{times} per {of} element; element-wise here")
