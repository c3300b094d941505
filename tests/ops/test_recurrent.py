"""Recurrent layers and cells against eager torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.ops.oracle import agree, inferred

PATIENT = settings(deadline=None, max_examples=40)
SIZES = st.sampled_from([1, 2, 3])
LAYERS = [nn.LSTM, nn.GRU, nn.RNN]
CELLS = [nn.LSTMCell, nn.GRUCell, nn.RNNCell]


def judge(layer: nn.Module, *args: Any) -> None:
    """Single precision for shapes; double precision for FLOPs, where torch counts LSTM too."""
    agree(layer, *args, flops=False)
    in_double = [
        [a.double() for a in x]
        if isinstance(x, list)
        else tuple(a.double() for a in x)
        if isinstance(x, tuple)
        else x.double()
        for x in args
    ]
    agree(layer.double(), *in_double)


@pytest.mark.parametrize("kind", LAYERS)
@PATIENT
@given(st.data(), SIZES, SIZES, st.booleans(), st.booleans(), st.booleans(), st.integers(1, 2))
def test_layers(
    kind: Any, data: st.DataObject, steps: int, batch: int, bias: bool, first: bool, both: bool, layers: int
) -> None:
    options = {"bias": bias, "batch_first": first, "bidirectional": both}
    if kind is nn.LSTM and data.draw(st.booleans()):
        options["proj_size"] = 2
    layer = kind(3, 4, layers, **options)
    shape = data.draw(st.sampled_from([[steps, batch, 3], [steps, batch, 3], [steps, 3], [steps, batch, 2], [3]]))
    x = torch.ones(shape)
    judge(layer, x)
    rows = [batch if not first else steps] if len(shape) == 3 else []
    wrong = data.draw(st.sampled_from([0, 0, 0, 1]))
    count = layers * (2 if both else 1) + wrong
    h = torch.ones(count, *rows, options.get("proj_size", 4))
    judge(layer, x, (h, torch.ones(count, *rows, 4)) if kind is nn.LSTM else h)


@pytest.mark.parametrize("kind", CELLS)
@PATIENT
@given(st.data(), SIZES, st.booleans())
def test_cells(kind: Any, data: st.DataObject, batch: int, bias: bool) -> None:
    layer = kind(3, 4, bias=bias)
    shape = data.draw(st.sampled_from([[batch, 3], [3], [batch, 2], [batch, 1, 3]]))
    x = torch.ones(shape)
    judge(layer, x)
    h = torch.ones([*shape[:-1], data.draw(st.sampled_from([4, 4, 3]))])
    judge(layer, x, (h, h) if kind is nn.LSTMCell else h)


@pytest.mark.parametrize("kind", LAYERS)
def test_the_functions_behind_layers(kind: Any) -> None:
    layer = kind(3, 4, 2, bidirectional=True)
    function = {nn.LSTM: torch.lstm, nn.GRU: torch.gru, nn.RNN: torch.rnn_tanh}[kind]
    h = torch.ones(4, 2, 4)
    x = torch.ones(5, 2, 3)
    state = (h, h) if kind is nn.LSTM else h
    agree(function, x, state, [p.detach() for p in layer._flat_weights], True, 2, 0.0, False, True, False, flops=False)


def test_lstm_in_single_precision_costs_as_much_as_in_double() -> None:
    x = torch.ones(5, 2, 3)
    single, _ = inferred(nn.LSTM(3, 4), x)
    double, _ = inferred(nn.LSTM(3, 4).double(), x.double())
    assert single.cost == double.cost
