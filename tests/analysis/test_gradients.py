"""FLOPs of the backward pass against torch's counter: random layers, frozen and shared weights, detached branches."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import convsym
from tests.analysis.training import flops_of_both_passes, saved_bytes


def assert_flops_agree(model: nn.Module, spec: str, *shapes: tuple[int, ...], **sizes: int) -> None:
    analysis = convsym.analyze(model, spec)
    assert not analysis.diagnostics
    at = analysis.at(**sizes)
    assert (at.flops, at.backward_flops) == flops_of_both_passes(model, *(torch.ones(shape) for shape in shapes))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_convolution_after_a_layer_with_weights_has_two_gradients_of_one_forward_each(data: st.DataObject) -> None:
    groups = data.draw(st.sampled_from((1, 2, 4)))
    kind = data.draw(st.sampled_from((nn.Conv2d, nn.ConvTranspose2d)))
    options = {name: data.draw(st.integers(1, 2)) for name in ("stride", "dilation", "padding")}
    layer: Any = kind(4, 8, data.draw(st.integers(2, 3)), groups=groups, **options)
    n, h, w = data.draw(st.tuples(st.integers(1, 3), st.integers(5, 9), st.integers(5, 9)))
    assert_flops_agree(nn.Sequential(nn.Conv2d(3, 4, 1), layer), "N 3 H W", (n, 3, h, w), N=n, H=h, W=w)


def test_the_first_layer_has_no_gradient_for_its_input() -> None:
    a = convsym.analyze(nn.Conv2d(3, 8, 3), "N 3 H W")
    assert a.backward_flops == a.flops


def test_frozen_weights_have_no_gradient_but_pass_one_on() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 2))
    model[1].requires_grad_(False)
    assert_flops_agree(model, "N 4", (3, 4), N=3)
    model[0].requires_grad_(False)
    assert_flops_agree(model, "N 4", (3, 4), N=3)


def test_nothing_is_counted_where_nothing_is_trained() -> None:
    model = nn.Linear(4, 8).requires_grad_(False)
    assert convsym.analyze(model, "N 4").backward_flops == 0


class _Calling(nn.Module):
    def __init__(self, forward: Any, **layers: nn.Module) -> None:
        super().__init__()
        self.called = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: torch.Tensor) -> Any:
        return self.called(self, x)


def _without_gradients(m: Any, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        x = m.a(x)
    return m.b(x)


def _with_masked_weights(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.b.weight.data = m.b.weight.data * torch.ones(4, 1)
    return m.b(m.a(x))


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:  # type: ignore[override]
        x, w = ctx.saved_tensors
        again = x @ w
        return grad @ w.T, x.T @ (grad * again), None


class _ByItsOlderName(_Product):
    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:  # type: ignore[override]
        x, w = ctx.saved_variables
        return grad @ w.T, x.T @ grad


class _Unfollowed(_Product):
    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:  # type: ignore[override]
        raise NotImplementedError


def _written_into_a_view(m: Any, x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(x.shape[0], 8)
    out[:, :4] = m.a(x)
    return m.c(out)


@pytest.mark.filterwarnings("ignore:'saved_variables' is deprecated")
@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: m.b(m.a(m.a(x))),
        lambda m, x: m.b(m.a(x).detach()) + m.b(x),
        _without_gradients,
        _written_into_a_view,
        _with_masked_weights,
        lambda m, x: m.a(torch.zeros_like(x, requires_grad=True)),
        lambda m, x: torch.linalg.multi_dot([m.a(x), m.b.weight, m.c.weight.T[:4]]),
        lambda m, x: torch.cov(m.a(x)),
        lambda m, x: torch.cdist(m.a(x)[:3], m.b(x)[:3]),
        lambda m, x: torch.cdist(m.a(x)[:1].expand(30, 4), m.b(x)),
        lambda m, x: _Product.apply(m.a(x), m.b.weight),
        lambda m, x: _ByItsOlderName.apply(m.a(x), m.b.weight),
        lambda m, x: m.a(x) @ m.b(x).T,
        lambda m, x: m.a(x)[None] @ m.a.weight,
        lambda m, x: torch.einsum("nf,mf,fg->nmg", m.a(x), x, m.b.weight),
        lambda m, x: torch.addmm(m.a.bias, m.a(x), m.b.weight),
        lambda m, x: torch.baddbmm(x[None], m.a(x)[None], m.b.weight[None]),
        lambda m, x: torch.tensordot(m.a(x), m.b.weight, 1),
        lambda m, x: F.scaled_dot_product_attention(m.a(x)[None, None], x[None, None], m.b(x)[None, None]),
        lambda m, x: F.scaled_dot_product_attention(x[None, None], m.a(x)[None, None], x[None, None]),
        lambda m, x: m.a(x).argmax(1) * 2.0 + m.b(x).sum(),
    ],
)
def test_what_needs_a_gradient_is_what_autograd_says(forward: Any) -> None:
    model = _Calling(forward, a=nn.Linear(4, 4), b=nn.Linear(4, 4), c=nn.Linear(8, 2))
    assert_flops_agree(model, "N 4", (3, 4), N=3)


def _lazy_layers() -> nn.Module:
    return nn.Sequential(
        nn.LazyConv2d(8, 3, padding=1, groups=1),
        nn.LazyBatchNorm2d(),
        nn.ReLU(),
        nn.LazyConvTranspose2d(6, 2, stride=2, bias=False),
        nn.LazyInstanceNorm2d(affine=True),
        nn.LazyConv2d(4, 1),
        nn.Flatten(),
        nn.LazyLinear(5),
    )


def test_lazy_layers_cost_what_they_cost_after_their_first_call() -> None:
    torch.manual_seed(0)
    a = convsym.analyze(_lazy_layers(), "N 3 6 8")
    at, x, model = a.at(N=2), torch.rand(2, 3, 6, 8), _lazy_layers()
    model(x)
    finished = convsym.analyze(model, "N 3 6 8")
    assert (at.flops, at.backward_flops) == flops_of_both_passes(model, x)
    assert at.saved_bytes == saved_bytes(model, x)
    assert at.gradient_bytes == sum(4 * p.numel() for p in model.parameters())
    assert at.parameters == a.by_module[""].parameters == sum(p.numel() for p in model.parameters())
    for name in ("peak_bytes", "training_peak_bytes"):
        assert getattr(at, name) == getattr(finished.at(N=2), name)


def test_a_lazy_layer_keeps_the_sizes_of_its_first_call() -> None:
    layer = nn.LazyLinear(4)
    model = _Calling(lambda m, x: m.layer(x) + m.layer(m.layer(x)), layer=layer)
    a = convsym.analyze(model, "N 4")
    assert (a.parameters, str(a.backward_flops)) == (20, "128*N")
    wrong = _Calling(lambda m, x: m.layer(x[:, :3]) + m.layer(x), layer=nn.LazyLinear(4))
    assert [d.code for d in convsym.analyze(wrong, "N 4").diagnostics] == ["CS107"]


def test_what_is_not_known_is_said() -> None:
    model = _Calling(lambda m, x: _Unfollowed.apply(m.a(x), m.b.weight), a=nn.Linear(4, 4), b=nn.Linear(4, 4))
    a = convsym.analyze(model, "N 4")
    assert a.uncounted_backward == ("_Unfollowed",)
    assert str(a.backward_flops) == "32*N"


def test_sizes_that_the_constructor_leaves_open_have_the_costs_of_the_finished_model() -> None:
    def made(c: Any) -> nn.Module:
        model = nn.Sequential(nn.Conv2d(3, c, 3), nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, 8, 1), nn.Conv2d(8, c, 1))
        model[3].requires_grad_(False)
        return model

    names = ("backward_flops", "saved_bytes", "gradient_bytes", "training_peak_bytes", "peak_bytes")
    left_open = convsym.analyze(made, "N 3 H W").at(N=2, H=9, W=8, c=5)
    finished = convsym.analyze(made(5), "N 3 H W").at(N=2, H=9, W=8)
    assert [getattr(left_open, name) for name in names] == [getattr(finished, name) for name in names]
