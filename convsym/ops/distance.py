"""Distances and similarities of vectors: cosine_similarity, pairwise_distance, cdist, and margin losses on them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from convsym.graph.backward import Backward, Gradient, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis
from convsym.ops.broadcast import broadcast, result_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.dtypes import require_one_dtype
from convsym.ops.elementwise import pointwise, require_kind
from convsym.ops.loss import reduced, reduction_of
from convsym.ops.reduce import without
from convsym.sizes.arithmetic import Size, multiply, product
from convsym.sizes.condition import FALSE, TRUE, Condition, any_of, eq, gt
from convsym.sizes.truth import Truth


def cosine_similarity(site: Site, x1: Tensor, x2: Tensor, dim: int = 1, eps: Any = 1e-8) -> Outcome:
    """The cosine of the angle between vectors that lie along one axis of two tensors, which are broadcast."""
    dtype = result_dtype(x1, x2)
    require_kind(site, "cosine_similarity", dtype, "hf")
    made = pointwise(site, "cosine_similarity", dtype, x1, x2, work=3)
    at = axis(site, "cosine_similarity", dim, made.output.rank)
    axes = (at,) if at is not None else (made.output.rank - 1,)
    # Both lengths, their squares within bounds, and the vectors at length one.
    lengths = [Tensor(without(made.output.shape, axes, True), dtype) for _ in range(4)]
    unit = [Tensor(made.output.shape, dtype) for _ in range(2)]
    backward = Backward(tuple(map(Saved, (x1, x2, *lengths, *unit))))
    return Outcome(Tensor(without(made.output.shape, axes, False), dtype), made.cost, {"dim": dim}, backward)


def pairwise_distance(
    site: Site, x1: Tensor, x2: Tensor, p: Any = 2.0, eps: Any = 1e-6, keepdim: bool = False
) -> Outcome:
    """The norm of the difference of vectors that lie along the last axis of two tensors, which are broadcast."""
    dtype = result_dtype(x1, x2)
    require_kind(site, "pairwise_distance", dtype, "hf")
    made = pointwise(site, "pairwise_distance", dtype, x1, x2, work=2)
    shape = without(made.output.shape, (made.output.rank - 1,), bool(keepdim)) if made.output.rank else ()
    output = Tensor(shape, dtype)
    difference = made.output.with_shape(*made.output.shape)
    backward = Backward((Saved(difference), Saved(output))) if p == 2 else None
    return Outcome(output, made.cost, backward=backward)


def cdist(site: Site, x1: Tensor, x2: Tensor, p: Any = 2.0, compute_mode: Any = None) -> Outcome:
    """The distances of all rows of `x1` (..., P, M) from all rows of `x2` (..., R, M): (..., P, R)."""
    if not site.require(
        "input-rank",
        TRUE if x1.rank >= 2 and x2.rank >= 2 else FALSE,
        "cdist takes tensors of at least 2 axes, but gets shapes {} and {}",
        x1.shape,
        x2.shape,
        help="give it (..., rows, features)",
    ):
        return Outcome(x1.with_shape(*x1.shape[:-1], *x2.shape[:-1]))
    require_kind(site, "cdist", x1.dtype, "f")
    require_one_dtype(site, "cdist", x1, x2)
    site.require(
        "matmul-mismatch",
        eq(x1.shape[-1], x2.shape[-1]),
        "cdist compares rows of {} and {} features, which must be equal",
        x1.shape[-1],
        x2.shape[-1],
        help="give both tensors the same last size",
    )
    batch = broadcast(site, x1.shape[:-2], x2.shape[:-2], op="cdist")
    output = x1.with_shape(*batch, x1.shape[-2], x2.shape[-2])
    work = product((*output.shape, x1.shape[-1]))
    many = _EUCLIDEAN.get(compute_mode, FALSE) if p == 2 else FALSE
    if many is None:
        many = any_of(gt(x1.shape[-2], _FEW_ROWS), gt(x2.shape[-2], _FEW_ROWS))
    products = site.decide(many)
    gradients: tuple[Gradient, ...] = ()
    kept = [x1, x2]
    if products is Truth.YES:
        gradients = tuple(Gradient((x,), multiply(2, work)) for x in kept)
        kept = [_as_rows(x, batch) for x in kept]
    backward = Backward(tuple(map(Saved, (*kept, output))), gradients, all_gradients=products is not Truth.UNKNOWN)
    return Outcome(output, Cost(elementwise=work), {"p": p}, backward)


def _as_rows(x: Tensor, batch: tuple[Size, ...]) -> Tensor:
    """The rows of every member of a batch, one after the other: a copy, unless they lie there like that."""
    return x if x.strides is None and x.shape[:-2] == batch else x.with_shape(*batch, *x.shape[-2:])


#: Up to so many rows torch computes distances element by element, and so their gradients; beyond, by products.
_FEW_ROWS = 25
_EUCLIDEAN: dict[Any, Condition | None] = {
    None: None,
    0: None,
    1: TRUE,
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": TRUE,
}


def margin_ranking_loss(
    site: Site, input1: Tensor, input2: Tensor, target: Tensor, margin: Any = 0.0, reduction: Any = 1
) -> Outcome:
    """How far `input1` is from ranking above `input2`, or below it where `target` is -1; operands are broadcast."""
    kind = reduction_of(site, "margin_ranking_loss", reduction)
    dtype = result_dtype(input1, input2, target)
    return reduced(pointwise(site, "margin_ranking_loss", dtype, input1, input2, target, work=3), kind)


def hinge_embedding_loss(site: Site, input: Tensor, target: Tensor, margin: Any = 1.0, reduction: Any = 1) -> Outcome:
    """A distance where `target` is 1, and what it lacks to `margin` where it is -1; operands are broadcast."""
    kind = reduction_of(site, "hinge_embedding_loss", reduction)
    dtype = result_dtype(input, target)
    return reduced(pointwise(site, "hinge_embedding_loss", dtype, input, target, work=2), kind)


def _similarity_module(module: Any, x1: Any, x2: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (x1, x2, module.dim, module.eps), {}


def _distance_module(module: Any, x1: Any, x2: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (x1, x2, module.norm, module.eps, module.keepdim), {}


RULES = (
    OpRule(
        "cosine_similarity", cosine_similarity, (torch.cosine_similarity,), {nn.CosineSimilarity: _similarity_module}
    ),
    OpRule("pairwise_distance", pairwise_distance, (torch.pairwise_distance,), {nn.PairwiseDistance: _distance_module}),
    OpRule("cdist", cdist, (torch.cdist, torch._C._VariableFunctions.cdist)),  # type: ignore[attr-defined]
    OpRule("margin_ranking_loss", margin_ranking_loss, (torch.margin_ranking_loss,)),
    OpRule("hinge_embedding_loss", hinge_embedding_loss, (torch.hinge_embedding_loss,)),
)
