"""nn.MultiheadAttention and nn.Transformer layers, traced inside, against torch without its fast path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import convsym


class Calls(nn.Module):
    """A model that calls one layer in some way."""

    def __init__(self, layer: nn.Module, function: Callable[..., Any]) -> None:
        super().__init__()
        self.layer = layer
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(self.layer, *inputs)


def agrees(layer: nn.Module, function: Callable[..., Any], *specs: str) -> None:
    specs = specs or ("N L 16",)
    model = Calls(layer, function).eval()
    analysis = convsym.analyze(model, *specs)
    assert [d for d in analysis.diagnostics if d.severity.value == "error"] == []
    for sizes in ({"N": 3, "L": 5, "S": 7}, {"N": 1, "L": 1, "S": 2}, {"N": 2, "L": 4, "S": 1}):
        shapes = [[sizes.get(word, 16) for word in spec.split()] for spec in specs]
        before = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
                output = model(*(torch.zeros(shape) for shape in shapes))
        finally:
            torch.backends.mha.set_fastpath_enabled(before)
        at = analysis.at(**{name: n for name, n in sizes.items() if any(name in spec.split() for spec in specs)})
        assert at.outputs == [tuple(output.shape)]
        assert at.flops == counter.get_total_flops()


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize(
    "options",
    [{}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"batch_first": False}],
    ids=str,
)
def test_self_attention(options: dict[str, bool], need_weights: bool) -> None:
    layer = nn.MultiheadAttention(16, 4, **{"batch_first": True, **options})
    agrees(layer, lambda m, x: m(x, x, x, need_weights=need_weights)[0])
    agrees(layer, lambda m, x: m(x, x, x, need_weights=need_weights)[0], "L 16")


def test_cross_attention() -> None:
    layer = nn.MultiheadAttention(16, 4, kdim=8, vdim=6, batch_first=True)
    agrees(layer, lambda m, x, y: m(x, y[..., :8], y[..., :6])[0], "N L 16", "N S 16")
    agrees(nn.MultiheadAttention(16, 2), lambda m, x: m(x, x * 2, x * 3)[1], "L 16")


def test_masks() -> None:
    layer = nn.MultiheadAttention(16, 4, batch_first=True)

    def causal(m: Any, x: torch.Tensor) -> Any:
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return m(x, x, x, attn_mask=mask, need_weights=False)[0]

    agrees(layer, causal)
    agrees(layer, lambda m, x: m(x, x, x, key_padding_mask=x[..., 0] > 0)[0])


@pytest.mark.parametrize("norm_first", [False, True])
def test_layers(norm_first: bool) -> None:
    options: dict[str, Any] = {"batch_first": True, "norm_first": norm_first}
    encoder = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(16, 4, 32, **options), 2, enable_nested_tensor=not norm_first
    )
    agrees(encoder, lambda m, x: m(x))
    agrees(encoder, lambda m, x: m(x, src_key_padding_mask=x[..., 0] > 0))
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 32, **options), 2)
    agrees(decoder, lambda m, x, y: m(x, y), "N L 16", "N S 16")


def test_the_whole_transformer() -> None:
    model = nn.Transformer(16, 4, 1, 1, 32, batch_first=True)
    agrees(model, lambda m, x, y: m(x, y), "N L 16", "N S 16")
