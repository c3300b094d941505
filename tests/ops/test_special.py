"""Polynomials and Bessel functions of torch.special against eager torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from convsym.ops import special
from tests.ops.oracle import agree

FUNCTIONS = [(rule.functions[0], rule.infer.func.__name__ == "binary") for rule in special.RULES]  # type: ignore[attr-defined]
DTYPES = [torch.float32, torch.float64, torch.int32, torch.bool, torch.float16, torch.complex64]


@pytest.mark.parametrize(("function", "is_binary"), FUNCTIONS)
def test_dtypes_and_layouts(function: Any, is_binary: bool) -> None:
    for dtype in DTYPES:
        x = torch.ones(3, 2, dtype=dtype)
        if is_binary:
            agree(function, x, 2)
            agree(function, 0.5, x)
            agree(function, x.T, torch.ones(4, 1, 3))
            agree(function, x, torch.ones(3))
        else:
            agree(function, x)
            agree(function, x.T)
