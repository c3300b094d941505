"""What a model costs in all, and module by module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from convsym.graph.call import Call, Cost
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, floor_div, total


@dataclass(frozen=True, slots=True)
class ModuleTotal:
    """One module and everything inside it.

    `parameters` counts elements, a shared one once; `output` is what its last call returned. `backward_flops` are those
    of the gradients for the parameters, `activation_bytes` those of all results made inside.
    """

    path: str
    kind: str
    parameters: Size
    flops: Size
    elementwise: Size
    backward_flops: Size
    activation_bytes: Size
    calls: int
    output: Tensor | None

    @property
    def macs(self) -> Size:
        """Multiply-accumulates, half of `flops`."""
        return floor_div(self.flops, 2)


def total_cost(calls: Iterable[Call]) -> Cost:
    """The sum over all calls, built once."""
    costs = [call.cost for call in calls]
    return Cost(total([c.flops for c in costs]), total([c.elementwise for c in costs]))


def activation_bytes(calls: Iterable[Call]) -> Size:
    """Bytes of all results that are no views of their input, as if nothing were freed."""
    return total([t.bytes for call in calls for t in call.made])


def inside(calls: Iterable[Call], paths: Iterable[str]) -> dict[str, list[Call]]:
    """The calls made inside each module, by its path."""
    found: dict[str, list[Call]] = {path: [] for path in paths}
    for call in calls:
        path = call.path
        while True:
            if path in found:
                found[path].append(call)
            if not path:
                break
            path = path.rpartition(".")[0]
    return found


def by_module(
    calls: Sequence[Call],
    kinds: Mapping[str, str],
    parameters: Mapping[str, Size],
    gradients: Mapping[int, Size],
) -> dict[str, ModuleTotal]:
    """Totals for every module path, in the order of the module tree; the root is the empty path.

    `gradients` are the FLOPs of the backward pass by call.
    """
    within = inside(calls, kinds)
    made = {}
    for path, kind in kinds.items():
        cost = total_cost(within[path])
        last = within[path][-1] if within[path] else None
        made[path] = ModuleTotal(
            path=path,
            kind=kind,
            parameters=parameters[path],
            flops=cost.flops,
            elementwise=cost.elementwise,
            backward_flops=total([gradients.get(call.index, 0) for call in within[path]]),
            activation_bytes=activation_bytes(within[path]),
            calls=len(within[path]),
            output=last.output if last else None,
        )
    return made
