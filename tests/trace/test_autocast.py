"""Regions of torch.autocast in and around a forward, against torch on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils import _pytree as pytree
from torch.utils.checkpoint import checkpoint

import convsym
from convsym.analysis.roofline import Device, time_bounds
from convsym.graph.tensor import Tensor
from convsym.trace.autocast import Region, inside
from convsym.trace.errors import BadInput
from tests.analysis.peaks import inference_peak, training_peak
from tests.analysis.training import flops_of_both_passes, saved_bytes

Forward = Callable[["Two", torch.Tensor], Any]


class _Exp(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return grad * ctx.saved_tensors[0].exp()


class Two(nn.Module):
    """Two layers, called as a function says."""

    def __init__(self, call: Forward) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.call = call

    def forward(self, x: torch.Tensor) -> Any:
        return self.call(self, x)


class Around(nn.Module):
    """A model whose forward runs in a region."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: torch.Tensor) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.model(*inputs)


def _leaving(model: Two, x: torch.Tensor) -> Any:
    x = model.a(x)
    with torch.autocast(x.device.type, enabled=False):
        return model.b(x.float()) + model.a(x.float())


def _entering(model: Two, x: torch.Tensor) -> Any:
    y = model.a(x)
    with torch.amp.autocast("cpu", dtype=torch.bfloat16):
        z = model.b(y)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return z, model.b(y)


@torch.autocast("cpu", dtype=torch.bfloat16)
def _decorated(model: Two, x: torch.Tensor) -> Any:
    return model.b(model.a(x))


def _without_gradients(model: Two, x: torch.Tensor) -> Any:
    with torch.no_grad():
        y = model.a(x)
    return model.b(y) + model.a(x)


def _without_keeping(model: Two, x: torch.Tensor) -> Any:
    with torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=False):
        return model.a(model.a(x))


FORWARDS: dict[str, Forward] = {
    "a shared layer": lambda m, x: m.a(m.a(m.b(x))),
    "left inside": _leaving,
    "entered inside": _entering,
    "a decorator": _decorated,
    "no gradients": _without_gradients,
    "nothing kept": _without_keeping,
    "views of a parameter": lambda m, x: F.linear(x, m.a.weight.t()) + x @ m.a.weight[:, :8] + x @ m.a.weight,
    "a function of its own": lambda m, x: m.b(_Exp.apply(m.a(x))),
    "a checkpoint": lambda m, x: m.a(checkpoint(m.b, m.a(x), use_reentrant=False)),
    "a loss": lambda m, x: F.mse_loss(m.a(x), m.b(x)),
    "the state": lambda m, x: (
        x * torch.is_autocast_enabled("cpu") + torch.zeros((), dtype=torch.get_autocast_dtype("cpu"))
    ),
}


def _dtypes(output: Any) -> list[torch.dtype]:
    return [leaf.dtype for leaf in pytree.tree_leaves(output) if isinstance(leaf, (torch.Tensor, Tensor))]


@pytest.mark.parametrize("is_enabled", [True, False])
@pytest.mark.parametrize("name", FORWARDS)
def test_a_forward_is_cast_as_torch_casts_it(name: str, is_enabled: bool) -> None:
    model, x = Two(FORWARDS[name]).train(), torch.rand(6, 8)
    analysis = convsym.analyze(model, "N 8", autocast="bfloat16" if is_enabled else None)
    at, real = analysis.at(N=6), Around(model) if is_enabled else model
    assert _dtypes(analysis.outputs) == _dtypes(real(x))
    assert at.saved_bytes == saved_bytes(real, x)
    if name != "the state":
        assert (at.flops, at.backward_flops) == flops_of_both_passes(real, x)


def test_of_frozen_parameters_no_copy_is_kept_for_the_next_call() -> None:
    model, x = Two(lambda m, x: m.a(m.b(m.a(x)))), torch.rand(6, 8)
    model.a.requires_grad_(False)
    analysis, real = convsym.analyze(model, "N 8", autocast=torch.bfloat16), Around(model)
    assert [call.op for call in analysis.calls].count("to") == 7
    assert analysis.at(N=6).saved_bytes == saved_bytes(real, x)
    assert analysis.at(N=6).peak_bytes == inference_peak(real, x)


def test_gradients_have_the_dtype_of_the_parameters() -> None:
    assert convsym.analyze(nn.Linear(8, 4), "N 8", autocast=torch.bfloat16).gradient_bytes == 4 * (32 + 4)


