"""What autograd keeps of recurrent layers, and what their gradients cost.

torch runs GRU and RNN step by step, and the gradients of each product cost what the product costs; that of the first
step for a state of zeros is not computed. LSTM in single precision runs in a fused kernel, whose own memory nobody states.
"""

from __future__ import annotations

from collections.abc import Sequence

from convsym.graph.backward import Backward, Gradient, Saved, Tensors
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, multiply, product, subtract

#: Tensors of the size of a state that one step of a cell makes and keeps, besides its state and its gates.
_KEPT = {"LSTM": 1, "GRU": 3, "RNN": 0}
#: How many states wide the tensor is in which a step keeps what comes of its products.
_GATES_KEPT = {"LSTM": 4, "GRU": 3, "RNN": 1}


def of_layers(
    op: str,
    input: Tensor,
    hx: Tensors,
    weights: Sequence[Sequence[Tensor]],
    times: Size,
    rows: Size,
    directions: int,
    dropped: bool,
    outputs: Tensors,
) -> Backward:
    """The backward of a stack of layers over `times` rows in all, `rows` of them in each step.

    `weights` are those of each direction of each layer; `dropped` is whether something is dropped between the layers.
    """
    gradients: list[Gradient] = []
    below: tuple[Tensor, ...] = (input,)
    for first in range(0, len(weights), directions):
        layer = weights[first : first + directions]
        gradients += [g for group in layer for g in _gradients(group, below, hx, times, rows)]
        below += tuple(w for group in layer for w in group)
    saved = _kept_by_layers(op, input, hx, weights, times, rows, directions, dropped, outputs)
    return Backward(tuple(map(Saved, saved)), tuple(gradients), all_saved=op != "LSTM")


def _gradients(group: Sequence[Tensor], below: Tensors, hx: Tensors, times: Size, rows: Size) -> list[Gradient]:
    w_ih, w_hh, *others = group
    found = [
        Gradient((w_ih,), product((2, times, w_ih.numel))),
        Gradient(below, product((2, times, w_ih.numel))),
        Gradient((w_hh,), product((2, times, w_hh.numel))),
        Gradient((), product((2, subtract(times, rows), w_hh.numel))),
    ]
    if hx:
        found.append(Gradient(hx, product((2, rows, w_hh.numel))))
    for projection in (w for w in others if w.rank == 2):
        found += [Gradient(of, product((2, times, projection.numel))) for of in ((projection,), ())]
    return found


def _kept_by_layers(
    op: str,
    input: Tensor,
    hx: Tensors,
    weights: Sequence[Sequence[Tensor]],
    times: Size,
    rows: Size,
    directions: int,
    dropped: bool,
    outputs: Tensors,
) -> list[Tensor]:
    hidden = weights[0][1].shape[1]
    # The products over all steps at once read rows that lie one after the other.
    read = input if input.strides is None else input.with_shape(*input.shape)
    zeros = input.with_shape(len(weights), rows, hidden)
    kept = [read, *(hx or (zeros,))]
    if op == "LSTM":
        return [*kept, *outputs]
    between = input.with_shape(times, multiply(directions, hidden))
    for _ in range(directions, len(weights), directions):
        kept += [between.with_shape(*between.shape) for _ in range(2 if dropped else 1)]
    # A state is kept for the step after it; RNN keeps every one, since it is what came of the product.
    states = times if op == "RNN" else multiply(1 + _KEPT[op] + _GATES_KEPT[op], times)
    width = states if op == "RNN" else subtract(states, rows)
    return [*kept, *(input.with_shape(width, hidden) for _ in weights)]


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
