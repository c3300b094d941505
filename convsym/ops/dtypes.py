"""What torch asks of the dtypes of operands."""

from __future__ import annotations

import torch

from convsym.graph.tensor import Tensor, dtype_name
from convsym.ops.catalogue import Site
from convsym.sizes.condition import FALSE, TRUE


def single_for_half(dtype: torch.dtype) -> torch.dtype:
    """What kernels compute in that are not exact enough in half precision: single there, else what they are given."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def require_floating(site: Site, op: str, input: Tensor, also: tuple[torch.dtype, ...] = ()) -> bool:
    """Many kernels exist for floating point only."""
    return input.dtype.is_floating_point or site.require(
        "dtype-mismatch",
        TRUE if input.dtype in also else FALSE,
        "{} is not implemented for {}",
        op,
        dtype_name(input.dtype),
        help="convert the input with .float()",
    )


def require_dtype(site: Site, op: str, name: str, input: Tensor, *dtypes: torch.dtype) -> bool:
    """An operand of one of these dtypes."""
    return input.dtype in dtypes or site.require(
        "dtype-mismatch",
        FALSE,
        "{} takes {} of dtype {}, but gets {}",
        op,
        name,
        " or ".join(map(dtype_name, dtypes)),
        dtype_name(input.dtype),
        help="convert it with .to()",
    )


def require_one_dtype(site: Site, op: str, *operands: Tensor | None) -> bool:
    """Layers do not promote: the input and the parameters must have one dtype."""
    given = [operand.dtype for operand in operands if operand is not None]
    return all(dtype == given[0] for dtype in given) or site.require(
        "dtype-mismatch",
        FALSE,
        "{} takes operands of one dtype, but gets {}",
        op,
        ", ".join(map(dtype_name, given)),
        help="convert the input with .to(), or the layer with .float(), .half() or .double()",
    )
