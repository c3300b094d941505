"""Tables looked up by index: embedding, embedding_bag, one_hot, and nn.Embedding, nn.EmbeddingBag."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.backward import keeps_positions
from convsym.graph.call import FREE, Cost
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.dtypes import require_dtype
from convsym.ops.index import extremes
from convsym.sizes.arithmetic import Size, multiply, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, eq, ge, gt


def _require_table(site: Site, op: str, input: Tensor, weight: Tensor) -> bool:
    require_dtype(site, op, "an index", input, torch.int64, torch.int32)
    return site.require(
        "input-rank",
        TRUE if weight.rank == 2 else FALSE,
        "{} takes a table (num_embeddings, embedding_dim), but gets shape {}",
        op,
        weight.shape,
        help="give it a matrix",
    )


def _require_rows(site: Site, op: str, input: Tensor, rows: Size) -> None:
    ends = extremes(input)
    low, high = (0, 0) if ends is None else ends
    site.require(
        "index-out-of-range",
        any_of(all_of(ge(low, 0), gt(rows, high)), eq(input.numel, 0)),
        "{} looks up the indices {} to {} in a table of {} rows",
        op,
        low,
        high,
        rows,
        help="make num_embeddings larger than every index",
    )


def embedding(
    site: Site,
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Outcome:
    """Rows of `weight` (num_embeddings, embedding_dim), one for each index: (...) gives (..., embedding_dim)."""
    if not _require_table(site, "embedding", input, weight):
        return Outcome(Tensor((*input.shape, site.unknown(1)), weight.dtype))
    rows, dim = weight.shape
    parameters = {"num_embeddings": rows, "embedding_dim": dim}
    if padding_idx is not None:
        site.require(
            "padding-idx",
            gt(rows, padding_idx) if padding_idx > 0 else ge(rows, -padding_idx),
            "embedding has padding_idx={}, but only {} rows",
            padding_idx,
            rows,
            help="choose a padding_idx inside the table",
        )
    _require_rows(site, "embedding", input, rows)
    return Outcome(Tensor((*input.shape, dim), weight.dtype), parameters=parameters)


def _builtin(site: Site, weight: Tensor, indices: Tensor, padding_idx: int = -1, *args: Any, **named: Any) -> Outcome:
    return embedding(site, indices, weight)


def embedding_bag(
    site: Site,
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Outcome:
    """Rows of a table, summed or averaged over bags: (N, L), or a vector cut at `offsets`, gives (N, embedding_dim).

    One element-wise operation for each row element read.
    """
    if not _require_table(site, "embedding_bag", input, weight):
        return Outcome(Tensor((*input.shape[:1], site.unknown(1)), weight.dtype))
    rows, dim = weight.shape
    parameters = {"num_embeddings": rows, "embedding_dim": dim, "mode": mode}
    shaped = (input.rank == 2 and offsets is None) or (input.rank == 1 and offsets is not None and offsets.rank == 1)
    site.require(
        "embedding-bag",
        TRUE if shaped else FALSE,
        "embedding_bag takes indices (N, L), or a vector with offsets (N), but gets shape {} and offsets {}",
        input.shape,
        "None" if offsets is None else offsets.shape,
        help="give offsets with a vector of indices, and none with a matrix",
    )
    site.require(
        "embedding-bag",
        TRUE if mode in ("sum", "mean", "max") and (per_sample_weights is None or mode == "sum") else FALSE,
        "embedding_bag has mode={}, with{} per_sample_weights",
        repr(mode),
        "out" if per_sample_weights is None else "",
        help="modes are sum, mean and max; weights go with sum only",
    )
    if per_sample_weights is not None:
        same = per_sample_weights.rank == input.rank
        pairs = zip(input.shape, per_sample_weights.shape, strict=False)
        site.require(
            "embedding-bag",
            all_of(TRUE if same else FALSE, *(eq(a, b) for a, b in pairs)),
            "embedding_bag takes weights of the shape {} of its indices, but gets {}",
            input.shape,
            per_sample_weights.shape,
            help="give one weight for each index",
        )
    if input.rank == 2:
        site.require(
            "embedding-bag",
            ge(input.shape[1], 1),
            "embedding_bag takes bags of at least one index, but gets shape {}",
            input.shape,
            help="use a larger input",
        )
    _require_rows(site, "embedding_bag", input, rows)
    bags: Size = input.shape[0] if input.rank else 1
    if offsets is not None and offsets.rank:
        bags = subtract(offsets.shape[0], 1) if include_last_offset else offsets.shape[0]
    return Outcome(Tensor((bags, dim), weight.dtype), Cost(elementwise=multiply(input.numel, dim)), parameters)


def one_hot(site: Site, input: Tensor, num_classes: Any = -1) -> Outcome:
    """A 1 at each index among zeros: (...) gives (..., num_classes). Without a number of classes the data decides."""
    require_dtype(site, "one_hot", "an index", input, torch.int64)
    ends = extremes(input)
    if type(num_classes) is int and num_classes == -1:
        site.require(
            "empty-input",
            ge(input.numel, 1),
            "one_hot cannot tell the number of classes from the empty shape {}",
            input.shape,
            help="give num_classes",
        )
        return Outcome(Tensor((*input.shape, site.unknown(1) if ends is None else ends[1] + 1), torch.int64), FREE)
    low, high = (0, 0) if ends is None else ends
    site.require(
        "index-out-of-range",
        any_of(all_of(gt(num_classes, high), ge(low, 0)), all_of(eq(input.numel, 0), ge(num_classes, 1))),
        "one_hot gets indices {} to {} for {} classes",
        low,
        high,
        num_classes,
        help="make num_classes larger than every index",
    )
    return Outcome(Tensor((*input.shape, num_classes), torch.int64), parameters={"num_classes": num_classes})


def _embedding_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.weight, module.padding_idx), {}


def _bag_arguments(
    module: Any, input: Any, offsets: Any = None, per_sample_weights: Any = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.weight, offsets), {
        "mode": module.mode,
        "per_sample_weights": per_sample_weights,
        "include_last_offset": module.include_last_offset,
    }


RULES = keeping(
    keeps_positions,
    OpRule("embedding", embedding, (F.embedding,), {nn.Embedding: _embedding_arguments}),
    OpRule("embedding", _builtin, (torch.embedding,)),
    OpRule("embedding_bag", embedding_bag, (F.embedding_bag,), {nn.EmbeddingBag: _bag_arguments}),
    OpRule("one_hot", one_hot, (F.one_hot,)),
)