class _Perceptron(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.wide, self.narrow, self.twice = nn.Linear(64, 256), nn.Linear(256, 64), nn.Linear(64, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.narrow(torch.relu(self.wide(self.norm(x))))
        made: torch.Tensor = self.twice(self.twice(y) * 2)
        return made


class _Blocks(nn.Module):
    """Sums of float32 and of what a product made in lower precision."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(64) for _ in range(3))
        self.wide = nn.ModuleList(nn.Linear(64, 256) for _ in range(3))
        self.narrow = nn.ModuleList(nn.Linear(256, 64) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for norm, wide, narrow in zip(self.norms, self.wide, self.narrow, strict=True):
            x = x + narrow(F.gelu(wide(norm(x))))
        return x.mean(1)


def test_gradients_of_operands_of_two_dtypes_have_memory_of_their_own() -> None:
    model, x = _Blocks(), torch.rand(8, 50, 64)
    expected = training_peak(Around(model), x)
    at = convsym.analyze(model, "N L 64", autocast=torch.bfloat16).at(N=8, L=50)
    assert at.training_peak_bytes == pytest.approx(expected, rel=0.001)


def test_layers_whose_parameters_are_not_there_yet_are_cast_too() -> None:
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(8))
    analysis = convsym.analyze(model, "N 3 6 6", autocast=torch.bfloat16)
    assert not analysis.diagnostics
    assert analysis.outputs.dtype == torch.bfloat16


def test_open_arguments_of_a_constructor_are_cast_as_known_ones() -> None:
    def made(c: int) -> nn.Module:
        shared = nn.Linear(c, c)
        return nn.Sequential(nn.Linear(8, c), shared, nn.LayerNorm(c), shared)

    at = convsym.analyze(made, "N 8", autocast=torch.bfloat16).at(N=6, c=16)
    assert at.saved_bytes == saved_bytes(Around(made(16)), torch.rand(6, 8))


def test_the_time_of_a_product_is_that_of_its_dtype() -> None:
    device = Device("any", {"float32": 1.0, "bfloat16": 4.0}, 1e9, "a guess")
    seconds = [
        time_bounds(convsym.analyze(nn.Linear(8, 4), "N 8", autocast=asked).calls, device, {"N": 2}).seconds
        for asked in (None, "bfloat16")
    ]
    assert seconds[0] == pytest.approx(4 * seconds[1])


def test_copies_of_parameters_live_until_the_region_ends() -> None:
    model, x = _Perceptron(), torch.rand(512, 64)
    analysis = convsym.analyze(model, "N 64", autocast=torch.bfloat16)
    assert analysis.at(N=512).peak_bytes == inference_peak(Around(model), x)
    expected = training_peak(Around(model), x)
    assert analysis.at(N=512).training_peak_bytes == pytest.approx(expected, rel=0.001)


def test_the_region_around_a_call_is_that_of_the_forward() -> None:
    with torch.autocast("cpu", dtype=torch.float16):
        analysis = convsym.analyze(nn.Linear(8, 4), "N 8")
    assert analysis.autocast == "cpu:float16"
    assert analysis.case_at({"N": 3}).outputs.dtype == analysis.run_at({"N": 3}).output.dtype == torch.float16
    assert convsym.analyze(nn.Linear(8, 4), "N 8").outputs.dtype == torch.float32


def test_a_model_without_weights_may_go_where_the_region_is() -> None:
    with convsym.without_weights():
        bare = nn.Linear(8, 4)
    with inside(Region("cuda", torch.float16)):
        assert convsym.analyze(bare, "N 8").autocast == "cuda:float16"
        assert convsym.analyze(nn.Linear(8, 4), "N 8").autocast == ""


class _OnTheDevice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.norm = nn.Linear(8, 8), nn.LayerNorm(8)

    def forward(self, x: torch.Tensor) -> Any:
        assert x.is_cuda == (x.device.type == "cuda")
        x = self.layer(x)
        with torch.autocast("cuda", enabled=False):
            y = self.layer(x.float())
        with torch.autocast("cuda", dtype=torch.bfloat16):
            return x, y, self.layer(y), self.norm(x)


def test_what_a_gpu_casts_is_followed_without_one() -> None:
    half, single = torch.float16, torch.float32
    dtypes = _dtypes(convsym.analyze(_OnTheDevice(), "N 8", autocast="cuda").outputs)
    assert dtypes == [half, single, torch.bfloat16, single]
    assert _dtypes(convsym.analyze(_OnTheDevice(), "N 8", autocast="cpu").outputs)[1:] == [torch.bfloat16] * 3


def test_the_state_of_torch_is_left_as_it_was() -> None:
    def leak(model: Two, x: torch.Tensor) -> Any:
        torch.set_autocast_enabled("cpu", True)
        torch.set_autocast_dtype("cpu", torch.float16)
        return model.a(x)

    assert convsym.analyze(Two(leak), "N 8").outputs.dtype == torch.float16
    assert not torch.is_autocast_enabled("cpu")
    assert torch.get_autocast_dtype("cpu") == torch.bfloat16


def test_operands_of_two_dtypes_are_refused_where_no_region_casts_them() -> None:
    (found,) = convsym.analyze(Two(lambda m, x: m.a(x.bfloat16())), "N 8").diagnostics
    assert found.code == "CS125"


def test_what_autocast_refuses_is_found() -> None:
    model = Two(lambda m, x: F.binary_cross_entropy(m.a(x).sigmoid(), m.b(x).sigmoid()))
    assert not convsym.analyze(model, "N 8", autocast="cpu").diagnostics
    (found,) = convsym.analyze(model, "N 8", autocast="cuda").diagnostics
    assert found.code == "CS125"
    assert "binary_cross_entropy" in found.message


@pytest.mark.parametrize("given", [torch.float32, "float64", "tpu:bfloat16", "cuda:int8", "", "cuda:float16:twice"])
def test_what_cannot_be_followed_is_said(given: Any) -> None:
    with pytest.raises(BadInput, match="is no autocast"):
        convsym.analyze(nn.Linear(8, 4), "N 8", autocast=given)
