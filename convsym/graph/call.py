"""One recorded operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from convsym.graph.backward import STOPS, Backward, Keeps
from convsym.graph.place import Place
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, add

_WEIGHTED = frozenset({"linear", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3))})


@dataclass(frozen=True, slots=True)
class Cost:
    """What one call computes.

    `flops` counts two per multiply-accumulate over the operations that torch.utils.flop_counter counts;
    `macs` is half of that; `elementwise` counts the results of every other arithmetic operation.
    """

    flops: Size = 0
    elementwise: Size = 0

    @property
    def macs(self) -> Size:
        """Multiply-accumulates: half of `flops`, which is even by construction."""
        from convsym.sizes.arithmetic import floor_div

        return floor_div(self.flops, 2)

    def __add__(self, other: Cost) -> Cost:
        return Cost(add(self.flops, other.flops), add(self.elementwise, other.elementwise))


FREE = Cost()


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A part of a forward of which autograd keeps only the `inputs`, and which the backward pass computes again.

    It `stops_early` once everything that is to be kept has been computed. Where it `is_reentrant` and none of its inputs
    needs a gradient, nothing inside has one. One that `is_selective` keeps some results of its own choice. `outer` is the
    checkpoint that it is inside of.
    """

    inputs: tuple[Tensor, ...]
    stops_early: bool
    is_reentrant: bool
    is_selective: bool = False
    outer: Checkpoint | None = None


@dataclass(frozen=True, eq=False)
class Call:
    """One operation as the forward pass makes it.

    `op` is the family ("conv2d"), `path` the qualified name of the innermost module, `place` the line of
    the call and `definition` the line where that module was made, where they are known. A layer's call has the name
    of its class as `module`, any other the name of what was called as `function` ("torch.nn.functional.relu"). `grad` is
    whether autograd was on. What the backward pass needs is `declared` by the rule for this call, or follows from how
    its family `keeps`. `checkpoint` is the innermost one that it is inside of.
    """

    index: int
    op: str
    path: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    parameters: Mapping[str, Any]
    cost: Cost
    place: Place | None
    definition: Place | None = None
    module: str = ""
    function: str = ""
    counted: bool = True
    grad: bool = True
    declared: Backward | None = None
    keeps: Keeps | None = None
    checkpoint: Checkpoint | None = None

    @cached_property
    def backward(self) -> Backward | None:
        """What the call leaves for the backward pass; None where that is not known."""
        if not self.grad:
            return STOPS
        if self.declared is not None:
            return self.declared
        return None if self.keeps is None else self.keeps(self.inputs, self.outputs)

    @property
    def passes_to(self) -> tuple[Tensor, ...]:
        """The operands that a gradient of the outputs passes to, where they need one."""
        backward = self.backward
        return self.inputs if backward is None or backward.through is None else backward.through

    @property
    def made(self) -> tuple[Tensor, ...]:
        """The outputs that have memory of their own: no views, nothing written in place."""
        given = {id(tensor.storage) for tensor in self.inputs}
        return tuple(t for t in self.outputs if t.base is None and id(t) not in given)

    @property
    def is_view(self) -> bool:
        """Whether the call makes no new memory."""
        return not self.made

    @property
    def declares_channels(self) -> bool:
        """Whether it is of a family whose weights say how many channels come in and go out."""
        return self.op in _WEIGHTED

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]

    @property
    def input(self) -> Tensor:
        """The first input."""
        return self.inputs[0]


@dataclass(frozen=True, slots=True, eq=False)
class LayerCall:
    """One call of a convolution, transposed convolution or linear module, subclasses too.

    `index` counts the earlier calls of the same module in the same forward pass.
    """

    path: str
    index: int
    input: Tensor
    output: Tensor
    module: str = field(default="")
