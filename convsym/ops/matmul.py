"""Products of matrices and vectors: matmul and @, mm, bmm, mv, dot, inner, outer, and what adds to a product."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.backward import Backward, keeps_others, of_product
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.broadcast import Shape, broadcast, result_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site, spellings
from convsym.ops.strides import as_rows, stretched, strides_of, view_of
from convsym.sizes.arithmetic import Size, minimum, multiply, product, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, eq
from convsym.sizes.truth import Truth

_HELP = "make the last size of the first operand equal the size that the second is summed over, or transpose one"


def require_ranks(site: Site, op: str, *operands: tuple[Tensor, int]) -> bool:
    """Operands with exactly so many axes each."""
    return site.require(
        "matmul-rank",
        TRUE if all(tensor.rank == axes for tensor, axes in operands) else FALSE,
        "{} takes operands of {} axes, but gets shapes {}",
        op,
        " and ".join(str(axes) for _, axes in operands),
        tuple(tensor.shape for tensor, _ in operands),
        help="use matmul for stacks of matrices and for vectors, or reshape an operand",
    )


def require_one_dtype(site: Site, op: str, *operands: Tensor) -> bool:
    """Products do not promote: all operands must have one dtype, and not bool."""
    first = operands[0].dtype
    return site.require(
        "dtype-mismatch",
        TRUE if all(o.dtype == first for o in operands) and first != torch.bool else FALSE,
        "{} takes numbers of one dtype, but gets {}",
        op,
        ", ".join(str(o.dtype).removeprefix("torch.") for o in operands),
        help="convert the operands to one dtype with .to()",
    )


def require_inner(site: Site, op: str, a: Tensor, b: Tensor, left: Size, right: Size) -> bool:
    """The sizes that a product sums over must be equal."""
    return site.require(
        "matmul-mismatch",
        eq(left, right),
        "{} multiplies {} by {}, but the sizes {} and {} that it sums over differ",
        op,
        a.shape,
        b.shape,
        left,
        right,
        help=_HELP,
    )


def unless_one(site: Site, flops: Size, size: Size) -> Size:
    """FLOPs of a product that torch computes without a counted kernel where `size` is 1."""
    alone = site.decide(eq(size, 1))
    if alone is Truth.NO:
        return flops
    return 0 if alone is Truth.YES else multiply(flops, minimum(1, subtract(size, 1)))


def _flops(*sizes: Size) -> Cost:
    return Cost(flops=multiply(2, product(sizes)))


def matmul(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """`input` (..., m, k) times `other` (..., k, n); a vector is a row on the left, a column on the right.

    FLOPs are 2 m k n for each matrix of the broadcast batch. torch's counter leaves out what runs as a product of a
    matrix and a vector (mv) or of two vectors (dot); that goes to `elementwise`, one per product.
    """
    if not site.require(
        "matmul-rank",
        TRUE if input.rank and other.rank else FALSE,
        "matmul takes operands of at least one axis, but gets {} and {}",
        input.shape,
        other.shape,
        help="use * to multiply by a single number",
    ):
        return Outcome(input if input.rank else other)
    require_one_dtype(site, "matmul", input, other)
    left, right = input.shape[-1], other.shape[-2 if other.rank > 1 else -1]
    require_inner(site, "matmul", input, other, left, right)
    batch = _batch(site, input.shape[:-2], other.shape[:-2])
    rows, columns = input.shape[-2:-1], other.shape[-1:] if other.rank > 1 else ()
    output = Tensor((*batch, *rows, *columns), input.dtype)
    work = product((*output.shape, left))
    counted = min(input.rank, other.rank) > 1 or not _is_vector_product(site, input, other)
    cost = Cost(flops=multiply(2, work)) if counted else Cost(elementwise=work)
    return Outcome(output, cost, backward=of_matmul(input, other, batch, cost.flops))


def of_matmul(input: Tensor, other: Tensor, batch: Shape, flops: Size) -> Backward:
    """Both operands as the kernel reads them: folded into one matrix or stack of matrices, copied where that needs it."""
    if max(input.rank, other.rank) < 3:
        return of_product(input, other, flops)
    if other.rank < 3:
        return of_product(as_rows(input), other, flops, input)
    if input.rank < 3:
        return of_product(input, as_rows(transposed(other)), flops, right=other)
    left, right = (as_rows(stretched(t, (*batch, *t.shape[-2:])), batch=1) for t in (input, other))
    return of_product(left, right, flops, input, other)


def transposed(tensor: Tensor) -> Tensor:
    """The last two axes exchanged, as a view."""
    *lead, rows, columns = tensor.shape
    *steps, row, column = strides_of(tensor)
    return view_of(tensor, (*lead, columns, rows), (*steps, column, row))


def _batch(site: Site, left: Shape, right: Shape) -> Shape:
    return broadcast(site, left, right, op="matmul (counting its batch axes only)") if left and right else left or right


def _is_vector_product(site: Site, a: Tensor, b: Tensor) -> bool:
    """Whether a product with a vector runs as mv or dot, rather than as mm or bmm, which are counted."""
    if a.rank <= 2 and b.rank == 1:
        return True
    if b.rank == 2:
        return False
    # A stack of matrices is folded into one for mv when its layout allows that without a copy.
    shape, strides = a.shape, a.strides
    if b.rank > 1:
        shape, strides = b.shape, b.strides or contiguous_strides(b.shape)
        shape = (*shape[:-2], shape[-1], shape[-2])
        strides = (*strides[:-2], strides[-1], strides[-2])
    if strides is None:
        return True
    foldable = (eq(strides[i], multiply(strides[i + 1], shape[i + 1])) for i in range(len(shape) - 2))
    return site.holds(all_of(*foldable))


def reversed_matmul(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """`other @ input`, as Python calls it when the left operand does not know the right one."""
    return matmul(site, other, input)


def mm(site: Site, input: Tensor, mat2: Tensor, out_dtype: torch.dtype | None = None) -> Outcome:
    """(m, k) times (k, n); no broadcasting."""
    if not require_ranks(site, "mm", (input, 2), (mat2, 2)):
        return Outcome(input.with_shape(*input.shape[:1], *mat2.shape[-1:]))
    require_one_dtype(site, "mm", input, mat2)
    require_inner(site, "mm", input, mat2, input.shape[1], mat2.shape[0])
    output = Tensor((input.shape[0], mat2.shape[1]), out_dtype or input.dtype)
    cost = _flops(*output.shape, input.shape[1])
    return Outcome(output, cost, backward=of_product(input, mat2, cost.flops))


def bmm(site: Site, input: Tensor, mat2: Tensor, out_dtype: torch.dtype | None = None) -> Outcome:
    """(b, m, k) times (b, k, n); no broadcasting."""
    if not require_ranks(site, "bmm", (input, 3), (mat2, 3)):
        return Outcome(input.with_shape(*input.shape[:2], *mat2.shape[-1:]))
    require_one_dtype(site, "bmm", input, mat2)
    _require_batches(site, "bmm", input, mat2)
    require_inner(site, "bmm", input, mat2, input.shape[2], mat2.shape[1])
    output = Tensor((*input.shape[:2], mat2.shape[2]), out_dtype or input.dtype)
    cost = _flops(*output.shape, input.shape[2])
    return Outcome(output, cost, backward=of_product(input, mat2, cost.flops))


def _require_batches(site: Site, op: str, a: Tensor, b: Tensor) -> None:
    site.require(
        "matmul-mismatch",
        eq(a.shape[0], b.shape[0]),
        "{} multiplies {} by {}, but their batch sizes {} and {} differ",
        op,
        a.shape,
        b.shape,
        a.shape[0],
        b.shape[0],
        help="give both one batch size, or use matmul, which broadcasts a batch of 1",
    )


def mv(site: Site, input: Tensor, vec: Tensor) -> Outcome:
    """(m, k) times (k): torch's counter counts no FLOPs for it, so it is element-wise work, one per product."""
    if not require_ranks(site, "mv", (input, 2), (vec, 1)):
        return Outcome(input.with_shape(*input.shape[:1]))
    require_one_dtype(site, "mv", input, vec)
    require_inner(site, "mv", input, vec, input.shape[1], vec.shape[0])
    return Outcome(input.with_shape(input.shape[0]), Cost(elementwise=input.numel))


