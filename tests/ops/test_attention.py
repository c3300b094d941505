"""Scaled dot product attention against eager torch: shapes, layout and refusal; FLOPs against its two products."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from tests.ops.oracle import agree, inferred, judged

PATIENT = settings(deadline=None)
SIZES = st.sampled_from([1, 2, 3, 4])


def check(*args: Any, **kwargs: Any) -> None:
    agree(F.scaled_dot_product_attention, *args, flops=False, **kwargs)
    with sdpa_kernel(SDPBackend.MATH):
        verdict = judged(F.scaled_dot_product_attention, *args, count=True, **kwargs)
    if verdict.refusal is None:
        outcome, site = inferred(F.scaled_dot_product_attention, *args, **kwargs)
        # The fused kernel, which eager torch takes, refuses masks that the two products would take.
        assert site.failed or outcome.cost.flops == verdict.flops


@st.composite
def operand(draw: st.DrawFn, batch: list[int], length: int, features: int) -> torch.Tensor:
    """(..., length, features), perhaps with heads and positions swapped in memory, as models make them."""
    shape = [*batch, length, features]
    if len(shape) > 2 and draw(st.booleans()):
        shape[-3], shape[-2] = shape[-2], shape[-3]
        return torch.ones(shape).transpose(-3, -2)
    if draw(st.booleans()):
        return torch.ones([3, *shape])[0]
    if draw(st.booleans()):
        return torch.ones(*batch, features, length).mT
    return torch.ones(shape)


@PATIENT
@given(st.data(), st.lists(SIZES, max_size=3), SIZES, SIZES, SIZES, SIZES)
def test_attention(data: st.DataObject, batch: list[int], length: int, keys: int, features: int, out: int) -> None:
    mostly = st.integers(0, 9)
    key_batch = [1 if data.draw(mostly) == 0 else b for b in batch]
    value_batch = key_batch[1:] if data.draw(mostly) == 0 else key_batch
    key_features = data.draw(SIZES) if data.draw(mostly) == 0 else features
    out = features if data.draw(st.booleans()) else out
    query = data.draw(operand(batch, length, features))
    key = data.draw(operand(key_batch, keys, key_features))
    value = data.draw(operand(value_batch, keys, out))
    mask = None
    if data.draw(st.booleans()):
        shape = [1 if data.draw(mostly) < 2 else s for s in [*batch, length, keys]]
        shape = shape[data.draw(st.integers(0, len(shape))) :]
        dtype = data.draw(st.sampled_from([torch.float32, torch.bool, torch.bool, torch.float64, torch.int64]))
        mask = torch.ones(shape, dtype=dtype)
    dropout_p = data.draw(st.sampled_from([0.0, 0.0, 0.5, 1.5]))
    is_causal = data.draw(mostly) == 0
    check(query, key, value, mask, dropout_p, is_causal)


@PATIENT
@given(st.data(), SIZES, SIZES, SIZES, SIZES, st.booleans())
def test_grouped_heads(data: st.DataObject, heads: int, shared: int, length: int, keys: int, together: bool) -> None:
    batch = data.draw(st.lists(SIZES, max_size=1))
    other = shared if together else data.draw(SIZES)
    query, key = torch.ones(*batch, heads, length, 2), torch.ones(*batch, shared, keys, 2)
    check(query, key, torch.ones(*batch, other, keys, 2), enable_gqa=True)


def test_key_and_value_of_different_length_are_refused() -> None:
    x, y = torch.ones(1, 2, 3, 4), torch.ones(1, 2, 5, 4)
    _, site = inferred(F.scaled_dot_product_attention, x, x, y)
    assert site.failed


def test_attention_without_axes_for_heads_has_no_groups() -> None:
    x = torch.ones(3, 4)
    check(x, x, x, enable_gqa=True)


@PATIENT
@given(st.sampled_from([torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.complex64]), st.booleans())
def test_dtypes(dtype: torch.dtype, matrices: bool) -> None:
    x = torch.ones((3, 4) if matrices else (1, 2, 3, 4), dtype=dtype)
    check(x, x, x)
    check(x, x, x, torch.ones(3, 3, dtype=torch.float32))
    check(x, x, x, torch.ones(3, 3, dtype=torch.float16))
