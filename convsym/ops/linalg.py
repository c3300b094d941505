"""Linear algebra on stacks of matrices: inverses, determinants, decompositions, solvers, torch.cross, torch.trace.

None of it is among the FLOPs that torch counts; it costs one element-wise operation per element of the matrices.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convsym.graph.backward import (
    Backward,
    Keeps,
    Saved,
    Tensors,
    keeps_all,
    keeps_both,
    keeps_input,
    keeps_nothing,
    keeps_result,
    keeps_results,
)
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.arguments import axis
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.elementwise import ANY, real_dtype, require_kind
from convsym.ops.layout import elementwise_strides
from convsym.ops.matmul import require_one_dtype
from convsym.ops.strides import normal
from convsym.sizes.arithmetic import Size, minimum
from convsym.sizes.condition import FALSE, TRUE, all_of, eq

Shape = tuple[Size, ...]
_types: Any = torch.return_types


def require_matrix(site: Site, op: str, input: Tensor) -> bool:
    """An operand of matrices: floats of at least two axes."""
    require_kind(site, op, input.dtype, "hfc" if op == "matrix_exp" else "fc")
    return site.require(
        "matrix-rank",
        TRUE if input.rank >= 2 else FALSE,
        "{} takes matrices, but gets a tensor of shape {}",
        op,
        input.shape,
        help="give it (..., rows, columns)",
    )


def require_square(site: Site, op: str, input: Tensor) -> bool:
    """An operand of square matrices."""
    return require_matrix(site, op, input) and site.require(
        "square-matrix",
        eq(input.shape[-1], input.shape[-2]),
        "{} takes square matrices, but gets {} by {} matrices",
        op,
        input.shape[-2],
        input.shape[-1],
        help="make the last two sizes equal",
    )


def by_columns(shape: Shape, dtype: torch.dtype) -> Tensor:
    """Matrices laid out column by column, as LAPACK leaves them."""
    if len(shape) < 2:
        return Tensor(shape, dtype)
    *batch, rows, columns = contiguous_strides((*shape[:-2], shape[-1], shape[-2]))
    return Tensor(shape, dtype, normal(shape, (*batch, columns, rows)))


def _cost(input: Tensor) -> Cost:
    return Cost(elementwise=input.numel)


def _complex(dtype: torch.dtype) -> torch.dtype:
    return dtype if dtype.is_complex else torch.complex128 if dtype == torch.float64 else torch.complex64


def square(make: Any, op: str, site: Site, input: Tensor, *args: Any, **kwargs: Any) -> Outcome:
    """An operation on square matrices (..., n, n); `make(batch, n, dtype)` says what comes out."""
    if not require_square(site, op, input) and input.rank < 2:
        return Outcome(input)
    return Outcome(make(input.shape[:-2], input.shape[-1], input.dtype), _cost(input))


def _inverse(batch: Shape, n: Size, dtype: torch.dtype) -> Tensor:
    return by_columns((*batch, n, n), dtype)


def _same(batch: Shape, n: Size, dtype: torch.dtype) -> Tensor:
    return Tensor((*batch, n, n), dtype)


def _number(batch: Shape, n: Size, dtype: torch.dtype) -> Tensor:
    return Tensor(batch, dtype)


def _with_info(kind: Any, batch: Shape, n: Size, dtype: torch.dtype) -> Any:
    return kind((_inverse(batch, n, dtype), Tensor(batch, torch.int32)))


def _sign_and_logarithm(kind: Any, batch: Shape, n: Size, dtype: torch.dtype) -> Any:
    return kind((Tensor(batch, dtype), Tensor(batch, real_dtype(dtype))))


def _eigenvalues(batch: Shape, n: Size, dtype: torch.dtype) -> Tensor:
    return Tensor((*batch, n), _complex(dtype))


def _eig(batch: Shape, n: Size, dtype: torch.dtype) -> Any:
    parts = (_eigenvalues(batch, n, dtype), by_columns((*batch, n, n), _complex(dtype)))
    return _types.linalg_eig(parts)


def _real_eigenvalues(batch: Shape, n: Size, dtype: torch.dtype) -> Tensor:
    return Tensor((*batch, n), real_dtype(dtype))


def _eigh(batch: Shape, n: Size, dtype: torch.dtype) -> Any:
    parts = (_real_eigenvalues(batch, n, dtype), by_columns((*batch, n, n), dtype))
    return _types.linalg_eigh(parts)


def svd(site: Site, A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Outcome:
    """torch.linalg.svd: U (..., m, m), S (..., k), Vh (..., n, n) with k = min(m, n); U and Vh reduced if not full."""
    if not require_matrix(site, "svd", A):
        return Outcome((A, A, A))
    *batch, m, n = A.shape
    k = minimum(m, n)
    rows, columns = (m, n) if full_matrices else (k, k)
    parts = (
        by_columns((*batch, m, rows), A.dtype),
        Tensor((*batch, k), real_dtype(A.dtype)),
        by_columns((*batch, columns, n), A.dtype),
    )
    return Outcome(_types.linalg_svd(parts), _cost(A))


def old_svd(site: Site, input: Tensor, some: bool = True, compute_uv: bool = True) -> Outcome:
    """torch.svd: U, S and V, whose rows are the columns of torch.linalg.svd's Vh."""
    made = svd(site, input, full_matrices=not (some and compute_uv))
    u, s, vh = made.output
    if input.rank < 2:
        return made
    *batch, k, n = vh.shape
    if compute_uv:
        v = Tensor((*batch, n, k), vh.dtype)
    else:
        u, v = Tensor(u.shape, u.dtype), by_columns((*batch, n, n), vh.dtype)
    return Outcome(_types.svd((u, s, v)), made.cost)


