"""What torch itself says of a model at one size: shapes, layer calls, FLOPs, and whether it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree as pytree
from torch.utils.flop_counter import FlopCounterMode

import convsym

LAYERS = (nn.modules.conv._ConvNd, nn.Linear)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Truth:
    """One forward on the meta device, attention by its two matrix products."""

    flops: int
    outputs: list[Shape]
    layers: dict[tuple[str, int], tuple[Shape, Shape]]


def truth(model: nn.Module, *shapes: Shape) -> Truth:
    """Run the model on the meta device.

    Raises what torch raises where the model does not run.
    """
    layers: dict[tuple[str, int], tuple[Shape, Shape]] = {}
    times: Counter[str] = Counter()
    handles = []
    # The FLOP counter's module hooks want gradient functions of whatever requires a gradient.
    model.requires_grad_(False)

    def remember(path: str) -> Any:
        def hook(module: nn.Module, args: Any, output: torch.Tensor) -> None:
            layers[path, times[path]] = (tuple(args[0].shape), tuple(output.shape))
            times[path] += 1

        return hook

    for path, module in model.named_modules():
        if isinstance(module, LAYERS):
            handles.append(module.register_forward_hook(remember(path)))
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    counter = FlopCounterMode(display=False)
    try:
        with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            output = model(*(torch.empty(shape, device="meta") for shape in shapes))
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
        for handle in handles:
            handle.remove()
    tensors = [leaf for leaf in pytree.tree_leaves(output) if isinstance(leaf, torch.Tensor)]
    return Truth(counter.get_total_flops(), [tuple(t.shape) for t in tensors], layers)


def runs(model: nn.Module, *shapes: Shape) -> bool:
    """Whether torch runs the model at these shapes."""
    try:
        truth(model, *shapes)
    except Exception:
        return False
    return True


def assert_agrees(
    model: nn.Module, spec: str, shape: Any, sizes: list[tuple[int, int, int]], heights: list[int]
) -> None:
    """Hold an analysis against torch: numbers at `sizes` (N, H, W), and the domain over `heights` at the first width.

    `shape(n, h, w)` is the input shape that `spec` spells.
    """
    analysis = convsym.analyze(model, spec)
    assert [d for d in analysis.diagnostics if d.severity.value == "error"] == []
    meta = model.to("meta")
    for n, h, w in sizes:
        expected = truth(meta, shape(n, h, w))
        at = analysis.at(N=n, H=h, W=w)
        assert at.outputs == expected.outputs
        assert {(c.path, c.index): (c.input, c.output) for c in at.layers} == expected.layers
        assert at.flops == expected.flops
    width = sizes[0][2]
    said = {h: analysis.domain.contains(N=1, H=h, W=width) for h in heights}
    assert said == {h: runs(meta, shape(1, h, width)) for h in heights}
