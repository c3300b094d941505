"""Products over several axes or several matrices: tensordot, kron, multi_dot, chain_matmul, vecdot, matrix_power."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from convsym.graph.backward import Backward, Gradient, Saved, keeps_others, of_product
from convsym.graph.call import FREE, Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis, number
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, spellings
from convsym.ops.elementwise import require_kind
from convsym.ops.linalg import by_columns, require_square
from convsym.ops.matmul import matmul, require_inner, require_one_dtype, unless_one
from convsym.sizes.arithmetic import Size, equal, minimum, multiply, product, total
from convsym.sizes.condition import FALSE, TRUE, any_of, eq

Axes = tuple[int, ...]


def tensordot(site: Site, a: Tensor, b: Tensor, dims: Any = 2) -> Outcome:
    """Products of `a` and `b` summed over pairs of axes: the last `dims` of `a` and the first of `b`, or two lists.

    The axes that are left follow each other. A size of 1 stretches. FLOPs are those of the one matrix product that
    torch makes of it; where the result has a single element that is a dot product, which torch does not count.
    """
    require_one_dtype(site, "tensordot", a, b)
    axes = _axes(site, a, b, dims)
    if axes is None:
        return Outcome(a.without_data())
    inner: Size = 1
    for left, right in zip(*axes, strict=True):
        s, t = a.shape[left], b.shape[right]
        site.require(
            "matmul-mismatch",
            any_of(eq(s, t), eq(s, 1), eq(t, 1)),
            "tensordot sums over axis {} of {} and axis {} of {}, but their sizes {} and {} differ",
            str(left),
            a.shape,
            str(right),
            b.shape,
            s,
            t,
            help="name axes of equal size, in the same order for both operands",
        )
        inner = multiply(inner, s if equal(s, t) else minimum(s, t))
    rest = (
        [s for i, s in enumerate(a.shape) if i not in axes[0]],
        [s for i, s in enumerate(b.shape) if i not in axes[1]],
    )
    output = a.with_shape(*rest[0], *rest[1])
    flops = multiply(2, multiply(output.numel, inner))
    cost = Cost(flops=unless_one(site, flops, output.numel))
    return Outcome(output, cost, {"dims": axes}, of_product(a, b, cost.flops))


def _axes(site: Site, a: Tensor, b: Tensor, dims: Any) -> tuple[Axes, Axes] | None:
    dims = number(site, dims) if isinstance(dims, Tensor) and dims.rank == 0 else dims
    if isinstance(dims, int):
        if not site.require(
            "tensordot-axes",
            TRUE if 0 <= dims <= min(a.rank, b.rank) else FALSE,
            "tensordot cannot sum over {} axes of operands of shape {} and {}",
            str(dims),
            a.shape,
            b.shape,
            help="give a number of axes that both operands have",
        ):
            return None
        return tuple(range(a.rank - dims, a.rank)), tuple(range(dims))
    if isinstance(dims, Tensor):
        dims = dims.data.tolist() if isinstance(dims.data, torch.Tensor) else ((), ())
    lists = tuple((d,) if isinstance(d, int) else tuple(d) for d in dims)
    found = [tuple(axis(site, "tensordot", d, t.rank) for d in named) for named, t in zip(lists, (a, b), strict=True)]
    if not site.require(
        "tensordot-axes",
        TRUE if len(found[0]) == len(found[1]) and all(map(_once, found, (a.rank, b.rank))) else FALSE,
        "tensordot is given axes {} and {}, which must be lists of as many axes, each named once",
        str(list(lists[0])),
        str(list(lists[1])),
        help="pair every axis of the first operand with one of the second",
    ):
        return None
    left, right = (tuple(d for d in f if d is not None) for f in found)
    return (left, right) if len(left) == len(right) == len(lists[0]) else None


def _once(axes: tuple[Any, ...], rank: int) -> bool:
    return len(set(axes)) == len(axes) <= rank


def kron(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """All products of an element of each; every size is the product of both, aligned at the last axis."""
    rank = max(input.rank, other.rank)
    shapes = [(1,) * (rank - t.rank) + t.shape for t in (input, other)]
    shape = tuple(multiply(a, b) for a, b in zip(*shapes, strict=True))
    output = Tensor(shape, torch.promote_types(input.dtype, other.dtype))
    return Outcome(output, Cost(elementwise=output.numel))


def multi_dot(site: Site, tensors: Any) -> Outcome:
    """The product of matrices in the order that multiplies least; the first and the last may be vectors.

    FLOPs are the least that any order needs, which is the order that torch takes.
    """
    return _chain(site, "multi_dot", tuple(tensors))


def chain_matmul(site: Site, *matrices: Any) -> Outcome:
    """The product of matrices in the order that multiplies least."""
    chain = matrices[0] if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)) else matrices
    return Outcome(chain[0]) if len(chain) == 1 else _chain(site, "chain_matmul", tuple(chain))


def _chain(site: Site, op: str, tensors: tuple[Tensor, ...]) -> Outcome:
    ends = (1, 2) if op == "multi_dot" else (2,)
    *inner, last = tensors[1:] if len(tensors) > 1 else (None,)
    fits = last is not None and tensors[0].rank in ends and last.rank in ends and all(t.rank == 2 for t in inner)
    if not site.require(
        "matmul-rank",
        TRUE if fits else FALSE,
        "{} multiplies two or more matrices, but gets shapes {}",
        op,
        tuple(t.shape for t in tensors),
        help="give it matrices; use matmul for stacks of them",
    ):
        return Outcome(tensors[0])
    require_one_dtype(site, op, *tensors)
    for a, b in pairwise(tensors):
        require_inner(site, op, a, b, a.shape[-1], b.shape[0])
    first, end = tensors[0], tensors[-1]
    sizes = [
        first.shape[0] if first.rank == 2 else 1,
        *(t.shape[0] if t.rank == 2 else t.shape[-1] for t in tensors[1:]),
    ]
    sizes.append(end.shape[1] if end.rank == 2 else 1)
    output = first.with_shape(*first.shape[: first.rank - 1], *end.shape[1:])
    flops = multiply(2, _least_products(sizes))
    return Outcome(output, Cost(flops=flops), backward=_of_products(tensors, flops))


def _of_products(tensors: tuple[Tensor, ...], flops: Size) -> Backward:
    """The backward of several products in an order that depends on the sizes, and so what is kept in between."""
    return Backward(tuple(map(Saved, tensors)), (Gradient((), multiply(2, flops)),), all_saved=False)


def _least_products(sizes: list[Size]) -> Size:
    """The fewest multiplications for the product of matrices sizes[i] by sizes[i + 1], over all orders."""
    count = len(sizes) - 1
    best: dict[tuple[int, int], Size] = {(i, i): 0 for i in range(count)}
    for length in range(2, count + 1):
        for start in range(count - length + 1):
            end = start + length - 1
            best[start, end] = minimum(
                *(
                    total((best[start, k], best[k + 1, end], product((sizes[start], sizes[k + 1], sizes[end + 1]))))
                    for k in range(start, end)
                )
            )
    return best[0, count - 1]


def vecdot(site: Site, x: Tensor, y: Tensor, *, dim: int = -1) -> Outcome:
    """Sums of products along one axis; the other axes broadcast. torch computes it element by element."""
    require_kind(site, "vecdot", x.dtype, "hfc")
    require_one_dtype(site, "vecdot", x, y)
    if x.rank == y.rank == 1:
        # Two vectors have one axis to sum over, and torch does not look at `dim`.
        require_inner(site, "vecdot", x, y, x.shape[0], y.shape[0])
        return Outcome(x.with_shape(), Cost(elementwise=multiply(2, x.numel)))
    whole = broadcast(site, x.shape, y.shape, op="vecdot")
    at = axis(site, "vecdot", dim, len(whole))
    output = x.with_shape(*(s for i, s in enumerate(whole) if i != at))
    return Outcome(output, Cost(elementwise=multiply(2, product(whole))))


def matrix_power(site: Site, input: Tensor, n: int) -> Outcome:
    """Each matrix of `input` (..., m, m) multiplied by itself; a negative power inverts it first."""
    # Only what inverts has no kernel for half precision.
    is_half = input.dtype in (torch.float16, torch.bfloat16)
    require_square(site, "matrix_power", input.as_dtype(torch.float32) if is_half and n >= 0 else input)
    cost = FREE if n >= 0 else Cost(elementwise=input.numel)
    once = matmul(site, input, input).cost if input.rank > 1 and equal(*input.shape[-2:]) else FREE
    # Squares for every binary digit after the first, a product for every further digit that is 1.
    times = abs(n).bit_length() - 1 + bin(n).count("1") - 1 if n else 0
    flops = multiply(times, once.flops)
    output = by_columns(input.shape, input.dtype) if n == -1 else input.with_shape(*input.shape)
    return Outcome(output, cost + Cost(flops=flops), {"n": n}, _of_products((input,), flops))


RULES = (
    OpRule("tensordot", tensordot, (torch.tensordot,)),
    OpRule("kron", kron, spellings("kron"), keeps=keeps_others),
    OpRule("multi_dot", multi_dot, spellings("multi_dot")),
    OpRule("chain_matmul", chain_matmul, spellings("chain_matmul")),
    OpRule("vecdot", vecdot, spellings("vecdot"), keeps=keeps_others),
    OpRule("matrix_power", matrix_power, spellings("matrix_power")),
)
