"""torchvision, also where its compiled operators do not fit the build of torch, such as PyPI's beside a CPU torch.

There the operators that it registers fakes for must exist before it is imported.
"""

from __future__ import annotations

import torch

try:
    import torchvision
except RuntimeError:
    _declared = torch.library.Library("torchvision", "FRAGMENT")
    for _name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, _name):
            _declared.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
from torchvision import models

__all__ = ["models", "torchvision"]
