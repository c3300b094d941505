"""What one call means for the backward pass: what autograd keeps for it, and what the gradients cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Condition

Tensors = tuple[Tensor, ...]


class Saved(NamedTuple):
    """A tensor that autograd keeps where one of the operands `wanted_by` needs a gradient; without any, where one does.

    What a call makes besides its results exists while it runs in inference too, unless it is `only_for_backward`.
    """

    tensor: Tensor
    wanted_by: Tensors = ()
    only_for_backward: bool = False


class Gradient(NamedTuple):
    """The FLOPs of a part of the backward pass, such as one matrix product, done where one of `of` needs a gradient.

    Without any, it is done where one of the operands does.
    """

    of: Tensors
    flops: Size


@dataclass(frozen=True, slots=True, eq=False)
class Backward:
    """What a call leaves for the backward pass.

    A gradient passes `through` to these operands: to all of them where it is None, to none of none (detach). `starts` is
    True where the results require one of their own.
    `shares` says that the gradients of the operands lie in the memory of the incoming one. `workspace` are tensors that a
    kernel makes for itself beside its result, one after the other where there are several groups of them; where the
    condition of `otherwise` holds, it makes those instead. `copied` are those of them that the gradients are computed on,
    if not all. `all_saved` and `all_gradients` say whether `saved` and `gradients` are all there are.
    """

    saved: tuple[Saved, ...] = ()
    gradients: tuple[Gradient, ...] = ()
    through: Tensors | None = None
    starts: bool = False
    shares: bool = False
    workspace: tuple[Tensors, ...] = ()
    otherwise: tuple[Condition, tuple[Tensors, ...]] | None = None
    copied: Tensors | None = None
    all_saved: bool = True
    all_gradients: bool = True

    @property
    def copies(self) -> Tensors:
        """What the gradients are computed on beside their operands: what the kernel made, each of it once."""
        made = (t for group in self.workspace for t in group) if self.copied is None else self.copied
        return tuple(dict.fromkeys(made))

    def exchanged(self, tensors: Mapping[Tensor, Tensor]) -> Backward:
        """The same, with other tensors in the place of those that it keeps."""
        return replace(self, saved=tuple(s._replace(tensor=tensors.get(s.tensor, s.tensor)) for s in self.saved))


NOTHING = Backward()
SHARED = Backward(shares=True)
STOPS = Backward(through=())
STARTS = Backward(starts=True)

#: How a family keeps tensors where its rule does not say it call by call: from the inputs and outputs of the call.
Keeps = Callable[[Tensors, Tensors], Backward]


def keeps_nothing(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient follows from the incoming one alone: sums, copies, views."""
    return NOTHING


def passes_on(inputs: Tensors, outputs: Tensors) -> Backward:
    """The incoming gradient itself is that of the operands, or a part of it: sums of two, views, joined tensors."""
    return SHARED


def of_first(keeps: Keeps) -> Keeps:
    """The same for an operand whose companions only say which shape or dtype is wanted."""
    return lambda inputs, outputs: replace(keeps(inputs, outputs), through=inputs[:1])


def keeps_input(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient is computed from the operand."""
    return Backward((Saved(inputs[0]),))


def keeps_result(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient is computed from the result."""
    return Backward((Saved(outputs[0]),))


def keeps_copy_of_result(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient is computed from an intermediate of the result's shape."""
    return Backward((Saved(outputs[0].with_shape(*outputs[0].shape)),))


def keeps_results(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient is computed from all results."""
    return Backward(tuple(map(Saved, outputs)))


def keeps_both(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient is computed from the operand and the result."""
    return Backward((Saved(inputs[0]), Saved(outputs[0])))


def keeps_all(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient is computed from all operands."""
    return Backward(tuple(map(Saved, inputs)))


def keeps_everything(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient is computed from all operands and results."""
    return keeps_all((*inputs, *outputs), ())


def keeps_others(inputs: Tensors, outputs: Tensors) -> Backward:
    """The gradient of each of two operands is computed from the other: products. Numbers are not kept as tensors."""
    if len(inputs) != 2:
        return NOTHING
    a, b = inputs
    return Backward((Saved(a, (b,)), Saved(b, (a,))))


def keeps_quotient(inputs: Tensors, outputs: Tensors) -> Backward:
    """The divisor always, what is divided only for the divisor's own gradient."""
    if len(inputs) != 2:
        return NOTHING
    a, b = inputs
    return Backward((Saved(a, (b,)), Saved(b)))


def keeps_power(inputs: Tensors, outputs: Tensors) -> Backward:
    """The base; with an exponent that is a tensor, all three."""
    return keeps_input(inputs, outputs) if len(inputs) == 1 else keeps_everything(inputs, outputs)


def keeps_positions(inputs: Tensors, outputs: Tensors) -> Backward:
    """Only what picks or masks is kept: operands and results that are no floating-point numbers."""
    return Backward(tuple(Saved(t) for t in (*inputs, *outputs) if not _is_number(t)))


def _is_number(tensor: Tensor) -> bool:
    return tensor.dtype.is_floating_point or tensor.dtype.is_complex


def written(keeps: Keeps) -> Keeps:
    """The in-place form: where the gradient needs what is overwritten, autograd copies it first."""

    def kept(inputs: Tensors, outputs: Tensors) -> Backward:
        made = keeps(inputs, outputs)
        target = inputs[0]
        saved = (
            s._replace(tensor=target.with_shape(*target.shape), only_for_backward=True) if s.tensor is target else s
            for s in made.saved
        )
        return replace(made, saved=tuple(saved))

    return kept


def stops(inputs: Tensors, outputs: Tensors) -> Backward:
    """No gradient passes."""
    return STOPS


def of_product(a: Tensor, b: Tensor, flops: Size, left: Tensor | None = None, right: Tensor | None = None) -> Backward:
    """The backward of a product of `a` and `b`, linear in both.

    Each gradient costs what the product costs, and is computed from the other operand. Where the product reads copies of
    what it was given, `left` and `right` are the operands themselves.
    """
    left, right = a if left is None else left, b if right is None else right
    saved = (Saved(a, (right,)), Saved(b, (left,)))
    return Backward(saved, (Gradient((left,), flops), Gradient((right,), flops)))