def dot(site: Site, input: Tensor, tensor: Tensor | None = None, other: Tensor | None = None) -> Outcome:
    """The sum of products of two vectors of one size (dot and vdot); not among the FLOPs that torch counts."""
    second = tensor if tensor is not None else other
    assert second is not None
    if not require_ranks(site, "dot", (input, 1), (second, 1)):
        return Outcome(input.with_shape())
    require_one_dtype(site, "dot", input, second)
    require_inner(site, "dot", input, second, input.shape[0], second.shape[0])
    return Outcome(input.with_shape(), Cost(elementwise=input.numel))


def inner(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """Sums of products over the last axis of both: (..., k) and (*, k) give (..., *)."""
    if not (input.rank and other.rank):
        whole = input if input.rank else other
        output = Tensor(whole.shape, result_dtype(input, other), whole.strides)
        return Outcome(output, Cost(elementwise=output.numel))
    require_one_dtype(site, "inner", input, other)
    require_inner(site, "inner", input, other, input.shape[-1], other.shape[-1])
    output = input.with_shape(*input.shape[:-1], *other.shape[:-1])
    if input.rank == other.rank == 1:
        return Outcome(output, Cost(elementwise=input.numel))
    # torch takes the dot product where the result has a single element.
    flops = multiply(2, product((*output.shape, input.shape[-1])))
    cost = Cost(flops=unless_one(site, flops, output.numel))
    return Outcome(output, cost, backward=of_product(as_rows(input), as_rows(other), cost.flops, input, other))


def outer(site: Site, input: Tensor, vec2: Tensor) -> Outcome:
    """All products of an element of `input` (n) and one of `vec2` (m): (n, m)."""
    if not require_ranks(site, "outer", (input, 1), (vec2, 1)):
        return Outcome(input.with_shape(*input.shape[:1], *vec2.shape[:1]))
    output = Tensor((input.shape[0], vec2.shape[0]), result_dtype(input, vec2))
    return Outcome(output, Cost(elementwise=output.numel))


def require_added(site: Site, op: str, added: Tensor, shape: Shape) -> None:
    """What is added to a product must expand to its shape, without enlarging it."""
    fits = TRUE if added.rank <= len(shape) else FALSE
    pairs = zip(reversed(added.shape), reversed(shape), strict=False)
    site.require(
        "broadcast-mismatch",
        all_of(fits, *(any_of(eq(a, s), eq(a, 1)) for a, s in pairs)),
        "{} adds a tensor of shape {} to a product of shape {}, to which it does not expand",
        op,
        added.shape,
        shape,
        help="give it the shape of the product, or size 1 on the axes where it repeats",
    )


def _added(site: Site, op: str, input: Tensor, made: Outcome, a: Tensor, b: Tensor) -> Outcome:
    output: Tensor = made.output
    require_one_dtype(site, op, input, a, b)
    require_added(site, op, input, output.shape)
    backward = of_product(a, b, made.cost.flops)
    return Outcome(output.as_dtype(input.dtype), made.cost + Cost(elementwise=output.numel), backward=backward)


def addmm(site: Site, input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Outcome:
    """beta input + alpha (mat1 @ mat2)."""
    if not require_ranks(site, "addmm", (mat1, 2), (mat2, 2)):
        return Outcome(mat1.with_shape(*mat1.shape[:1], *mat2.shape[-1:]))
    require_inner(site, "addmm", mat1, mat2, mat1.shape[1], mat2.shape[0])
    output = mat1.with_shape(mat1.shape[0], mat2.shape[1])
    made = Outcome(output, _flops(*output.shape, mat1.shape[1]))
    return _added(site, "addmm", input, made, mat1, mat2)


def addmv(site: Site, input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Outcome:
    """beta input + alpha (mat @ vec)."""
    if not require_ranks(site, "addmv", (mat, 2), (vec, 1)):
        return Outcome(mat.with_shape(*mat.shape[:1]))
    require_inner(site, "addmv", mat, vec, mat.shape[1], vec.shape[0])
    made = Outcome(mat.with_shape(mat.shape[0]), Cost(elementwise=mat.numel))
    return _added(site, "addmv", input, made, mat, vec)


def addr(site: Site, input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Outcome:
    """beta input + alpha (vec1 outer vec2)."""
    made = outer(site, vec1, vec2)
    require_added(site, "addr", input, made.output.shape)
    output = made.output.as_dtype(result_dtype(input, vec1, vec2))
    return Outcome(output, Cost(elementwise=multiply(2, output.numel)))


def baddbmm(site: Site, input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Outcome:
    """beta input + alpha (batch1 @ batch2), matrix by matrix."""
    if not require_ranks(site, "baddbmm", (batch1, 3), (batch2, 3)):
        return Outcome(batch1.with_shape(*batch1.shape[:2], *batch2.shape[-1:]))
    _require_batches(site, "baddbmm", batch1, batch2)
    require_inner(site, "baddbmm", batch1, batch2, batch1.shape[2], batch2.shape[1])
    output = batch1.with_shape(*batch1.shape[:2], batch2.shape[2])
    made = Outcome(output, _flops(*output.shape, batch1.shape[2]))
    return _added(site, "baddbmm", input, made, batch1, batch2)


def addbmm(site: Site, input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Outcome:
    """beta input + alpha times the sum of all batch1[i] @ batch2[i]; torch's counter does not count it."""
    if not require_ranks(site, "addbmm", (batch1, 3), (batch2, 3)):
        return Outcome(batch1.with_shape(*batch1.shape[1:2], *batch2.shape[-1:]))
    _require_batches(site, "addbmm", batch1, batch2)
    require_inner(site, "addbmm", batch1, batch2, batch1.shape[2], batch2.shape[1])
    output = batch1.with_shape(batch1.shape[1], batch2.shape[2])
    made = Outcome(output, Cost(elementwise=multiply(batch1.numel, batch2.shape[2])))
    return _added(site, "addbmm", input, made, batch1, batch2)


_REVERSED = (torch.Tensor.__rmatmul__,)
RULES = (
    OpRule("matmul", matmul, tuple(f for f in spellings("matmul") if f not in _REVERSED)),
    OpRule("matmul", reversed_matmul, _REVERSED),
    OpRule("mm", mm, spellings("mm")),
    OpRule("bmm", bmm, spellings("bmm")),
    OpRule("mv", mv, spellings("mv"), keeps=keeps_others),
    OpRule("dot", dot, spellings("dot", "vdot"), keeps=keeps_others),
    OpRule("inner", inner, spellings("inner")),
    OpRule("outer", outer, spellings("outer", "ger"), keeps=keeps_others),
    OpRule("addmm", addmm, spellings("addmm")),
    OpRule("addmv", addmv, spellings("addmv")),
    OpRule("addr", addr, spellings("addr")),
    OpRule("baddbmm", baddbmm, spellings("baddbmm")),
    OpRule("addbmm", addbmm, spellings("addbmm")),
)
