"""Lazy layers, which get the sizes of their parameters from the first input."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import Site
from convsym.sizes.arithmetic import Size


def initialised(site: Site, parameter: Any, *shape: Size, dtype: torch.dtype | None = None) -> Tensor | None:
    """A parameter or buffer of a lazy layer, of this shape if the layer is called for the first time; None stays None.

    `dtype` is the one that operands are cast to under autocast, where they are.
    """
    return None if parameter is None else site.initialised(parameter, Tensor(shape, parameter.dtype), dtype)
