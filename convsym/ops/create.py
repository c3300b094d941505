"""New tensors of a given shape: zeros, ones, empty, full, rand, randn, randint, randperm, eye, windows, tensor, as_tensor.

Making a tensor costs no arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from convsym.graph.backward import stops
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import number, require_sizes, sizes
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.layout import channels_last_strides, elementwise_strides
from convsym.ops.strides import normal
from convsym.sizes import ratio
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, TRUE, ge

_LAST = (torch.channels_last, torch.channels_last_3d)


def made(site: Site, op: str, shape: tuple[Size, ...], dtype: torch.dtype | None) -> Tensor:
    """A new tensor; None stands for the default dtype."""
    require_sizes(site, op, shape)
    return Tensor(shape, dtype or torch.get_default_dtype())


def new(op: str, site: Site, *size: Any, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """`torch.zeros(2, 3)`, `torch.zeros((2, 3))`, `torch.zeros(size=(2, 3))`."""
    shape = sizes(site, size if "size" not in options else (options["size"],))
    output = made(site, op, shape, dtype)
    if options.get("memory_format") in _LAST:
        output = Tensor(shape, output.dtype, normal(shape, channels_last_strides(shape)))
    return Outcome(output, parameters={"size": shape})


def random(op: str, site: Site, *size: Any, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """As `new`, for the distributions that only floats can hold."""
    site.require(
        "dtype-mismatch",
        TRUE if dtype is None or dtype.is_floating_point or dtype.is_complex else FALSE,
        "{} makes floats only, but is asked for {}",
        op,
        str(dtype).removeprefix("torch."),
        help="make a float tensor and convert it, or use randint",
    )
    return new(op, site, *size, dtype=dtype, **options)


def value_dtype(value: Any) -> torch.dtype:
    """The dtype that torch gives a tensor made of one Python number."""
    if isinstance(value, Tensor):
        return value.dtype
    if isinstance(value, bool):
        return torch.bool
    if isinstance(value, complex):
        return torch.complex128 if torch.get_default_dtype() == torch.float64 else torch.complex64
    return torch.get_default_dtype() if ratio.is_real(value) else torch.int64


def full(site: Site, size: Any, fill_value: Any, *, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """A tensor filled with one number, whose dtype it takes."""
    shape = sizes(site, (size,))
    return Outcome(made(site, "full", shape, dtype or value_dtype(fill_value)), parameters={"size": shape})


def randint(site: Site, *args: Any, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """`torch.randint(high, size)` or `torch.randint(low, high, size)`."""
    given = options["size"] if "size" in options else args[-1]
    shape = sizes(site, (given,))
    return Outcome(made(site, "randint", shape, dtype or torch.int64), parameters={"size": shape})


def randperm(site: Site, n: Any, *, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """The numbers from 0 to n - 1 in some order."""
    return Outcome(made(site, "randperm", (number(site, n),), dtype or torch.int64))


def eye(site: Site, n: Any, m: Any = None, *, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """Ones on the diagonal of (n, m), m being n where it is not given."""
    rows = number(site, n)
    shape = (rows, rows if m is None else number(site, m))
    return Outcome(made(site, "eye", shape, dtype))


def window(
    op: str, site: Site, window_length: Size, *args: Any, dtype: torch.dtype | None = None, **options: Any
) -> Outcome:
    """A window of so many samples."""
    site.require(
        "dtype-mismatch",
        TRUE if dtype is None or dtype.is_floating_point else FALSE,
        "{} makes floats only, but is asked for {}",
        op,
        str(dtype).removeprefix("torch."),
        help="make a float tensor and convert it",
    )
    return Outcome(made(site, op, (number(site, window_length),), dtype))


def empty_strided(site: Site, size: Any, stride: Any, *, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """A new tensor of a given layout."""
    shape, strides = tuple(size), tuple(stride)
    if not site.require(
        "strides",
        TRUE if len(shape) == len(strides) else FALSE,
        "empty_strided is given shape {} and strides {}",
        shape,
        strides,
        help="give one stride for each size",
    ):
        return Outcome(made(site, "empty_strided", shape, dtype))
    output = made(site, "empty_strided", shape, dtype)
    return Outcome(Tensor(shape, output.dtype, normal(shape, strides)), parameters={"size": shape, "stride": strides})


def scalar_tensor(site: Site, s: Any, *, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """A tensor without axes."""
    return Outcome(Tensor((), dtype or torch.get_default_dtype()))


def tensor(site: Site, data: Any, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """A tensor of given elements: nested lists of numbers, or another tensor."""
    if isinstance(data, Tensor):
        return Outcome(Tensor(data.shape, dtype or data.dtype, elementwise_strides(site, data.shape, data)))
    shape, kinds = described(site, data)
    return Outcome(Tensor(shape, dtype or joined_dtype(kinds)), parameters={"shape": shape})


def as_tensor(site: Site, data: Any, dtype: torch.dtype | None = None, **options: Any) -> Outcome:
    """As `tensor`, but another tensor of that dtype is handed back as it is."""
    if isinstance(data, Tensor):
        if dtype in (None, data.dtype):
            return Outcome(data)
        return Outcome(Tensor(data.shape, dtype or data.dtype, elementwise_strides(site, data.shape, data)))
    return tensor(site, data, dtype)


def joined_dtype(kinds: Sequence[torch.dtype]) -> torch.dtype:
    """The dtype of a tensor made of elements of these."""
    dtype = kinds[0]
    for other in kinds[1:]:
        if other != dtype:
            dtype = torch.promote_types(dtype, other)
    return dtype


def described(site: Site, data: Any) -> tuple[tuple[Size, ...], list[torch.dtype]]:
    """The shape of nested lists, which must not be ragged, and the dtypes of what stands in them."""
    if isinstance(data, Tensor):
        site.require(
            "one-element",
            TRUE if data.rank == 0 else ge(1, data.numel),
            "a tensor of shape {} stands in the data of a new tensor, where only single elements can stand",
            data.shape,
            help="use torch.stack or torch.cat",
        )
        return (), [data.dtype]
    if not isinstance(data, (Sequence,)) or isinstance(data, str):
        own = getattr(data, "dtype", None)
        if own is not None and hasattr(data, "shape"):
            return _of_array(data)
        return (), [value_dtype(data)]
    if not data:
        return (0,), [torch.get_default_dtype()]
    parts = [described(site, part) for part in data]
    shapes = {shape for shape, _ in parts}
    site.require(
        "ragged-data",
        TRUE if len(shapes) <= 1 or 0 in parts[0][0] else FALSE,
        "the lists that a tensor is made of have different shapes: {}",
        ", ".join(map(str, sorted(shapes, key=str))),
        help="give lists of one length",
    )
    kinds: dict[torch.dtype, None] = {}
    for _, found in parts:
        kinds.update(dict.fromkeys(found))
    return (len(parts), *parts[0][0]), list(kinds)


def _of_array(data: Any) -> tuple[tuple[Size, ...], list[torch.dtype]]:
    with torch._C.DisableTorchFunction():
        found = torch.as_tensor(data)
    return tuple(found.shape), [found.dtype]


RULES = keeping(
    stops,
    *(OpRule(name, partial(new, name), (getattr(torch, name),)) for name in ("zeros", "ones", "empty")),
    *(OpRule(name, partial(random, name), (getattr(torch, name),)) for name in ("rand", "randn")),
    OpRule("full", full, (torch.full,)),
    OpRule("randint", randint, (torch.randint,)),
    OpRule("randperm", randperm, (torch.randperm,)),
    OpRule("eye", eye, (torch.eye,)),
    OpRule("empty_strided", empty_strided, (torch.empty_strided,)),
    *(
        OpRule(name, partial(window, name), (getattr(torch, name),))
        for name in ("hann_window", "hamming_window", "blackman_window", "bartlett_window", "kaiser_window")
    ),
    OpRule("scalar_tensor", scalar_tensor, (torch.scalar_tensor,)),
    OpRule("tensor", tensor, (torch.tensor,)),
    OpRule("as_tensor", as_tensor, (torch.as_tensor, torch.asarray)),
)
