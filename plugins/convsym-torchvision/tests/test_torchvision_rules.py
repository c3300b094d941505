"""The rules against what torchvision's compiled kernels do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from convsym_torchvision import PLUGIN
from recorded import Call, drawn, ops, recorded, tensors, verdict
from torch import nn
from torchvision.extension import _has_ops

import convsym
from convsym.plugins import Plugin, broken, installed, tables
from convsym.testing import agrees_with_torch

CALLS = recorded()


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    with installed(PLUGIN):
        yield


def as_recorded(call: Call) -> Any:
    """A function that answers as the kernels did."""

    def reference(*_: Any, **__: Any) -> Any:
        if isinstance(call.verdict, str):
            raise RuntimeError(call.verdict)
        return tensors(call.verdict)

    return reference


@pytest.mark.parametrize("name", sorted({call.name for call in CALLS}))
def test_a_rule_refuses_and_gives_what_the_kernels_do(name: str) -> None:
    for call in CALLS:
        if call.name == name:
            try:
                agrees_with_torch(
                    call.target, *tensors(call.inputs), reference=as_recorded(call), **tensors(call.arguments)
                )
            except AssertionError as error:
                raise AssertionError(f"{call}: {error}") from None


def test_the_rules_agree_with_the_kernels_that_are_here() -> None:
    # Beside another build of torch there are none, and the recorded verdicts have to do.
    for call in drawn(4, seed=1) if _has_ops() else ():
        live = Call(call.name, call.inputs, call.arguments, call.layer, verdict(call))
        agrees_with_torch(call.target, *tensors(call.inputs), reference=as_recorded(live), **tensors(call.arguments))


def at_numbers(target: Any) -> Any:
    """A function that answers as an analysis at plain numbers does, as the recorded calls hold against the kernels."""

    class Net(nn.Module):
        def forward(self, *inputs: Any) -> Any:
            return target(*inputs)

    def reference(*inputs: Any) -> Any:
        analysis = convsym.analyze(Net().eval(), *inputs)
        if not analysis.domain.contains():
            raise RuntimeError("refused")
        output = analysis.outputs
        shape = [size if isinstance(size, int) else 1 for size in output.shape]
        return torch.ones(shape, dtype=output.dtype)

    return reference


@pytest.mark.parametrize(
    ("target", "specs"),
    [
        (lambda x, b: ops.roi_align(x, b, (2, 3)), ("N C H W", "K 5")),
        (lambda x, a, b: ops.roi_pool(x, [a, b], 2), ("N C H W", "K 4", "L 4")),
        (lambda x, b: ops.ps_roi_align(x, b, 2, 0.5, 2), ("N C H W", "K 5")),
        (lambda x, b: ops.roi_align(x, b, 2), ("N C H W", "K D")),
        (lambda b, s: ops.nms(b, s, 0.5), ("K 4", "L")),
        (lambda b, s, i: ops.batched_nms(b, s, i, 0.5), ("K 4", "K", "L")),
        (lambda b, s, i: ops.batched_nms(b, s, i, 0.5), ("500*K 4", "500*K", "500*K")),
        (lambda x, o: ops.deform_conv2d(x, o, torch.ones(4, 2, 3, 3), stride=2), ("N C H W", "N 18 H//2 W//2")),
        (lambda x, o: ops.deform_conv2d(x, o, torch.ones(4, 2, 3, 3), stride=2), ("N 2 H W", "N 18*G h w")),
        (lambda x, o: ops.deform_conv2d(x, o, torch.ones(4, 4, 2, 2), padding=1), ("N 4 H W", "N 8*G H+1 W+1")),
    ],
)
def test_one_formula_says_what_every_size_gives(target: Any, specs: tuple[str, ...]) -> None:
    agrees_with_torch(target, *specs, reference=at_numbers(target))


class Pyramid(nn.Module):
    """A small detector: features at two scales, regions pooled from both, the best kept."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, 8, 3, stride=4, padding=1)
        self.coarse = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.pool = ops.MultiScaleRoIAlign(["fine", "coarse"], 7, 2)
        self.classify = nn.Linear(8 * 49, 5)

    def forward(self, x: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fine = self.fine(x)
        pooled = self.pool({"fine": fine, "coarse": self.coarse(fine)}, [boxes], [tuple(x.shape[-2:])])
        scores = self.classify(pooled.flatten(1)).amax(1)
        keep = ops.batched_nms(boxes, scores, torch.zeros_like(scores), 0.5)[:100]
        return boxes[keep], scores[keep]


def test_a_detector_has_a_formula_up_to_what_depends_on_the_data() -> None:
    analysis = convsym.analyze(Pyramid().eval(), "1 3 H W", "K 4")
    assert analysis.diagnostics == ()
    assert {call.op for call in analysis.calls} >= {"multiscale_roi_align", "batched_nms"}
    assert str(analysis["classify"].output.shape) == "(K, 5)"
    boxes, scores = analysis.outputs
    assert boxes.shape[1:] == (4,)
    assert boxes.shape[0] == scores.shape[0]
    assert analysis.domain.describe() == "every H, W, K >= 1"


def test_a_deformable_convolution_counts_as_elementwise_work() -> None:
    layer = ops.DeformConv2d(4, 6, 3, padding=1)
    net = nn.Module()
    net.forward = lambda x, o: layer(x, o)  # type: ignore[assignment]
    analysis = convsym.analyze(net, "N 4 H W", "N 18 H W")
    pixels = 2 * 3 * 5
    macs, samples, biases = pixels * 6 * 4 * 9, pixels * 4 * 9, pixels * 6
    assert analysis.at(N=2, H=3, W=5).flops == 0
    assert analysis.at(N=2, H=3, W=5).elementwise == 2 * macs + samples + biases


def test_functions_are_found_under_every_name() -> None:
    from torchvision.ops import nms as suppress
    from torchvision.ops.boxes import nms

    class Net(nn.Module):
        def forward(self, boxes: torch.Tensor, scores: torch.Tensor) -> Any:
            from torchvision.ops import nms as inner

            return [f(boxes, scores, 0.5) for f in (suppress, nms, ops.nms, inner)]

    before = nms.__code__
    analysis = convsym.analyze(Net(), "K 4", "K")
    assert [call.op for call in analysis.calls] == ["nms"] * 4
    assert {call.place.file for call in analysis.calls} == {__file__}
    assert nms.__code__ is before


@pytest.mark.parametrize(
    ("module", "specs", "shape"),
    [
        (ops.StochasticDepth(0.5, "row").train(), ("N 8 H W",), "(N, 8, H, W)"),
        (ops.FrozenBatchNorm2d(8), ("N 8 H W",), "(N, 8, H, W)"),
        (ops.SqueezeExcitation(8, 2), ("N 8 H W",), "(N, 8, H, W)"),
        (ops.DropBlock2d(0.1, 3).train(), ("N 8 H W",), "(N, 8, H, W)"),
        (ops.Permute([0, 2, 3, 1]), ("N 8 H W",), "(N, H, W, 8)"),
        (ops.MLP(8, [16, 4]), ("N 8",), "(N, 4)"),
    ],
)
def test_what_is_written_in_python_is_traced_inside(module: nn.Module, specs: tuple[str, ...], shape: str) -> None:
    analysis = convsym.analyze(module, *specs)
    assert all(refusal.supported for refusal in analysis.refusals)
    assert str(tuple(analysis.outputs.shape)) == shape


@pytest.mark.parametrize("function", [ops.box_iou, ops.generalized_box_iou, ops.complete_box_iou])
def test_operations_on_boxes_are_traced_inside(function: Any) -> None:
    analysis = agrees_with_torch(function, "K 4", "L 4")
    assert str(tuple(analysis.outputs.shape)) == "(K, L)"


def test_the_manifest_is_whole() -> None:
    assert broken() == ()
    (mine,) = (table for plugin, table in tables("ops") if plugin is PLUGIN)
    assert len(mine) == 8
    assert isinstance(PLUGIN, Plugin)
