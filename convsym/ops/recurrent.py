"""Recurrent layers: nn.RNN, nn.LSTM, nn.GRU, their cells, and the functions behind them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor, dtype_name
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.recurrent_backward import Stack, of_cell, of_layers
from convsym.ops.strides import view_of
from convsym.sizes.arithmetic import Size, add, exact_div, floor_div, multiply, product
from convsym.sizes.condition import FALSE, TRUE, all_of, eq, ge

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
Shape = tuple[Size, ...]


def recurrent(
    op: str,
    site: Site,
    input: Tensor,
    hx: Any,
    params: Any,
    has_biases: bool,
    num_layers: int,
    dropout: Any,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
) -> Outcome:
    """A stack of recurrent layers over `input` (steps, batch, features), (batch, steps, features) or (steps, features).

    The output has the hidden states of every step, both directions side by side; after it come the last states of all
    layers. FLOPs are two per weight, step and member of the batch, which is what torch's counter sees of GRU, RNN and
    LSTM in double precision; it counts nothing inside the fused CPU kernel that runs LSTM in single precision.
    """
    directions = 2 if bidirectional else 1
    per_direction = len(params) // (num_layers * directions)
    weights = [params[i : i + per_direction] for i in range(0, len(params), per_direction)]
    input_size, hidden_size = weights[0][0].shape[1], _hidden_size(op, weights[0][0])
    out_size = weights[0][1].shape[1]
    parameters = {
        "input_size": input_size,
        "hidden_size": hidden_size,
        "num_layers": num_layers,
        "bidirectional": bidirectional,
        "batch_first": batch_first,
    }
    if out_size != hidden_size:
        parameters["proj_size"] = out_size
    steps, batch = _steps(site, op, input, batch_first)
    _require_input(site, op, input, weights[0][0], input_size)
    site.require(
        "empty-sequence",
        ge(steps, 1),
        "{} needs a sequence of at least one step, but gets {}",
        op,
        steps,
        help="give it more steps",
    )
    rows: Shape = () if batch is None else (batch,)
    states = [(num_layers * directions, *rows, out_size)]
    if op == "LSTM":
        states.append((num_layers * directions, *rows, hidden_size))
    _require_states(site, op, input, hx, states)
    features = multiply(out_size, directions)
    output = input.with_shape(steps, *rows, features)
    if batch_first and batch is not None:
        strides = (features, multiply(batch, features), 1)
        output = view_of(output, (batch, steps, features), strides)
    times = product((steps, *rows))
    taps: Size = 0
    for group in weights:
        for weight in group:
            taps = add(taps, weight.numel if weight.rank == 2 else 0)
    work = product((times, len(weights), hidden_size, GATES[op]))
    cost = Cost(flops=product((2, times, taps)), elementwise=work)
    last = tuple(input.with_shape(*state) for state in states)
    given = () if hx is None else tuple(hx) if isinstance(hx, (tuple, list)) else (hx,)
    dropped = bool(train) and isinstance(dropout, (int, float)) and dropout > 0
    stack = Stack(op, input, given, weights, times, product(rows), directions, dropped)
    return Outcome((output, *last), cost, parameters, of_layers(stack))


def _hidden_size(op: str, weight: Tensor) -> Size:
    rows = weight.shape[0]
    exact = exact_div(rows, GATES[op])
    return floor_div(rows, GATES[op]) if exact is None else exact


def _steps(site: Site, op: str, input: Tensor, batch_first: bool) -> tuple[Size, Size | None]:
    """The steps of the sequence, and the size of the batch if there is one."""
    if not site.require(
        "input-rank",
        TRUE if input.rank in (2, 3) else FALSE,
        "{} takes input of 2 or 3 axes, but gets shape {}",
        op,
        input.shape,
        help="give it (batch, steps, features) with batch_first=True, (steps, batch, features), or (steps, features)",
    ):
        return site.unknown(1), site.unknown(1)
    if input.rank == 2:
        return input.shape[0], None
    batch, steps = input.shape[:2] if batch_first else input.shape[1::-1]
    return steps, batch


def _require_input(site: Site, op: str, input: Tensor, weight: Tensor, input_size: Size) -> None:
    features = input.shape[-1] if input.rank else 1
    site.require(
        "recurrent-features",
        eq(features, input_size),
        "{} expects {} features on the last axis, but gets {} (input of shape {})",
        op,
        input_size,
        features,
        input.shape,
        help="make input_size={2}, or move the features to the last axis",
    )
    site.require(
        "dtype-mismatch",
        TRUE if input.dtype == weight.dtype else FALSE,
        "{} has weights of dtype {}, but gets input of dtype {}",
        op,
        dtype_name(weight.dtype),
        dtype_name(input.dtype),
        help="convert the input with .to({1})",
    )


def _require_states(site: Site, op: str, input: Tensor, hx: Any, shapes: list[Shape]) -> None:
    if hx is None:
        return
    given = tuple(hx) if isinstance(hx, (tuple, list)) else (hx,)
    if not site.require(
        "recurrent-state",
        TRUE if len(given) == len(shapes) and all(isinstance(state, Tensor) for state in given) else FALSE,
        "{} takes {} tensors as its first state, but gets {}",
        op,
        str(len(shapes)),
        str(len(given)),
        help="give LSTM a pair (h_0, c_0), and GRU and RNN one tensor",
    ):
        return
    for name, state, shape in zip(("h_0", "c_0"), given, shapes, strict=False):
        fits = TRUE if state.rank == len(shape) else FALSE
        site.require(
            "recurrent-state",
            all_of(fits, *(eq(a, b) for a, b in zip(state.shape, shape, strict=False))),
            "{} expects {} of shape {}, but gets {}",
            op,
            name,
            shape,
            state.shape,
            help="make it (num_layers, batch, hidden_size), with twice as many layers if bidirectional",
        )
        site.require(
            "dtype-mismatch",
            TRUE if state.dtype == input.dtype else FALSE,
            "{} gets input of dtype {}, but {} of dtype {}",
            op,
            dtype_name(input.dtype),
            name,
            dtype_name(state.dtype),
            help="convert the state to the dtype of the input",
        )


def _layer(op: str, site: Site, *args: Any) -> Outcome:
    """What the module returns: the output, and the last state or pair of states."""
    made = recurrent(op, site, *args)
    output, *last = made.output
    return replace(made, output=(output, tuple(last) if op == "LSTM" else last[0]))


def _from_layer(module: Any, input: Any, hx: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    options = (module.num_layers, module.dropout, module.training, module.bidirectional, module.batch_first)
    return (input, hx, list(module._flat_weights), module.bias, *options), {}


def cell(
    op: str,
    site: Site,
    input: Tensor,
    hx: Any,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Outcome:
    """One step of a recurrent layer, `input` (batch, features) or (features): the next state, for LSTM a pair."""
    name = f"{op}Cell"
    hidden_size = _hidden_size(op, w_ih)
    parameters = {"input_size": w_ih.shape[1], "hidden_size": hidden_size}
    site.require(
        "input-rank",
        TRUE if input.rank in (1, 2) else FALSE,
        "{} takes input of 1 or 2 axes, but gets shape {}",
        name,
        input.shape,
        help="give it (batch, features), one step at a time",
    )
    _require_input(site, name, input, w_ih, w_ih.shape[1])
    shape = (*input.shape[:-1], hidden_size)
    count = 2 if op == "LSTM" else 1
    _require_states(site, name, input, hx, [shape] * count)
    state = input.with_shape(*shape)
    rows = product(input.shape[:-1])
    taps = add(w_ih.numel, w_hh.numel)
    cost = Cost(flops=product((2, rows, taps)), elementwise=product((rows, hidden_size, GATES[op])))
    given = () if hx is None else tuple(hx) if isinstance(hx, (tuple, list)) else (hx,)
    backward = of_cell(op, input, given, w_ih, w_hh, rows, state)
    return Outcome((state, input.with_shape(*shape)) if op == "LSTM" else state, cost, parameters, backward)


def _from_cell(module: Any, input: Any, hx: Any = None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, hx, module.weight_ih, module.weight_hh, module.bias_ih, module.bias_hh), {}


_LAYERS = (
    (nn.LSTM, "LSTM", (torch.lstm,)),
    (nn.GRU, "GRU", (torch.gru,)),
    (nn.RNN, "RNN", (torch.rnn_tanh, torch.rnn_relu)),
)
_CELLS = (
    (nn.LSTMCell, "LSTM", (torch.lstm_cell,)),
    (nn.GRUCell, "GRU", (torch.gru_cell,)),
    (nn.RNNCell, "RNN", (torch.rnn_tanh_cell, torch.rnn_relu_cell)),
)
RULES = (
    *(OpRule(op.lower(), partial(recurrent, op), functions) for _, op, functions in _LAYERS),
    *(OpRule(op.lower(), partial(_layer, op), (), {layer: _from_layer}) for layer, op, _ in _LAYERS),
    *(
        OpRule(f"{op.lower()}_cell", partial(cell, op), functions, {layer: _from_cell})
        for layer, op, functions in _CELLS
    ),
)
