"""torchvision beside a CPU build of torch: the operators it registers fakes for must exist before it is imported."""

from __future__ import annotations

import torch

_declared = torch.library.Library("torchvision", "FRAGMENT")


def _declare() -> None:
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            _declared.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


_declare()

import torchvision  # noqa: E402
from torchvision import models  # noqa: E402

__all__ = ["models", "torchvision"]
