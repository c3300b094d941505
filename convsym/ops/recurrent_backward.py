"""What autograd keeps of recurrent layers, and what their gradients cost.

torch runs GRU and RNN step by step, and the gradients of each product cost what the product costs; that of the first
step for a state of zeros is not computed. LSTM does so in double precision and with projected states;
otherwise it runs in a fused kernel, which keeps memory of its own, whose size depends on the processor and which nobody
states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from convsym.graph.backward import Backward, Gradient, Saved, Tensors
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, multiply, product, subtract

#: Tensors of the size of a state that one step of a cell makes and keeps, besides its state and its gates.
_KEPT = {"LSTM": 1, "GRU": 3, "RNN": 0}
_WITHOUT_BIASES = 2  # weights for each direction of a layer
#: States that a step hands on to the next one.
_HANDED_ON = {"LSTM": 2, "GRU": 1, "RNN": 1}
#: How many states wide the tensor is in which a step keeps what comes of its products, where that is no state.
_GATES_KEPT = {"LSTM": 4, "GRU": 3, "RNN": 0}


@dataclass(frozen=True)
class Stack:
    """A stack of recurrent layers as it is run over a sequence.

    `hx` are the first states, if any are given. `weights` are those of each direction of each layer. `times` are the rows
    of all steps together, `rows` those of one step; `dropped` is whether something is dropped between the layers.
    """

    op: str
    input: Tensor
    hx: Tensors
    weights: Sequence[Sequence[Tensor]]
    times: Size
    rows: Size
    directions: int
    dropped: bool

    @property
    def is_fused(self) -> bool:
        """Whether one kernel runs each layer over all steps."""
        projects = any(w.rank != 1 for w in self.weights[0][2:])
        return self.op == "LSTM" and self.input.dtype != torch.float64 and not projects

    @property
    def state_sizes(self) -> tuple[Size, Size]:
        """The features of a state inside of a layer, and as it is returned, which a projection may make fewer."""
        _, w_hh, *others = self.weights[0]
        out = w_hh.shape[1]
        projected = [w for w in others if w.rank == 2]
        return (projected[0].shape[1] if projected else out), out

    @property
    def states(self) -> Sequence[Tensor]:
        """The first states: zeros, where none are given."""
        hidden, out = self.state_sizes
        sizes = (out, hidden)[: _HANDED_ON[self.op]]
        return self.hx or [self.input.with_shape(len(self.weights), self.rows, size) for size in sizes]

    def between(self, copies: int) -> list[Tensor]:
        """What is made for every layer but the first out of what the layer below it returned."""
        features = multiply(self.directions, self.weights[0][1].shape[1])
        boundaries = len(self.weights) // self.directions - 1
        return [self.input.with_shape(self.times, features) for _ in range(copies * boundaries)]


def of_layers(stack: Stack) -> Backward:
    """The backward of a stack of layers."""
    gradients: list[Gradient] = []
    below: tuple[Tensor, ...] = (stack.input,)
    for first in range(0, len(stack.weights), stack.directions):
        layer = stack.weights[first : first + stack.directions]
        gradients += [g for group in layer for g in _gradients(stack, group, below)]
        below += tuple(w for group in layer for w in group)
    saved = _kept_by_kernel(stack) if stack.is_fused else _kept_step_by_step(stack)
    return Backward(tuple(map(Saved, saved)), tuple(gradients), all_saved=not stack.is_fused)


def _gradients(stack: Stack, group: Sequence[Tensor], below: Tensors) -> list[Gradient]:
    w_ih, w_hh, *others = group
    times, rows = stack.times, stack.rows
    found = [
        Gradient((w_ih,), product((2, times, w_ih.numel))),
        Gradient(below, product((2, times, w_ih.numel))),
        Gradient((w_hh,), product((2, times, w_hh.numel))),
        Gradient((), product((2, subtract(times, rows), w_hh.numel))),
    ]
    if stack.hx:
        found.append(Gradient(stack.hx, product((2, rows, w_hh.numel))))
    for projection in (w for w in others if w.rank == 2):
        found += [Gradient(of, product((2, times, projection.numel))) for of in ((projection,), ())]
    return found


def _kept_step_by_step(stack: Stack) -> list[Tensor]:
    """What every step of every layer keeps: its gates, what comes between them, and the states for the step after it."""
    op, input, times, rows = stack.op, stack.input, stack.times, stack.rows
    hidden, out = stack.state_sizes
    # The products over all steps at once read rows that lie one after the other.
    read = input if input.strides is None else input.with_shape(*input.shape)
    kept = [read, *stack.states, *stack.between(2 if stack.dropped else 1)]
    made = multiply(_HANDED_ON[op] + _KEPT[op] + _GATES_KEPT[op], times)
    # The last states are handed on to no step. RNN keeps its own, since that is what came of the product, and of a
    # projected one what it was projected from is kept.
    unused = {"RNN": 0, "GRU": 1, "LSTM": 2 if hidden == out else 1}[op]
    kept += [input.with_shape(subtract(made, multiply(unused, rows)), hidden) for _ in stack.weights]
    if hidden != out:
        kept += [input.with_shape(subtract(times, rows), out) for _ in stack.weights]
    return kept


def _kept_by_kernel(stack: Stack) -> list[Tensor]:
    """What the fused kernel of LSTM keeps besides memory of its own: of every layer what it reads and what it returns."""
    input, times, rows = stack.input, stack.times, stack.rows
    hidden, _ = stack.state_sizes
    # Without a second direction, or something dropped, a layer reads what the one below it returned.
    kept = [input, *stack.states, *stack.between(2 if stack.dropped else stack.directions - 1)]
    for group in stack.weights:
        kept += [input.with_shape(count, hidden) for count in (times, rows, rows)]
        if len(group) == _WITHOUT_BIASES:
            # torch gives the kernel zeros of the shapes of the weights in their place.
            kept += [weight.with_shape(*weight.shape) for weight in group]
    return kept


def of_cell(op: str, input: Tensor, hx: Tensors, w_ih: Tensor, w_hh: Tensor, rows: Size, state: Tensor) -> Backward:
    """The backward of one step of one layer, which returns `state`."""
    hidden = w_hh.shape[1]
    gradients = [
        *(Gradient((operand,), product((2, rows, w_ih.numel))) for operand in (input, w_ih)),
        Gradient((w_hh,), product((2, rows, w_hh.numel))),
        *([Gradient(hx[:1], product((2, rows, w_hh.numel)))] if hx else []),
    ]
    kept: list[Tensor] = [input, *(hx or (input.with_shape(rows, hidden),))]
    if op == "RNN":
        kept.append(state)
    else:
        kept += [input.with_shape(rows, multiply(count, hidden)) for count in (_KEPT[op], _GATES_KEPT[op])]
    return Backward(tuple(map(Saved, kept)), tuple(gradients))