def svdvals(site: Site, A: Tensor, *, driver: str | None = None) -> Outcome:
    """The singular values (..., min(m, n))."""
    made = svd(site, A, full_matrices=False)
    return Outcome(made.output[1], made.cost)


def qr(site: Site, A: Tensor, mode: str = "reduced") -> Outcome:
    """torch.linalg.qr: Q (..., m, k) and R (..., k, n) with k = min(m, n), or m where the mode is "complete"."""
    return _qr(site, A, mode, _types.linalg_qr)


def old_qr(site: Site, input: Tensor, some: bool = True) -> Outcome:
    """torch.qr."""
    return _qr(site, input, "reduced" if some else "complete", _types.qr)


def _qr(site: Site, A: Tensor, mode: str, kind: Any) -> Outcome:
    known = site.require(
        "argument-value",
        TRUE if mode in ("reduced", "complete", "r") else FALSE,
        "qr has mode={}, which must be 'reduced', 'complete' or 'r'",
        repr(mode),
    )
    if not (require_matrix(site, "qr", A) and known):
        return Outcome((A, A))
    *batch, m, n = A.shape
    k = m if mode == "complete" else minimum(m, n)
    q = Tensor((0,), A.dtype) if mode == "r" else by_columns((*batch, m, k), A.dtype)
    return Outcome(kind((q, by_columns((*batch, k, n), A.dtype))), _cost(A))


def pinv(
    site: Site, A: Tensor, rcond: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False
) -> Outcome:
    """The pseudo-inverse (..., n, m) of matrices (..., m, n)."""
    fits = require_square(site, "pinv", A) if hermitian else require_matrix(site, "pinv", A)
    if not fits and A.rank < 2:
        return Outcome(A)
    return Outcome(A.with_shape(*A.shape[:-2], A.shape[-1], A.shape[-2]), _cost(A))


