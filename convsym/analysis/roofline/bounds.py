"""The roofline of each call: the longer of computing its FLOPs and moving its bytes, at the device's peaks.

See Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore Architectures",
2009.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from convsym.analysis.roofline.device import Device
from convsym.analysis.roofline.traffic import traffic
from convsym.graph.call import Call
from convsym.graph.tensor import dtype_name
from convsym.sizes.evaluate import evaluate


@dataclass(frozen=True, slots=True)
class Bound:
    """One call at one size: its FLOPs, the bytes it moves, the seconds it takes at least, and what sets them."""

    call: Call
    flops: int
    moved: int
    seconds: float
    limit: Literal["compute", "memory"]

    @property
    def intensity(self) -> float | None:
        """FLOPs for each byte moved; None where nothing is moved."""
        return self.flops / self.moved if self.moved else None


@dataclass(frozen=True, slots=True)
class TimeBounds:
    """All calls of one forward pass on a device; `unrated` are dtypes for which the device has no rate.

    FLOPs in an unrated dtype take no time here, so that the bound stays one.
    """

    device: Device
    calls: tuple[Bound, ...]
    unrated: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """The least time of all calls, one after the other."""
        return sum(bound.seconds for bound in self.calls)

    @property
    def flops(self) -> int:
        """The FLOPs of all calls."""
        return sum(bound.flops for bound in self.calls)

    @property
    def moved(self) -> int:
        """The bytes that all calls move."""
        return sum(bound.moved for bound in self.calls)


def time_bounds(calls: Sequence[Call], device: Device, sizes: Mapping[str, int]) -> TimeBounds:
    """The least time of each call at these sizes, for calls that move or compute anything.

    It holds for a direct computation of the FLOPs, with operands that come from the device's memory and results that go
    there, call by call. An algorithm that needs fewer multiplications, or one kernel for several calls, may take less.
    """
    found: list[Bound] = []
    unrated: dict[str, None] = {}
    for call in calls:
        flops, moved = evaluate(call.cost.flops, sizes), evaluate(traffic(call).moved, sizes)
        if not flops and not moved:
            continue
        rate = device.flops.get(dtype := dtype_name(call.output.dtype))
        if flops and rate is None:
            unrated[dtype] = None
        compute = flops / rate if rate else 0.0
        memory = moved / device.bandwidth
        found.append(Bound(call, flops, moved, max(compute, memory), "compute" if compute > memory else "memory"))
    return TimeBounds(device, tuple(found), tuple(unrated))
