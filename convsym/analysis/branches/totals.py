"""What each module costs, where ways through modules were joined: the calls of every branch under its condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from convsym.analysis.branches.training import BranchedTraining, Shares
from convsym.analysis.totals import ModuleTotal, inside
from convsym.graph.call import Call
from convsym.sizes.arithmetic import Size


def with_every_branch(
    totals: Mapping[str, ModuleTotal], training: BranchedTraining, simplify: Callable[[Size], Size]
) -> dict[str, ModuleTotal]:
    """Totals of modules whose costs are those of the first branches, with the costs of all of them."""

    def flops(call: Call) -> Shares:
        return [(training.choices.under(call.index), call.cost.flops)]

    def elementwise(call: Call) -> Shares:
        return [(training.choices.under(call.index), call.cost.elementwise)]

    def summed(calls: Sequence[Call], shares: Callable[[Call], Shares]) -> Size:
        return simplify(training.sum_over(calls, shares))

    return {
        path: replace(
            totals[path],
            flops=summed(calls, flops),
            elementwise=summed(calls, elementwise),
            backward_flops=summed(calls, training.backward_flops_of),
            activation_bytes=summed(calls, training.activation_bytes_of),
        )
        for path, calls in inside(training.calls, totals).items()
    }
