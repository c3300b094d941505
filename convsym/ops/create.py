"""New tensors: torch.zeros, full, arange, linspace, tensor, their `_like` and `new_` forms."""

from __future__ import annotations

from typing import Any

import torch

from convsym.graph.tensor import Tensor
from convsym.ops.arguments import number, require_sizes, sizes
from convsym.ops.broadcast import broadcast, result_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.layout import elementwise_strides
from convsym.sizes import ratio
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import ge, ne


def filled(site: Site, *size: Any, dtype: torch.dtype | None = None, **named: Any) -> Outcome:
    """`torch.zeros(2, h)` or `torch.zeros((2, h))`; the default float where no dtype is given."""
    shape = sizes(site, named["size"] if "size" in named else size)
    require_sizes(site, "the new tensor", shape)
    return Outcome(Tensor(shape, dtype or torch.get_default_dtype()))


def full(site: Site, size: Any, fill_value: Any, *, dtype: torch.dtype | None = None, **_: Any) -> Outcome:
    """A tensor of one number, of the number's own kind where no dtype is given."""
    shape = sizes(site, size)
    require_sizes(site, "full", shape)
    return Outcome(Tensor(shape, dtype or result_dtype(fill_value)))


def like(site: Site, input: Tensor, *_: Any, dtype: torch.dtype | None = None, **__: Any) -> Outcome:
    """The shape, and where dense the layout, of another tensor."""
    return Outcome(Tensor(input.shape, dtype or input.dtype, elementwise_strides(site, input.shape, input)))


def new(site: Site, input: Tensor, *size: Any, dtype: torch.dtype | None = None, **named: Any) -> Outcome:
    """`x.new_zeros(2, h)`: another shape in the dtype of x."""
    shape = sizes(site, named["size"] if "size" in named else size)
    require_sizes(site, "the new tensor", shape)
    return Outcome(Tensor(shape, dtype or input.dtype))


def new_full(site: Site, input: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, **_: Any) -> Outcome:
    """`x.new_full(size, 1.0)`."""
    return new(site, input, size, dtype=dtype)


def arange(site: Site, *bounds: Any, dtype: torch.dtype | None = None, **named: Any) -> Outcome:
    """`arange(end)`, `arange(start, end)` or `arange(start, end, step)`: ceil((end - start) / step) numbers."""
    start, end, step = _bounds(bounds, named)
    if dtype is None:
        dtype = torch.int64 if all(map(_is_whole, (start, end, step))) else torch.get_default_dtype()
    start, end, step = (number(site, b) for b in (start, end, step))
    site.require("arange-step", ne(step, 0), "arange has a step of zero", help="give a step other than 0")
    length = ratio.ceil(ratio.divide(ratio.subtract(end, start), step)) if step != 1 else ratio.ceil(
        ratio.subtract(end, start)
    )
    site.require(
        "arange-bounds",
        ge(length, 0),
        "arange is asked to go from {} to {} in the wrong direction",
        start,
        end,
        help="swap the bounds, or turn the sign of the step",
    )
    return Outcome(Tensor((length,), dtype), parameters={"start": start, "end": end, "step": step})


