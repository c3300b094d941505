from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym
from convsym.analysis.roofline import Device, Traffic, time_bounds, traffic
from convsym.analysis.roofline.device import read_device
from convsym.analysis.roofline.devices import DEVICES
from convsym.sizes.evaluate import evaluate

SIZES = {"N": 2, "H": 8, "W": 8}


def calls_of(forward: Any, spec: str = "2 4 8 8") -> tuple[Any, ...]:
    class Made(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.zeros(100, 4))

        def forward(self, x: torch.Tensor) -> Any:
            return forward(self, x)

    return convsym.analyze(Made(), spec).calls


def test_a_convolution_reads_its_input_weight_and_bias_and_writes_its_output() -> None:
    (call,) = convsym.analyze(nn.Conv2d(4, 8, 3, padding=1), "2 4 8 8").calls
    assert traffic(call) == Traffic(4 * (2 * 4 * 64 + 8 * 4 * 9 + 8), 4 * 2 * 8 * 64)


def test_a_view_moves_nothing_and_a_copy_everything() -> None:
    permuted, copied = calls_of(lambda self, x: x.permute(0, 2, 3, 1).contiguous())
    assert traffic(permuted).moved == 0
    assert traffic(copied) == Traffic(4 * 2 * 4 * 64, 4 * 2 * 4 * 64)


def test_an_operand_that_is_given_twice_is_read_once() -> None:
    (call,) = calls_of(lambda self, x: x * x)
    assert traffic(call).read == 4 * 2 * 4 * 64


def test_an_operation_in_place_writes_what_it_reads() -> None:
    _, added = calls_of(lambda self, x: torch.relu(x).add_(1))
    assert traffic(added) == Traffic(4 * 2 * 4 * 64, 4 * 2 * 4 * 64)


def test_a_table_is_read_where_it_is_looked_up() -> None:
    (call,) = calls_of(lambda self, x: F.embedding(x, self.table), "N 3:int64")
    assert evaluate(traffic(call).read, {"N": 2}) == 2 * 3 * 4 * 4 + 2 * 3 * 8


def test_the_longer_of_computing_and_moving_bounds_a_call() -> None:
    model = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1, bias=False), nn.ReLU())
    calls = convsym.analyze(model, "N 4 H W").calls
    device = Device("small", {"float32": 1e6}, 1e6, "here")
    conv, relu = time_bounds(calls, device, SIZES).calls
    assert (conv.flops, conv.limit, conv.seconds) == (2 * 2 * 64 * 8 * 36, "compute", 2 * 2 * 64 * 8 * 36 / 1e6)
    assert (relu.flops, relu.limit, relu.seconds) == (0, "memory", 4 * 2 * 2 * 8 * 64 / 1e6)
    assert conv.intensity == conv.flops / conv.moved
    assert time_bounds(calls, device, SIZES).seconds == conv.seconds + relu.seconds


def test_a_dtype_without_a_rate_is_named_and_leaves_the_bound_a_bound() -> None:
    calls = convsym.analyze(nn.Linear(8, 8).double(), "N 8:float64").calls
    found = time_bounds(calls, Device("small", {"float32": 1.0}, 1e6, "here"), {"N": 4})
    assert found.unrated == ("float64",)
    assert [bound.limit for bound in found.calls] == ["memory"]


def test_every_built_in_device_says_where_its_numbers_are_published() -> None:
    assert len({device.name for device in DEVICES}) == len(DEVICES)
    for device in DEVICES:
        assert device.source and device.bandwidth > 1e11
        assert all(hasattr(torch, dtype) and 1e12 < rate < 1e16 for dtype, rate in device.flops.items())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "no object"),
        ('{"name": "x"}', "no 'flops'"),
        ('{"name": "x", "flops": {}, "bandwidth": 1, "source": ""}', "positive number"),
        ('{"name": "x", "flops": {"float32": -1}, "bandwidth": 1, "source": ""}', "positive number"),
    ],
)
def test_a_file_that_describes_no_device_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_device(text)
