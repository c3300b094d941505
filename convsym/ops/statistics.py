"""Statistics of samples: cov, corrcoef, histc, bincount, quantile, and distances between and within tensors.

What is not a matrix product costs one element-wise operation per element of the input.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convsym.graph.backward import Backward, Gradient, Saved, stops
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor, contiguous_strides, dtype_name
from convsym.ops.arguments import axis
from convsym.ops.broadcast import broadcast, result_dtype, true_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site, spellings
from convsym.ops.elementwise import real_dtype, require_kind
from convsym.ops.reduce import without
from convsym.ops.strides import view_of
from convsym.sizes.arithmetic import Size, floor_div, maximum, multiply, product, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, eq, ge, le


def cov(
    site: Site,
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
    op: str = "cov",
) -> Outcome:
    """Covariances of variables in rows (variables, observations): (variables, variables), one number for one variable.

    FLOPs are those of the product of the rows with each other.
    """
    site.require(
        "input-rank",
        TRUE if input.rank <= 2 else FALSE,
        "{} takes input of at most 2 axes, but gets shape {}",
        op,
        input.shape,
        help="give it (variables, observations)",
    )
    require_kind(site, op, input.dtype, "uihfc")
    variables: Size = input.shape[0] if input.rank == 2 else 1
    observations: Size = input.shape[-1] if input.rank else 1
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is None:
            continue
        exact = not weights.dtype.is_floating_point and weights.dtype != torch.bool
        site.require(
            "dtype-mismatch",
            TRUE if exact == (name == "fweights") else FALSE,
            "cov takes whole numbers as fweights and floats as aweights, but gets {} of dtype {}",
            name,
            dtype_name(weights.dtype),
        )
        site.require(
            "cov-weights",
            all_of(TRUE if weights.rank <= 1 else FALSE, eq(weights.numel, observations)),
            "cov takes one of {} for each of {} observations, but gets shape {}",
            name,
            observations,
            weights.shape,
        )
    flops = product((2, variables, variables, observations))
    alone = variables == 1 or (input.rank == 2 and site.holds(eq(variables, 1)))
    shape = () if alone else (variables, variables)
    output = Tensor(shape, true_dtype(input.dtype))
    plain = fweights is None and aweights is None
    backward = _of_covariance(input, output, flops, op == "corrcoef") if plain else None
    return Outcome(output, Cost(flops=flops, elementwise=input.numel), backward=backward)


def _of_covariance(input: Tensor, output: Tensor, flops: Size, scaled: bool) -> Backward:
    """The rows less their means, two counts of observations, and where it is scaled, the deviations and the quotients."""
    kept = [input.with_shape(*input.shape), *(Tensor((), torch.int64) for _ in range(2))]
    if scaled and not output.rank:
        kept.append(output.with_shape())
    elif scaled:
        kept += [output.with_shape(output.shape[0]), *(output.with_shape(*output.shape) for _ in range(3))]
    return Backward(tuple(map(Saved, kept)), (Gradient((input,), multiply(2, flops)),))


def corrcoef(site: Site, input: Tensor) -> Outcome:
    """Correlations of variables in rows."""
    return cov(site, input, op="corrcoef")


def histc(site: Site, input: Tensor, bins: Size = 100, min: Any = 0, max: Any = 0) -> Outcome:
    """How many elements fall into each of `bins` bins between `min` and `max`."""
    require_kind(site, "histc", input.dtype, "hf")
    _require_bins(site, "histc", bins)
    plain = isinstance(min, (int, float)) and isinstance(max, (int, float))
    site.require(
        "argument-value",
        TRUE if not plain or min <= max else FALSE,
        "histc counts between min={} and max={}, but max must not be smaller",
        str(min),
        str(max),
        help="exchange them",
    )
    return Outcome(input.with_shape(bins), Cost(elementwise=input.numel), {"bins": bins})


def _require_bins(site: Site, op: str, bins: Size) -> None:
    site.require(
        "argument-value", ge(bins, 1), "{} has bins={}, which must be at least 1", op, bins, help="ask for more bins"
    )


def bincount(site: Site, input: Tensor, weights: Tensor | None = None, minlength: Size = 0) -> Outcome:
    """How often each whole number occurs; as many as the largest plus one, which depends on the data."""
    require_kind(site, "bincount", input.dtype, "ui")
    site.require(
        "input-rank",
        TRUE if input.rank == 1 else FALSE,
        "bincount takes one axis of whole numbers, but gets shape {}",
        input.shape,
        help="flatten the input",
    )
    site.require("argument-value", ge(minlength, 0), "bincount has minlength={}, which must not be negative", minlength)
    dtype = torch.int64
    if weights is not None:
        dtype = torch.float32 if weights.dtype == torch.float32 else torch.float64
        site.require(
            "bincount-weights",
            all_of(TRUE if weights.rank == 1 else FALSE, eq(weights.numel, input.numel)),
            "bincount takes one weight for each of {} numbers, but gets shape {}",
            input.numel,
            weights.shape,
        )
    return Outcome(Tensor((maximum(site.unknown(0), minlength),), dtype), Cost(elementwise=input.numel))


def quantile(
    op: str,
    site: Site,
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Outcome:
    """The quantiles of all elements, or along one axis; a vector of probabilities `q` makes a new first axis."""
    require_kind(site, op, input.dtype, "f")
    probabilities = q.shape if isinstance(q, Tensor) else ()
    if isinstance(q, Tensor):
        site.require(
            "quantile-probabilities",
            TRUE if q.rank <= 1 and q.dtype == input.dtype else FALSE,
            "{} takes q as a number or a vector of dtype {}, but gets {} of shape {}",
            op,
            dtype_name(input.dtype),
            dtype_name(q.dtype),
            q.shape,
            help="make q a vector, and convert it to the dtype of the input",
        )
    elif isinstance(q, (int, float)):
        site.require(
            "argument-value", TRUE if 0 <= q <= 1 else FALSE, "{} has q={}, which must lie in 0 to 1", op, str(q)
        )
    axes = tuple(range(input.rank))
    if dim is not None:
        at = axis(site, op, dim, input.rank)
        axes = (at if at is not None else max(input.rank - 1, 0),)
    sorted_over = product(input.shape[a] for a in axes if a < input.rank)
    site.require(
        "quantile-size",
        all_of(ge(input.numel, 1), le(sorted_over, 1 << 24)),
        "{} takes between 1 and 16777216 numbers, but gets {}",
        op,
        sorted_over,
        help="take a sample of them",
    )
    left = without(input.shape, axes, keepdim)
    *steps, last = contiguous_strides((*left, *(probabilities or (1,))))
    output = input.with_shape(*left)
    if probabilities:
        output = view_of(input.with_shape(*input.shape), (*probabilities, *left), (last, *steps))
    return Outcome(output, Cost(elementwise=input.numel))


def dist(site: Site, input: Tensor, other: Tensor, p: Any = 2) -> Outcome:
    """The norm of the difference of two tensors, which are broadcast: one number."""
    dtype = result_dtype(input, other)
    require_kind(site, "dist", dtype, "hfc")
    shape = broadcast(site, input.shape, other.shape, op="dist")
    return Outcome(Tensor((), real_dtype(dtype)), Cost(elementwise=multiply(2, product(shape))))


def pdist(site: Site, input: Tensor, p: Any = 2) -> Outcome:
    """The distances of all pairs of rows (n, features): n (n - 1) / 2 of them."""
    require_kind(site, "pdist", input.dtype, "f")
    if not site.require(
        "input-rank",
        TRUE if input.rank == 2 else FALSE,
        "pdist takes a matrix, but gets shape {}",
        input.shape,
        help="give it (rows, features)",
    ):
        return Outcome(input.with_shape(site.unknown(0)))
    rows, features = input.shape
    pairs = floor_div(multiply(rows, subtract(rows, 1)), 2)
    return Outcome(input.with_shape(pairs), Cost(elementwise=multiply(pairs, features)))


RULES = (
    OpRule("cov", cov, spellings("cov")),
    OpRule("corrcoef", corrcoef, spellings("corrcoef")),
    OpRule("histc", histc, spellings("histc"), keeps=stops),
    OpRule("bincount", bincount, spellings("bincount"), keeps=stops),
    OpRule("quantile", partial(quantile, "quantile"), spellings("quantile")),
    OpRule("quantile", partial(quantile, "nanquantile"), spellings("nanquantile")),
    OpRule("dist", dist, spellings("dist")),
    OpRule("pdist", pdist, spellings("pdist")),
)
