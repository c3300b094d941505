"""The parts of a forward that checkpoints set apart, one inside the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from convsym.graph.call import Call, Checkpoint
from convsym.graph.needed import Needed
from convsym.graph.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Region:
    """What a checkpoint computes: calls, and regions of the checkpoints inside of it, in their order."""

    checkpoint: Checkpoint
    parts: list[Call | Region] = field(default_factory=list)

    @property
    def calls(self) -> Iterator[Call]:
        """All calls inside, those of inner regions too."""
        for part in self.parts:
            if isinstance(part, Region):
                yield from part.calls
            else:
                yield part

    @property
    def first(self) -> Call:
        """The call that is made first."""
        return next(self.calls)

    def results(self, calls: Sequence[Call], outputs: Iterable[Tensor]) -> set[Tensor]:
        """What is computed inside and read by calls after it, or one of the outputs of the whole forward."""
        inside = list(self.calls)
        read = {t for call in calls[inside[-1].index + 1 :] for t in call.inputs}
        return {t for call in inside for t in call.outputs} & read.union(outputs)


Parts = Sequence[Call | Region]


def parts_of(calls: Iterable[Call]) -> Parts:
    """The calls of a forward that are inside of no checkpoint, and the regions of the outermost ones."""
    found: list[Call | Region] = []
    regions: dict[Checkpoint | None, list[Call | Region]] = {None: found}

    def inside(checkpoint: Checkpoint | None) -> list[Call | Region]:
        if checkpoint is not None and checkpoint not in regions:
            region = Region(checkpoint)
            inside(checkpoint.outer).append(region)
            regions[checkpoint] = region.parts
        return regions[checkpoint]

    for call in calls:
        inside(call.checkpoint).append(call)
    return found


def regions_in(parts: Parts) -> Iterator[Region]:
    """All regions among parts of a forward, an outer one before those inside of it."""
    for part in parts:
        if isinstance(part, Region):
            yield part
            yield from regions_in(part.parts)


def kept_among(parts: Parts, needed: Needed) -> Iterator[tuple[Call, tuple[Tensor, ...]]]:
    """What autograd keeps of parts of a forward as they are computed, by the calls that it keeps it of.

    Of a region these are the inputs of its checkpoint, kept by the first call inside.
    """
    for part in parts:
        if isinstance(part, Region):
            yield part.first, part.checkpoint.inputs if needed.enters(part.checkpoint) else ()
        else:
            yield part, kept_by(part, needed)


def kept_by(call: Call, needed: Needed) -> tuple[Tensor, ...]:
    """The tensors that one call keeps where it is inside of no checkpoint, or computed again."""
    backward = call.backward
    if backward is None or not any(map(needed.of, call.passes_to)):
        return ()
    return tuple(saved.tensor for saved in backward.saved if needed.any_of(saved.wanted_by))
