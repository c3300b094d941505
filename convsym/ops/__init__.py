"""The rules of torch's operations, one module per family; each ends in its table `RULES`."""

from __future__ import annotations

from convsym.ops import adaptive_pool, attention, conv, conv_transpose, matmul, permute, pool, view

FAMILIES = (
    conv.RULES,
    conv_transpose.RULES,
    pool.RULES,
    adaptive_pool.RULES,
    matmul.RULES,
    attention.RULES,
    view.RULES,
    permute.RULES,
)
