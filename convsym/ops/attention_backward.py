"""What autograd keeps of attention: of the fused kernel of the CPU, and where it runs as two matrix products."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import Saved
from convsym.graph.tensor import Tensor
from convsym.ops.dtypes import single_for_half


def kept_by_kernel(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, output: Tensor) -> tuple[Saved, ...]:
    """All that it was given, its result, and one number for each query: the logarithm of the sum of its weights.

    Of a mask that says yes and no it makes one of numbers first.
    """
    sums = Tensor(output.shape[:-1], single_for_half(query.dtype))
    masks = () if mask is None else (mask.as_dtype(query.dtype) if mask.dtype == torch.bool else mask,)
    return tuple(map(Saved, (query, key, value, *masks, output, sums)))


def kept_by_products(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    scaled: tuple[Tensor, Tensor],
    read: Tensor,
    weights: Tensor,
    dropout_p: Any,
) -> tuple[Saved, ...]:
    """What both products read, what the softmax between them gave, and what was dropped of it.

    `scaled` are the copies of query and key that the first product reads, `read` is what the second reads of the value.
    """
    scoring = (query, key) if mask is None else (query, key, mask)
    dropped = Tensor(weights.shape, weights.dtype) if dropout_p else weights
    noise = (Saved(Tensor(weights.shape, weights.dtype), scoring),) if dropout_p else ()
    return (
        Saved(scaled[0], (key,)),
        Saved(scaled[1], (query,)),
        Saved(weights, scoring),
        *noise,
        Saved(dropped, (value,)),
        Saved(read, scoring),
    )
