"""The rules of torch's operations, one module per family; each ends in its table `RULES`."""

from __future__ import annotations

from convsym.ops import (
    activation,
    adaptive_pool,
    attention,
    batch_norm,
    binary,
    conv,
    conv_transpose,
    dropout,
    einsum,
    extreme,
    join,
    linear,
    matmul,
    normalise,
    permute,
    pool,
    reduce,
    repeat,
    softmax,
    split,
    ternary,
    unary,
    vector_norm,
    view,
)

FAMILIES = (
    conv.RULES,
    conv_transpose.RULES,
    pool.RULES,
    adaptive_pool.RULES,
    matmul.RULES,
    attention.RULES,
    einsum.RULES,
    view.RULES,
    permute.RULES,
    linear.RULES,
    normalise.RULES,
    batch_norm.RULES,
    activation.RULES,
    softmax.RULES,
    dropout.RULES,
    unary.RULES,
    binary.RULES,
    ternary.RULES,
    join.RULES,
    split.RULES,
    repeat.RULES,
    reduce.RULES,
    extreme.RULES,
    vector_norm.RULES,
)

RULES = tuple(rule for family in FAMILIES for rule in family)
