"""The dtypes that resizing takes, against eager torch."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from tests.ops.oracle import agree

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.uint8, torch.int64]


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_smoothing_takes_no_half_precision(mode: str, antialias: bool) -> None:
    for dtype in DTYPES:
        x = torch.ones(1, 2, 6, 6).to(dtype)
        agree(F.interpolate, x, size=(3, 3), mode=mode, antialias=antialias, flops=False)
