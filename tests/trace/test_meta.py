"""Operations without a rule, answered by torch's meta kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

import convsym
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, add, floor_div, multiply, subtract, symbol
from convsym.sizes.evaluate import evaluate

N, H, W = map(symbol, "NHW")
OPERATORS = torch.library.Library("convsym_tests", "DEF")


class Calls(nn.Module):
    """A model of one call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs)


def define(schema: str, kernel: Callable[..., Any] | None) -> Any:
    """An operator as an extension registers it, with or without a fake kernel."""
    OPERATORS.define(schema)
    name = schema.partition("(")[0]
    if kernel is not None:
        torch.library.register_fake(f"convsym_tests::{name}", kernel)
    return getattr(torch.ops.convsym_tests, name)


@pytest.fixture(scope="module", autouse=True)
def _operators() -> Iterator[None]:
    yield
    OPERATORS._destroy()


def analysed(function: Callable[..., Any], spec: str = "N 3 H W") -> Any:
    return convsym.analyze(Calls(function), spec)


def only(function: Callable[..., Any], spec: str = "N 3 H W") -> Any:
    (way,) = analysed(function, spec).ways
    return way


def fake_pairs(x: torch.Tensor, k: int) -> torch.Tensor:
    torch._check(x.shape[0] % k == 0, lambda: "cannot be divided")
    return x.new_empty(x.shape[0] // k, x.shape[-1] * 2)


pairs = define("pairs(Tensor x, SymInt k) -> Tensor", fake_pairs)
halved = define("halved(Tensor x) -> (Tensor, Tensor)", lambda x: (x.new_empty(x.shape[0] // 2), torch.empty_like(x)))
unfaked = define("unfaked(Tensor x) -> Tensor", None)
chosen = define(
    "chosen(Tensor x) -> Tensor", lambda x: x.new_empty(torch.library.get_ctx().new_dynamic_size(), x.shape[-1])
)
branching = define(
    "branching(Tensor x) -> Tensor", lambda x: x.new_empty(x.shape[-1] if x.shape[-1] < 9 else x.shape[-2])
)
guarded = define("guarded(Tensor x) -> Tensor", lambda x: x.new_empty(range(x.shape[-1])[-1] + 1, x.shape[0]))


def test_a_custom_operator_with_a_fake_kernel() -> None:
    way = only(lambda x: pairs(x, 4))
    assert way.output.shape == (floor_div(N, 4), multiply(2, W))
    assert way.domain.contains(N=8, H=1, W=1)
    assert not way.domain.contains(N=6, H=1, W=1)
    assert way.calls[-1].op == "pairs"


def test_its_overload() -> None:
    assert only(lambda x: pairs.default(x, x.shape[1])).output.shape == (floor_div(N, 3), multiply(2, W))


def test_a_size_as_an_argument() -> None:
    analysis = analysed(lambda x: pairs(x, x.shape[2]))
    (way,) = analysis.ways
    assert way.domain.contains(N=6, H=3, W=1)
    assert not way.domain.contains(N=6, H=4, W=1)
    assert evaluate(way.output.shape[0], {"N": 6, "H": 3, "W": 1}) == 2


def test_several_outputs() -> None:
    first, second = only(halved).output
    assert first.shape == (floor_div(N, 2),)
    assert second.shape == (N, 3, H, W)


def test_without_a_fake_kernel_nothing_is_said() -> None:
    way = only(unfaked)
    assert not way.refusal.supported
    assert "register_fake" in way.refusal.message


def test_a_size_that_depends_on_the_data() -> None:
    analysis = analysed(lambda x: chosen(chosen(x)))
    (way,) = analysis.ways
    assert way.output.shape[1] == W
    assert len(way.unknowns) == 2


def test_what_differs_between_sizes_becomes_cases() -> None:
    shapes = {w: shape for way in analysed(branching).ways for w in (8, 9) if (shape := shape_at(way, w))}
    assert shapes == {8: (8,), 9: (5,)}


def shape_at(way: Any, w: int) -> tuple[int, ...] | None:
    at = {"N": 2, "H": 5, "W": w}
    return tuple(evaluate(s, at) for s in way.output.shape) if way.domain.contains(**at) else None


def test_flops_are_those_of_the_counter() -> None:
    way = only(lambda x: torch.ops.aten.mm.default(x.flatten(1), x.flatten(1).t()))
    assert way.output.shape == (N, N)
    assert way.calls[-1].cost.flops == multiply(6, multiply(multiply(N, N), multiply(H, W)))


def test_a_kernel_that_takes_a_size_as_a_number_pins_it() -> None:
    way = analysed(guarded).ways[0]
    (pin,) = way.pins
    assert pin.size == W
    assert way.output.shape == (pin.value, N)


def test_a_kernel_that_always_raises_refuses_the_model() -> None:
    way = only(lambda x: torch.linalg.cholesky(x.new_zeros(2, 3)))
    assert way.refusal is not None or way.findings


def half(size: Size) -> Size:
    return floor_div(multiply(size, subtract(size, 1)), 2)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: torch.ops.aten._pdist_forward.default(x.reshape(x.shape[0], -1)), (half(N),)),
        (lambda x: torch.unfold_copy(x, 2, 3, 2), (N, 3, add(floor_div(subtract(H, 3), 2), 1), W, 3)),
        (lambda x: torch.renorm(x, 2, 0, 1.0), (N, 3, H, W)),
        (lambda x: torch.ops.aten.upsample_nearest2d.default(x, [x.shape[2] * 2, 7]), (N, 3, multiply(2, H), 7)),
    ],
)
def test_one_formula_for_all_sizes(function: Callable[..., Any], shape: tuple[Size, ...]) -> None:
    output = only(function).output
    assert isinstance(output, Tensor)
    assert output.shape == shape
