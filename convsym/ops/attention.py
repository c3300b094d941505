"""Scaled dot product attention: torch.nn.functional.scaled_dot_product_attention."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from convsym.graph.backward import Backward, Gradient
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.attention_backward import kept_by_kernel, kept_by_products
from convsym.ops.broadcast import Shape, broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.dtypes import single_for_half
from convsym.ops.layout import elementwise_strides
from convsym.ops.matmul import require_inner, require_one_dtype
from convsym.ops.strides import as_rows, stretched
from convsym.sizes.arithmetic import Size, multiply, product
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, divides, eq, negate
from convsym.sizes.truth import Truth

_OP = "scaled_dot_product_attention"


def attention(
    site: Site,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: Any = 0.0,
    is_causal: bool = False,
    *,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Outcome:
    """softmax(query key^T + attn_mask) value, for `query` (..., L, E), `key` (..., S, E) and `value` (..., S, Ev).

    FLOPs are those of the two matrix products, 2 L S E + 2 L S Ev for each matrix of the broadcast batch, as torch
    counts them where attention runs as products; its counter leaves out the fused CPU kernel. Scores and their mask
    are element-wise work. Key and value must have one length S in every case: the fused CPU kernel does not check
    that, and reads past the end of the shorter one.
    """
    parameters = {"is_causal": is_causal, "dropout_p": dropout_p, "enable_gqa": enable_gqa}
    if not _require_operands(site, query, key, value, attn_mask, dropout_p, enable_gqa):
        return Outcome(query.with_shape(*query.shape[:-1], *value.shape[-1:]), parameters=parameters)
    require_one_dtype(site, _OP, query, key, value)
    _require_mask_dtype(site, query, attn_mask)
    *heads, length, features = query.shape
    key_batch, value_batch = key.shape[:-2], value.shape[:-2]
    if enable_gqa:
        key_batch, value_batch = _repeated(site, heads, key_batch), _repeated(site, heads, value_batch)
    require_inner(site, f"{_OP} (query by key)", query, key, features, key.shape[-1])
    batch = broadcast(site, tuple(heads), key_batch, op=f"{_OP} (counting batch axes only)")
    scores: Shape = (*batch, length, key.shape[-2])
    # Queries and keys are scaled, and half precision is computed in single, so the products read copies: of each head.
    inner = single_for_half(query.dtype)
    scaled = Tensor((*batch, length, features), inner), Tensor((*batch, *key.shape[-2:]), inner)
    cost = Cost(flops=multiply(2, multiply(product(scores), features)))
    if attn_mask is not None:
        scores = broadcast(site, scores, attn_mask.shape, op=f"{_OP} (its scores and attn_mask)")
        cost += Cost(elementwise=product(scores))
    require_inner(site, f"{_OP} (scores by value)", Tensor(scores, query.dtype), value, scores[-1], value.shape[-2])
    batch = broadcast(site, scores[:-2], value_batch, op=f"{_OP} (counting batch axes only)")
    # What must hold for the call to run at all may decide it.
    fused = _is_fused(site, query, key, value, attn_mask, dropout_p, enable_gqa)
    if attn_mask is not None:
        _refuse_mask_beside_causal(site, is_causal, fused)
    output = query.with_shape(*batch, scores[-2], value.shape[-1])
    by_value = Cost(flops=multiply(2, multiply(output.numel, scores[-1])), elementwise=product(scores))
    repeated = value if value_batch == value.shape[:-2] else value.with_shape(*value_batch, *value.shape[-2:])
    read = as_rows(stretched(repeated, (*batch, *value.shape[-2:])), batch=1)
    if fused:
        output = Tensor(output.shape, output.dtype, elementwise_strides(site, output.shape, query))
        saved = kept_by_kernel(query, key, value, attn_mask, output)
    else:
        weights = Tensor(scores, inner)
        saved = kept_by_products(query, key, value, attn_mask, scaled, read.as_dtype(inner), weights, dropout_p)
    gradients = (
        *(Gradient((operand,), cost.flops) for operand in (query, key)),
        Gradient((query, key) if attn_mask is None else (query, key, attn_mask), by_value.flops),
        Gradient((value,), by_value.flops),
    )
    return Outcome(output, cost + by_value, parameters, Backward(saved, gradients))


def _require_operands(
    site: Site, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: Any, enable_gqa: bool
) -> bool:
    least = 3 if enable_gqa else 2
    ranks = site.require(
        "attention-rank",
        TRUE if all(t.rank >= least for t in (query, key, value)) else FALSE,
        "{} takes query, key and value of at least {} axes, but gets {}, {} and {}",
        _OP,
        str(least),
        query.shape,
        key.shape,
        value.shape,
        help="give it (..., length, features)",
    )
    masks = mask is None or site.require(
        "attention-rank",
        TRUE if mask.rank >= 2 else negate(_fused_batches(query, key, value, dropout_p, enable_gqa)),
        "{} takes an attn_mask of at least 2 axes, but gets shape {}",
        _OP,
        mask.shape,
        help="give it one row for each query: mask[None, :] for one mask of keys",
    )
    number = isinstance(dropout_p, (int, float))
    site.require(
        "dropout-probability",
        TRUE if not number or 0 <= dropout_p <= 1 else FALSE,
        "{} has dropout_p={}, which must be a probability",
        _OP,
        str(dropout_p),
        help="choose a number from 0 to 1",
    )
    floats = site.require(
        "dtype-mismatch",
        TRUE if query.dtype.is_floating_point else FALSE,
        "{} takes floating-point tensors, but gets {}",
        _OP,
        str(query.dtype).removeprefix("torch."),
        help="convert query, key and value with .float()",
    )
    return ranks and masks and floats


def _require_mask_dtype(site: Site, query: Tensor, mask: Tensor | None) -> None:
    if mask is not None:
        site.require(
            "dtype-mismatch",
            TRUE if mask.dtype in (torch.bool, torch.float32, query.dtype) else FALSE,
            "{} takes an attn_mask of dtype bool or of the dtype of its query ({}), but gets {}",
            _OP,
            str(query.dtype).removeprefix("torch."),
            str(mask.dtype).removeprefix("torch."),
            help="convert the mask with .to(query.dtype), or make it a bool mask",
        )


def _refuse_mask_beside_causal(site: Site, is_causal: bool, fused: bool) -> None:
    site.require(
        "attention-mask",
        FALSE if is_causal and not fused else TRUE,
        "{} takes is_causal=True or an attn_mask, not both",
        _OP,
        help="put the causal pattern into the mask",
    )


def _repeated(site: Site, heads: list[Size], batch: Shape) -> Shape:
    """The batch axes of a key or value whose heads are repeated for the groups of query heads that share them."""
    fits = site.require(
        "attention-heads",
        divides(batch[-1], heads[-1]),
        "{} shares {} key or value heads among {} query heads, which cannot be done evenly",
        _OP,
        batch[-1],
        heads[-1],
        help="make the number of query heads a multiple of the number of key and value heads",
    )
    return (*batch[:-1], heads[-1]) if fits else batch


def _is_fused(
    site: Site, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: Any, enable_gqa: bool
) -> bool:
    """Whether the CPU takes its fused kernel, whose output has the query's layout, and not two matrix products."""
    matching = _fused_batches(query, key, value, dropout_p, enable_gqa)
    if matching is FALSE or any(t.strides is not None and t.strides[-1] != 1 for t in (query, key, value)):
        return False
    batch, heads, length, features = query.shape
    same = [matching, eq(features, key.shape[3]), eq(features, value.shape[3])]
    if mask is not None:
        if mask.rank not in (2, 4) or site.requires_grad(mask):
            return False
        wanted = (batch, heads, length, key.shape[2])[-mask.rank :]
        same.extend(any_of(eq(m, w), eq(m, 1)) for m, w in zip(mask.shape, wanted, strict=True))
    return site.decide(all_of(*same)) is Truth.YES


def _fused_batches(query: Tensor, key: Tensor, value: Tensor, dropout_p: Any, enable_gqa: bool) -> Condition:
    """What the fused CPU kernel asks of batches and heads; torch looks at the mask only where this holds."""
    if not query.rank == key.rank == value.rank == 4 or dropout_p != 0:
        return FALSE
    same = [eq(query.shape[0], key.shape[0]), eq(query.shape[0], value.shape[0]), eq(key.shape[1], value.shape[1])]
    if not enable_gqa:
        same.append(eq(query.shape[1], key.shape[1]))
    return all_of(*same)


def packed(site: Site, input: Tensor, mask: Tensor, mask_check: bool = True) -> Outcome:
    """Whether nn.TransformerEncoder may pack its input into a nested tensor: never, so its layers run one by one.

    That is what they do after `torch.backends.mha.set_fastpath_enabled(False)`, where torch's counter can see inside.
    """
    return Outcome(False)


RULES = (
    OpRule("scaled_dot_product_attention", attention, (F.scaled_dot_product_attention,)),
    OpRule("nested_tensor_from_mask_left_aligned", packed, (torch._nested_tensor_from_mask_left_aligned,)),
)
