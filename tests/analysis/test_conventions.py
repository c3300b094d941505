"""Conventions by hand; tests.benchmarks.against_counters holds them against the tools themselves."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym
from convsym.analysis.conventions import CONVENTIONS, Comparison, compare
from convsym.cli.parameters import CONVENTION_NAMES
from convsym.graph.call import Call
from convsym.sizes.evaluate import evaluate


def counted(name: str, model: nn.Module, spec: str) -> Comparison:
    (convention,) = [c for c in CONVENTIONS if c.name == name]
    kinds = {path: type(module).__name__ for path, module in model.named_modules()}
    return compare(convsym.analyze(model.eval(), spec).calls, convention, kinds)


def test_the_command_line_offers_all_of_them() -> None:
    assert tuple(convention.name for convention in CONVENTIONS) == CONVENTION_NAMES


@pytest.mark.parametrize("name", CONVENTION_NAMES)
def test_a_convolution_without_a_bias_is_counted_alike(name: str) -> None:
    found = counted(name, nn.Conv2d(8, 16, 3, groups=4, bias=False), "N 8 H W")
    assert found.difference == 0
    assert [line.why for line in found.lines] == ["the same"]


@pytest.mark.parametrize(("name", "times"), [("fvcore", 1), ("ptflops", 1), ("thop", 4)])
def test_a_transposed_convolution_counted_over_its_output_is_stride_squared_too_much(name: str, times: int) -> None:
    found = counted(name, nn.ConvTranspose2d(8, 8, 2, stride=2, bias=False), "1 8 5 7")
    assert found.total == times * (5 * 7 * 8 * 8 * 4)
    assert found.difference == (times - 1) * (5 * 7 * 8 * 8 * 4)


@pytest.mark.parametrize(("name", "per_element"), [("fvcore", 2), ("ptflops", 2), ("thop", 4)])
def test_batch_normalisation_counts_where_convsym_has_it_element_wise(name: str, per_element: int) -> None:
    found = counted(name, nn.BatchNorm2d(8), "N 8 H W")
    assert evaluate(found.total, {"N": 2, "H": 3, "W": 5}) == per_element * 2 * 8 * 3 * 5
    assert found.lines[0].macs == 0


def test_padding_in_words_is_not_counted_by_fvcore() -> None:
    found = counted("fvcore", nn.Conv2d(8, 8, 3, padding="same"), "1 8 9 9")
    assert (found.total, found.lines[0].why) == (0, "not counted with padding='same'")


def test_a_module_whose_forward_calls_a_patched_function_counts_twice_for_ptflops() -> None:
    assert counted("ptflops", nn.ReLU(), "1 8 3 3").total == 2 * 8 * 3 * 3
    assert counted("ptflops", nn.LeakyReLU(), "1 8 3 3").total == 8 * 3 * 3


def test_products_as_operators_and_as_methods_are_told_apart() -> None:
    class Product(nn.Module):
        def __init__(self, operator: bool) -> None:
            super().__init__()
            self.operator = operator

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ x if self.operator else x.matmul(x)

    assert counted("ptflops", Product(operator=True), "5 5").total == 0
    assert counted("ptflops", Product(operator=False), "5 5").total == 5 * 5 * 5


def test_functions_are_not_seen_by_hooks_on_modules() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(8, 8, 3, 3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.conv2d(x, self.weight)

    for name in ("ptflops", "thop"):
        found = counted(name, Functional(), "1 8 9 9")
        assert found.total == 0
        assert found.lines[0].macs == 7 * 7 * 8 * 8 * 9


def test_modules_with_formulas_that_are_not_known_here_are_named() -> None:
    found = counted("ptflops", nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4)), "N L 4")
    assert found.unmodelled == ("1",)


def test_the_first_input_of_a_call_is_the_first_argument_whatever_is_given_by_name() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(6))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.layer_norm(x, (6,), weight=self.scale)

    (call,) = convsym.analyze(Named(), "N 6").calls
    assert isinstance(call, Call)
    assert str(call.input) == "float32[N, 6]"
    assert call.function == "torch.nn.functional.layer_norm"