def matrix_rank(
    site: Site, A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Outcome:
    """The rank of each matrix, an integer."""
    fits = require_square(site, "matrix_rank", A) if hermitian else require_matrix(site, "matrix_rank", A)
    return Outcome(Tensor(A.shape[:-2] if fits else (), torch.int64), _cost(A))


def solve(site: Site, A: Tensor, B: Tensor, *, left: bool = True) -> Outcome:
    """The X with A X = B, or X A = B: `B` holds matrices (..., n, k), or one vector (n) or (..., n) for each matrix."""
    require_one_dtype(site, "solve", A, B)
    if not require_square(site, "solve", A) or not B.rank:
        site.require("matrix-rank", FALSE if not B.rank else TRUE, "solve takes a right side of at least one axis")
        return Outcome(B)
    vectors = B.rank == 1
    if B.rank == A.rank - 1 and not vectors:
        vectors = site.holds(all_of(*(eq(a, b) for a, b in zip(A.shape[:-1], B.shape, strict=True))))
    site.require(
        "matmul-mismatch",
        TRUE if left or not vectors else FALSE,
        "solve takes no vector of shape {} for X A = B, only matrices",
        B.shape,
        help="divide by the matrices' only element, or give the right side rows and columns",
    )
    inner = B.shape[-1] if vectors or not left else B.shape[-2]
    site.require(
        "matmul-mismatch",
        eq(A.shape[-1], inner),
        "solve has matrices of shape {} and a right side of shape {}, but {} and {} differ",
        A.shape,
        B.shape,
        A.shape[-1],
        inner,
        help="give every row of the matrices a row of the right side",
    )
    of_right: Shape = () if B.rank == 1 else B.shape[:-1] if vectors else B.shape[:-2]
    batch = broadcast(site, A.shape[:-2], of_right, op="solve (counting its batch axes only)")
    shape = (*batch, inner) if vectors else (*batch, *B.shape[-2:])
    return Outcome(by_columns(shape, B.dtype) if left else Tensor(shape, B.dtype), _cost(A))


def solve_triangular(
    site: Site, A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Outcome:
    """The X with A X = B, or X A = B, for triangular A (..., n, n) and matrices B (..., n, k)."""
    require_one_dtype(site, "solve_triangular", A, B)
    if not (require_square(site, "solve_triangular", A) and require_matrix(site, "solve_triangular", B)):
        return Outcome(B)
    inner = B.shape[-2 if left else -1]
    site.require(
        "matmul-mismatch",
        eq(A.shape[-1], inner),
        "solve_triangular has matrices of shape {} and a right side of shape {}, but {} and {} differ",
        A.shape,
        B.shape,
        A.shape[-1],
        inner,
        help="give every row of the matrices a row of the right side",
    )
    batch = broadcast(site, A.shape[:-2], B.shape[:-2], op="solve_triangular (counting its batch axes only)")
    return Outcome(by_columns((*batch, *B.shape[-2:]), B.dtype), _cost(A))


def lu_factor(kind: Any, site: Site, A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Outcome:
    """The packed factors of matrices (..., m, n) and the min(m, n) pivots of each."""
    if not require_matrix(site, "lu_factor", A):
        return Outcome((A, A))
    *batch, m, n = A.shape
    parts = [by_columns(A.shape, A.dtype), Tensor((*batch, minimum(m, n)), torch.int32)]
    if kind is _types.linalg_lu_factor_ex:
        parts.append(Tensor(tuple(batch), torch.int32))
    return Outcome(kind(parts), _cost(A))


def linalg_cross(site: Site, input: Tensor, other: Tensor, *, dim: int = -1) -> Outcome:
    """torch.linalg.cross: the cross product of vectors along an axis of size 3; the other axes broadcast."""
    return cross(site, input, other, dim)


def cross(site: Site, input: Tensor, other: Tensor, dim: int | None = None) -> Outcome:
    """torch.cross, which takes the first axis of size 3 where it is told none."""
    if not site.require(
        "cross-rank",
        TRUE if input.rank == other.rank and input.rank else FALSE,
        "cross takes two tensors with as many axes, but gets shapes {} and {}",
        input.shape,
        other.shape,
        help="unsqueeze the one with fewer axes",
    ):
        return Outcome(input)
    if dim is None:
        dim = next((i for i, size in enumerate(input.shape) if site.holds(eq(size, 3))), -1)
    at = axis(site, "cross", dim, input.rank)
    if at is None:
        return Outcome(input)
    site.require(
        "cross-length",
        all_of(eq(input.shape[at], 3), eq(other.shape[at], 3)),
        "cross needs 3 elements along axis {}, but gets {} and {}",
        str(at),
        input.shape[at],
        other.shape[at],
        help="name the axis that holds the three coordinates with dim",
    )
    require_one_dtype(site, "cross", input, other)
    shape = broadcast(site, input.shape, other.shape, op="cross")
    output = Tensor(shape, input.dtype, elementwise_strides(site, shape, input, other))
    return Outcome(output, Cost(elementwise=output.numel))


def trace(site: Site, input: Tensor) -> Outcome:
    """The sum of the diagonal of one matrix."""
    site.require(
        "matrix-rank",
        TRUE if input.rank == 2 else FALSE,
        "trace takes one matrix, but gets a tensor of shape {}",
        input.shape,
        help="sum torch.diagonal(x, dim1=-2, dim2=-1) for stacks of matrices",
    )
    require_kind(site, "trace", input.dtype, ANY)
    exact = not (input.dtype.is_floating_point or input.dtype.is_complex)
    work = minimum(*input.shape) if input.rank else 0
    return Outcome(Tensor((), torch.int64 if exact else input.dtype), Cost(elementwise=work))


def _keeps_factors(inputs: Tensors, outputs: Tensors) -> Backward:
    """The matrices, the result, and the factors L and U that it was computed with, beside the order of their rows."""
    matrices = inputs[0]
    factors = by_columns(matrices.shape, matrices.dtype)
    order = Tensor(matrices.shape[:-1], torch.int32)
    return Backward(tuple(map(Saved, (matrices, factors, order, outputs[0]))))


def _keeps_vectors(inputs: Tensors, outputs: Tensors) -> Backward:
    """Eigenvalues are computed with their vectors, if a gradient is wanted."""
    values = outputs[0]
    vectors = Saved(by_columns(inputs[0].shape, values.dtype), only_for_backward=True)
    return Backward((Saved(values), vectors))


def _keeps_singular_vectors(inputs: Tensors, outputs: Tensors) -> Backward:
    *batch, m, n = inputs[0].shape
    k = minimum(m, n)
    left, right = by_columns((*batch, m, k), inputs[0].dtype), by_columns((*batch, k, n), inputs[0].dtype)
    return Backward((Saved(outputs[0]), *(Saved(each, only_for_backward=True) for each in (left, right))))


_SQUARE: tuple[tuple[str, Any, tuple[Any, ...], Keeps], ...] = (
    ("inv", _inverse, (torch.linalg.inv, torch.inverse, torch.Tensor.inverse), keeps_result),
    ("inv_ex", partial(_with_info, _types.linalg_inv_ex), (torch.linalg.inv_ex,), keeps_result),
    ("det", _number, spellings("det"), _keeps_factors),
    ("logdet", _number, spellings("logdet"), _keeps_factors),
    ("slogdet", partial(_sign_and_logarithm, _types.linalg_slogdet), (torch.linalg.slogdet,), _keeps_factors),
    ("slogdet", partial(_sign_and_logarithm, _types.slogdet), (torch.slogdet, torch.Tensor.slogdet), _keeps_factors),
    ("cholesky", _inverse, spellings("cholesky"), keeps_result),
    ("cholesky_ex", partial(_with_info, _types.linalg_cholesky_ex), (torch.linalg.cholesky_ex,), keeps_result),
    ("cholesky_inverse", _inverse, spellings("cholesky_inverse"), keeps_both),
    ("eig", _eig, (torch.linalg.eig,), keeps_results),
    ("eigvals", _eigenvalues, (torch.linalg.eigvals,), _keeps_vectors),
    ("eigh", _eigh, (torch.linalg.eigh,), keeps_results),
    ("eigvalsh", _real_eigenvalues, (torch.linalg.eigvalsh,), _keeps_vectors),
    ("matrix_exp", _same, spellings("matrix_exp"), keeps_input),
)
RULES = keeping(
    keeps_all,
    *(OpRule(op, partial(square, make, op), functions, keeps=keeps) for op, make, functions, keeps in _SQUARE),
    OpRule("svd", svd, (torch.linalg.svd,), keeps=keeps_results),
    OpRule("svd", old_svd, (torch.svd, torch.Tensor.svd), keeps=keeps_results),
    OpRule("svdvals", svdvals, (torch.linalg.svdvals,), keeps=_keeps_singular_vectors),
    OpRule("qr", qr, (torch.linalg.qr,), keeps=keeps_results),
    OpRule("qr", old_qr, (torch.qr, torch.Tensor.qr), keeps=keeps_results),
    OpRule("pinv", pinv, spellings("pinv", "pinverse"), keeps=keeps_both),
    OpRule("matrix_rank", matrix_rank, (torch.linalg.matrix_rank,)),
    OpRule("solve", solve, (torch.linalg.solve,), keeps=_keeps_factors),
    OpRule("solve_triangular", solve_triangular, (torch.linalg.solve_triangular,), keeps=keeps_both),
    OpRule("lu_factor", partial(lu_factor, _types.linalg_lu_factor), (torch.linalg.lu_factor,), keeps=keeps_results),
    OpRule("lu_factor_ex", partial(lu_factor, _types.linalg_lu_factor_ex), (torch.linalg.lu_factor_ex,)),
    OpRule("cross", linalg_cross, (torch.linalg.cross,)),
    OpRule("cross", cross, (torch.cross, torch.Tensor.cross)),
    OpRule("trace", trace, spellings("trace"), keeps=keeps_nothing),
)
