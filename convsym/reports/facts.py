"""What every report of an analysis says first: the totals, the valid sizes, and what limits them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convsym.reports.format import Report
from convsym.reports.formula import TERM, pieces
from convsym.reports.paths import shown_path
from convsym.reports.shapes import across, result_text, shape_text
from convsym.reports.units import count, memory
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Comparison
from convsym.sizes.extremes import candidates
from convsym.sizes.text import pretty

if TYPE_CHECKING:
    from convsym.analysis.receptive import Misaligned
    from convsym.analysis.result import Analysis
    from convsym.graph.place import Place


#: A formula with more terms is not written a second time where words say as much.
MOST_TERMS = 2

#: A maximum over more sums is not written out.
MOST_SUMS = 3


@dataclass(frozen=True)
class Fact:
    """One line of a summary: a formula or words, and its number at the sizes asked for ("" where there is none)."""

    label: str
    text: str
    number: str = ""
    is_formula: bool = False


def facts(report: Report) -> list[Fact]:
    """The totals of an analysis, in the order in which they are read."""
    return [*_shapes(report), *_totals(report), *_receptive_field(report.analysis)]


def _shapes(report: Report) -> Iterator[Fact]:
    analysis, at = report.analysis, report.at
    guessed = " (inferred from the first layers)" if analysis.inferred else ""
    for position, spec in enumerate(analysis.inputs):
        yield Fact("input" if position == 0 else "", f"{spec}{guessed}")
    if analysis.autocast:
        yield Fact("autocast", analysis.autocast)
    outputs = result_text(analysis.outputs) if analysis.cases else []
    numbers = iter([shape_text(shape) for shape in at.outputs] if at else [])
    tensors = _leaves_that_are_tensors(analysis)
    for position, (key, shown) in enumerate(outputs):
        formula = f"{key} {shown}" if key else shown
        yield Fact("output" if position == 0 else "", formula, next(numbers, "") if tensors[position] else "")
    yield Fact("runs for", analysis.domain.describe() if analysis.cases else "no size")


def _leaves_that_are_tensors(analysis: Analysis) -> list[bool]:
    from torch.utils import _pytree as pytree

    from convsym.graph.tensor import Tensor

    return [isinstance(leaf, Tensor) for leaf in pytree.tree_leaves(analysis.outputs)]


def _totals(report: Report) -> Iterator[Fact]:
    analysis, at = report.analysis, report.at
    least = "at least " if analysis.uncounted else ""
    yield Fact("parameters", pretty(analysis.parameters), count(at.parameters) if at else "", True)
    yield Fact("FLOPs", least + pretty(analysis.flops), least + count(at.flops, "FLOP") if at else "", True)
    macs = pretty(analysis.macs)
    half = len(pieces(macs, TERM)) > MOST_TERMS
    yield Fact("MACs", "half of the FLOPs" if half else least + macs, least + count(at.macs, "MAC") if at else "", True)
    if report.training:
        some = "at least " if analysis.uncounted or analysis.uncounted_backward else ""
        backward = some + count(at.backward_flops, "FLOP") if at else ""
        yield Fact("backward FLOPs", some + pretty(analysis.backward_flops), backward, True)
    yield Fact("element-wise", least + pretty(analysis.elementwise), least + count(at.elementwise) if at else "", True)
    yield Fact("activation bytes", pretty(analysis.activation_bytes), memory(at.activation_bytes) if at else "", True)
    if report.training:
        yield from _memory_of_training(report)
    else:
        yield _peak("peak bytes", "", analysis.peak_bytes, at.peak_bytes if at else None)


def _memory_of_training(report: Report) -> Iterator[Fact]:
    analysis, at = report.analysis, report.at
    least = "at least " if analysis.unsaved else ""
    saved = least + memory(at.saved_bytes) if at else ""
    yield Fact("saved bytes", least + pretty(analysis.saved_bytes), saved, True)
    yield Fact("gradient bytes", pretty(analysis.gradient_bytes), memory(at.gradient_bytes) if at else "", True)
    yield _peak("training peak", least, analysis.training_peak_bytes, at.training_peak_bytes if at else None)
    if report.optimizer is None:
        return
    with_copies = (report.optimizer, report.master_weights)
    state = analysis.optimizer_bytes(*with_copies)
    name = report.optimizer.name
    number = memory(at.optimizer_bytes(*with_copies)) if at else ""
    yield Fact(f"{name} and copies" if report.master_weights else name, pretty(state), number, True)
    whole = least + memory(at.training_bytes(*with_copies)) if at else ""
    yield Fact(f"peak with {name}", "the training peak and what the optimiser keeps", whole)


def _peak(label: str, least: str, size: Size, number: int | None) -> Fact:
    """A maximum; where it is over many calls, the formula says less than how many there are."""
    shown = "" if number is None else least + memory(number)
    sums = candidates(size)
    if sums > MOST_SUMS:
        return Fact(label, f"{least}the largest of {sums} sums", shown)
    return Fact(label, least + pretty(size), shown, True)


def _receptive_field(analysis: Analysis) -> Iterator[Fact]:
    fields = analysis.receptive_fields
    if not fields:
        return
    last = max(fields)
    axes = fields[last]
    text = f"{across([f.size for f in axes])} input pixels, one every {across([f.stride for f in axes])}"
    if any(f.smallest != f.size for f in axes):
        text += f", {across([f.smallest for f in axes])} along the shortest way"
    if any(f.sees_all for f in axes):
        text += ", and all of them through a pooling"
    where = next((c.path for c in analysis.calls if c.index == last), "")
    yield Fact("receptive field", f"{text}, after {where}" if where else text)


def notes(report: Report) -> list[str]:
    """Sentences about what limits the totals: cases, pinned sizes, operations that were not counted."""
    analysis = report.analysis
    found: list[str] = []
    if len(analysis.cases) > 1:
        found.append(f"The forward goes {len(analysis.cases)} ways, depending on the sizes:")
        found += [f"  {number}. {case.domain.describe()}" for number, case in enumerate(analysis.cases, 1)]
        found.append(f"The shapes and layers shown are those of way {_shown_case(report)}.")
    if not analysis.cases:
        found.append("The model runs for no size; the totals go as far as it could be followed.")
    if analysis.uncounted:
        found.append(f"Not counted: {', '.join(analysis.uncounted)}.")
    if report.training and analysis.uncounted_backward:
        found.append(f"FLOPs of the gradients are not known of {', '.join(analysis.uncounted_backward)}.")
    if report.training and analysis.unsaved:
        found.append(f"What autograd keeps is not known of {', '.join(analysis.unsaved)}.")
    if report.training and analysis.uneven:
        where = ", ".join(analysis.uneven)
        found.append(
            f"Results of {where} lie in memory otherwise at some sizes: there, memory is exact as numbers only."
        )
    ones = [str(one) for one in analysis.memory_exceptions if isinstance(one, Comparison)]
    if ones:
        found.append(f"Formulas of memory may be off where {' or '.join(ones)}; numbers at a size are not.")
    found += [_aside(one) for one in analysis.misaligned]
    shown = " ".join(fact.text for fact in facts(report))
    for name, place in _unknowns(analysis).items():
        if re.search(rf"\b{re.escape(name)}\b", shown):
            where = f"; it comes up at {_line(place)}" if place is not None else ""
            found.append(f"{name} does not follow from the sizes of the input{where}.")
    for pin in analysis.pins:
        where = f" at {_line(pin.place)}" if pin.place is not None else ""
        found.append(f"{pretty(pin.size)} is needed as a plain number{where}; explored there as {pin.value}.")
    return found


def _aside(found: Misaligned) -> str:
    """One join of grids that do not stand over each other."""
    where = f" at {_line(found.call.place)}" if found.call.place is not None else ""
    first, *others = zip(found.centres, found.strides, strict=True)
    other = next(each for each in others if each != first)
    if first[1] != other[1]:
        how = f"one has a pixel every {first[1]}, the other every {other[1]} input pixels"
    else:
        how = f"they stand {abs(first[0] - other[0])} input pixels aside of each other"
    return f"{found.call.op}{where} joins grids that are not aligned along spatial axis {found.axis}: {how}."


def _unknowns(analysis: Analysis) -> dict[str, Place | None]:
    return {str(size): place for way in analysis.ways for size, place in way.unknowns}


def _line(place: Place) -> str:
    return f"{shown_path(place.file)}:{place.line}"


def _shown_case(report: Report) -> int:
    cases = report.analysis.cases
    if report.at is not None:
        for number, case in enumerate(cases, 1):
            if case.domain.contains(**report.at.sizes):
                return number
    return 1