def _bounds(bounds: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    given = list(bounds)
    if len(given) == 1 and "end" not in named:
        return named.get("start", 0), given[0], named.get("step", 1)
    start = given.pop(0) if given else named.get("start", 0)
    end = given.pop(0) if given else named["end"]
    return start, end, given.pop(0) if given else named.get("step", 1)


def _is_whole(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value.dtype.is_floating_point
    if isinstance(value, (bool, int)):
        return True
    return not isinstance(value, float) and not ratio.is_real(value)


def spaced(site: Site, start: Any, end: Any, steps: Any = 100, *_: Any, dtype: Any = None, **__: Any) -> Outcome:
    """`linspace(start, end, steps)`: that many numbers."""
    steps = number(site, steps)
    require_sizes(site, "linspace", (steps,))
    return Outcome(Tensor((steps,), dtype or torch.get_default_dtype()), parameters={"steps": steps})


def eye(site: Site, n: Size, m: Size | None = None, *, dtype: torch.dtype | None = None, **_: Any) -> Outcome:
    """The identity matrix."""
    shape = (n, n if m is None else m)
    require_sizes(site, "eye", shape)
    return Outcome(Tensor(shape, dtype or torch.get_default_dtype()))


def window(site: Site, window_length: Size, *_: Any, dtype: torch.dtype | None = None, **__: Any) -> Outcome:
    """hann_window and its kin."""
    require_sizes(site, "the window", (window_length,))
    return Outcome(Tensor((window_length,), dtype or torch.get_default_dtype()))


def randint(site: Site, *args: Any, dtype: torch.dtype | None = None, **named: Any) -> Outcome:
    """`randint(high, size)` or `randint(low, high, size)`."""
    shape = sizes(site, named.get("size", args[-1] if args else ()))
    require_sizes(site, "randint", shape)
    return Outcome(Tensor(shape, dtype or torch.int64))


def randperm(site: Site, n: Size, *, dtype: torch.dtype | None = None, **_: Any) -> Outcome:
    """A permutation of n numbers."""
    require_sizes(site, "randperm", (n,))
    return Outcome(Tensor((n,), dtype or torch.int64))


def normal(site: Site, mean: Any, std: Any = 1.0, size: Any = None, **named: Any) -> Outcome:
    """`normal(mean, std)` of tensors, or `normal(0.0, 1.0, size)`."""
    if size is not None:
        return filled(site, size, dtype=named.get("dtype"))
    tensors = [t for t in (mean, std) if isinstance(t, Tensor)]
    return Outcome(Tensor(broadcast(site, *(t.shape for t in tensors), op="normal"), tensors[0].dtype))


def from_data(site: Site, data: Any, *, dtype: torch.dtype | None = None, **_: Any) -> Outcome:
    """`torch.tensor` of numbers and sizes in nested lists, or `torch.as_tensor` of a tensor."""
    if isinstance(data, Tensor):
        return Outcome(data.as_dtype(dtype or data.dtype))
    shape, leaves = _nested(data)
    return Outcome(Tensor(shape, dtype or result_dtype(*leaves)))


def new_tensor(site: Site, input: Tensor, data: Any, *, dtype: torch.dtype | None = None, **_: Any) -> Outcome:
    """`x.new_tensor(data)`: the dtype of x."""
    return from_data(site, data, dtype=dtype or input.dtype)


def _nested(data: Any) -> tuple[tuple[Size, ...], list[Any]]:
    if isinstance(data, Tensor):
        return data.shape, [data]
    if not isinstance(data, (list, tuple)):
        return (), [data]
    parts = [_nested(d) for d in data]
    inner = parts[0][0] if parts else ()
    return (len(parts), *inner), [leaf for _, leaves in parts for leaf in leaves]


def bernoulli(site: Site, input: Tensor, *_: Any, **__: Any) -> Outcome:
    """Zeros and ones in the shape of the probabilities."""
    return Outcome(Tensor(input.shape, input.dtype))


def multinomial(site: Site, input: Tensor, num_samples: Size, *_: Any, **__: Any) -> Outcome:
    """Indices drawn along the last axis."""
    return Outcome(Tensor((*input.shape[:-1], num_samples), torch.int64))


def tri_indices(site: Site, row: Size, col: Size, offset: int = 0, *, dtype: Any = torch.int64, **_: Any) -> Outcome:
    """The coordinates of a triangle; how many there are is counted where the sizes are numbers."""
    if isinstance(row, int) and isinstance(col, int):
        count = torch.tril_indices(row, col, offset).shape[1]
        return Outcome(Tensor((2, count), dtype))
    return Outcome(Tensor((2, site.unknown(0)), dtype))


def named(*names: str) -> tuple[Any, ...]:
    """Torch's functions and methods of these very names."""
    return tuple(dict.fromkeys(getattr(s, n) for n in names for s in (torch, torch.Tensor) if hasattr(s, n)))


RULES = (
    OpRule("fill", filled, (torch.zeros, torch.ones, torch.empty, torch.rand, torch.randn)),
    OpRule("fill", full, (torch.full,)),
    OpRule("fill", like, named("zeros_like", "ones_like", "empty_like", "rand_like", "randn_like")),
    OpRule("fill", like, named("full_like", "randint_like")),
    OpRule("fill", new, named("new_zeros", "new_ones", "new_empty")),
    OpRule("fill", new_full, named("new_full")),
    OpRule("arange", arange, (torch.arange,)),
    OpRule("linspace", spaced, (torch.linspace, torch.logspace)),
    OpRule("eye", eye, (torch.eye,)),
    OpRule("window", window, (torch.hann_window, torch.hamming_window, torch.blackman_window, torch.bartlett_window)),
    OpRule("randint", randint, (torch.randint,)),
    OpRule("randperm", randperm, (torch.randperm,)),
    OpRule("normal", normal, (torch.normal,)),
    OpRule("tensor", from_data, (torch.tensor, torch.as_tensor, torch.asarray)),
    OpRule("tensor", new_tensor, named("new_tensor")),
    OpRule("bernoulli", bernoulli, named("bernoulli")),
    OpRule("multinomial", multinomial, named("multinomial")),
    OpRule("tril_indices", tri_indices, (torch.tril_indices, torch.triu_indices)),
)
