"""New tensors after the pattern of another: zeros_like and its kin, new_zeros and its kin, draws from distributions."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from convsym.graph.backward import stops
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import require_sizes, sizes
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.create import made, tensor
from convsym.ops.memory import in_format
from convsym.ops.strides import normal
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, all_of, eq, ge, le

_SAME = torch.preserve_format


def like(
    op: str,
    site: Site,
    input: Tensor,
    *args: Any,
    dtype: torch.dtype | None = None,
    memory_format: torch.memory_format = _SAME,
    **options: Any,
) -> Outcome:
    """A new tensor of the shape, and unless told otherwise of the dtype and layout, of another."""
    wanted = dtype or input.dtype
    if op in ("rand_like", "randn_like"):
        site.require(
            "dtype-mismatch",
            TRUE if wanted.is_floating_point or wanted.is_complex else eq(input.numel, 0),
            "{} makes floats only, but is asked for {}",
            op,
            str(wanted).removeprefix("torch."),
            help="give it dtype=torch.float32",
        )
    return Outcome(Tensor(input.shape, wanted, in_format(site, op, input, memory_format)))


def new(op: str, site: Site, input: Tensor, *size: Any, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """`x.new_zeros(2, 3)`: a given shape, the dtype of x."""
    shape = sizes(site, size if "size" not in options else (options["size"],))
    return Outcome(made(site, op, shape, dtype or input.dtype), parameters={"size": shape})


def new_full(
    site: Site, input: Tensor, size: Any, fill_value: Any, *, dtype: torch.dtype | None = None, **options: Any
) -> Outcome:
    """`x.new_full((2, 3), 1)`: a given shape, the dtype of x."""
    return new("new_full", site, input, size, dtype=dtype)


def new_tensor(site: Site, input: Tensor, data: Any, *, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """`x.new_tensor([1, 2])`: given elements, the dtype of x."""
    return tensor(site, data, dtype or input.dtype)


def new_empty_strided(
    site: Site, input: Tensor, size: Any, stride: Any, *, dtype: torch.dtype | None = None, **options: Any
) -> Outcome:
    """`x.new_empty_strided((2, 3), (1, 2))`: a given shape and layout, the dtype of x."""
    shape, strides = tuple(size), tuple(stride)
    if not site.require(
        "strides",
        TRUE if len(shape) == len(strides) else FALSE,
        "new_empty_strided is given shape {} and strides {}",
        shape,
        strides,
        help="give one stride for each size",
    ):
        return Outcome(input.with_shape(*shape))
    require_sizes(site, "new_empty_strided", shape)
    return Outcome(Tensor(shape, dtype or input.dtype, normal(shape, strides)))


def bernoulli(site: Site, input: Tensor, p: Any = None, **options: Any) -> Outcome:
    """Zeros and ones, drawn with the probabilities in `input`, or with `p`."""
    return Outcome(input.with_shape(*input.shape))


def normal_samples(site: Site, mean: Any, std: Any = 1.0, size: Any = None, **options: Any) -> Outcome:
    """torch.normal: one draw for each element of `mean` and `std`, or draws of one distribution in a given size."""
    given = [v for v in (mean, std) if isinstance(v, Tensor)]
    if size is not None or not given:
        shape = sizes(site, (size,)) if size is not None else ()
        return Outcome(made(site, "normal", shape, options.get("dtype")), parameters={"size": shape})
    shape = broadcast(site, *(t.shape for t in given), op="normal")
    return Outcome(Tensor(shape, given[0].dtype))


def multinomial(site: Site, input: Tensor, num_samples: Size, replacement: bool = False, **options: Any) -> Outcome:
    """Positions drawn with the weights in the last axis: (categories) gives (num_samples), with a batch in front or not."""
    parameters = {"num_samples": num_samples, "replacement": replacement}
    if not site.require(
        "input-rank",
        TRUE if input.rank in (1, 2) and input.dtype.is_floating_point else FALSE,
        "multinomial takes float weights of shape (categories) or (N, categories), but gets {} of shape {}",
        str(input.dtype).removeprefix("torch."),
        input.shape,
        help="reshape and convert the weights",
    ):
        return Outcome(Tensor((*input.shape[:-1], num_samples), torch.int64), parameters=parameters)
    site.require(
        "multinomial",
        all_of(ge(num_samples, 1), ge(input.shape[-1], 1)),
        "multinomial is asked for {} samples of {} categories",
        num_samples,
        input.shape[-1],
        help="ask for at least one sample, of at least one category",
    )
    if not replacement:
        site.require(
            "multinomial",
            le(num_samples, input.shape[-1]),
            "multinomial is asked for {} samples without replacement of {} categories",
            num_samples,
            input.shape[-1],
            help="ask for fewer samples, or allow replacement=True",
        )
    return Outcome(Tensor((*input.shape[:-1], num_samples), torch.int64), parameters=parameters)


_LIKE = ("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "randint_like")
_NEW = ("new_zeros", "new_ones", "new_empty")
RULES = keeping(
    stops,
    *(OpRule(name, partial(like, name), (getattr(torch, name),)) for name in _LIKE),
    *(OpRule(name, partial(new, name), (getattr(torch.Tensor, name),)) for name in _NEW),
    OpRule("new_full", new_full, (torch.Tensor.new_full,)),
    OpRule("new_tensor", new_tensor, (torch.Tensor.new_tensor,)),
    OpRule("new_empty_strided", new_empty_strided, (torch.Tensor.new_empty_strided,)),
    OpRule("bernoulli", bernoulli, (torch.bernoulli, torch.Tensor.bernoulli)),
    OpRule("normal", normal_samples, (torch.normal,)),
    OpRule("multinomial", multinomial, (torch.multinomial, torch.Tensor.multinomial)),
)
