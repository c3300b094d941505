"""Norms of vectors and matrices: torch.norm, torch.linalg.norm, vector_norm and matrix_norm."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import keeps_both
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.reduce import reduction
from convsym.sizes.condition import FALSE, TRUE, all_of, ge

_MATRIX_ORDERS = ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf"))


def vector_norm(
    site: Site,
    x: Tensor,
    ord: Any = 2,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Outcome:
    """A norm of the elements along some axes, or of all; the result is real."""
    made = reduction("norm", "hfc", "real", site, x, dim, keepdim, dtype=None)
    if ord in (float("inf"), -float("inf")) or ord < 0:
        sizes = tuple(n for i, n in enumerate(x.shape) if dim is None or i in _axes(dim, x.rank))
        site.require(
            "empty-input",
            all_of(*(ge(n, 1) for n in sizes)),
            "norm of order {} over axes of sizes {} has nothing to choose from",
            str(ord),
            sizes,
            help="reduce over axes that have at least one element",
        )
    return (
        made
        if dtype is None
        else Outcome(made.output.as_dtype(dtype.to_real() if dtype.is_complex else dtype), made.cost)
    )


def _axes(dim: Any, rank: int) -> set[int]:
    return {d % max(rank, 1) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))}


def matrix_norm(
    site: Site,
    A: Tensor,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Outcome:
    """A norm of the matrices that two axes hold."""
    site.require(
        "argument-choice",
        TRUE if ord in _MATRIX_ORDERS else FALSE,
        "matrix_norm has ord={}, which is no norm of matrices",
        repr(ord),
        help="use 'fro', 'nuc', 1, -1, 2, -2, inf or -inf",
    )
    _require_axes(site, "matrix_norm", A, dim, 2)
    return reduction("norm", "hfc", "real", site, A, dim, keepdim, dtype=dtype)


def _require_axes(site: Site, op: str, A: Tensor, dim: Any, count: int) -> None:
    given = len(dim) if isinstance(dim, (tuple, list)) else 1
    site.require(
        "input-rank",
        TRUE if given == count and A.rank >= count else FALSE,
        "{} needs {} axes, but gets dim={} of shape {}",
        op,
        str(count),
        str(dim),
        A.shape,
        help="name the axes of the matrix",
    )


def linalg_norm(
    site: Site,
    A: Tensor,
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Outcome:
    """A norm of a vector or a matrix, as one or two axes are named; of all elements where nothing is named."""
    if ord is None:
        return vector_norm(site, A, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        site.require(
            "input-rank",
            TRUE if A.rank in (1, 2) else FALSE,
            "linalg.norm with ord={} and no dim takes a vector or a matrix, but gets shape {}",
            repr(ord),
            A.shape,
            help="name the axes with dim",
        )
        dim = tuple(range(A.rank))
    if isinstance(dim, int) or len(dim) == 1:
        return vector_norm(site, A, 2 if isinstance(ord, str) else ord, dim, keepdim, dtype=dtype)
    return matrix_norm(site, A, ord, dim, keepdim, dtype=dtype)


def norm(
    site: Site,
    input: Tensor,
    p: Any = "fro",
    dim: Any = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Outcome:
    """torch.norm and Tensor.norm: the norm of order p of all elements, or along some axes."""
    if p == "nuc":
        return matrix_norm(site, input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    order = 2 if p in ("fro", None) else p
    return vector_norm(site, input, order, dim, keepdim, dtype=dtype)


RULES = keeping(
    keeps_both,
    OpRule("norm", norm, (torch.norm, torch.Tensor.norm)),
    OpRule("norm", linalg_norm, (torch.linalg.norm,)),
    OpRule("norm", vector_norm, (torch.linalg.vector_norm,)),
    OpRule("norm", matrix_norm, (torch.linalg.matrix_norm,)),
)
