"""Changes of shape that keep the elements in order: view, reshape, flatten, unflatten, nn.Flatten, nn.Unflatten."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from convsym.graph.backward import of_first, passes_on
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axis, sizes, whole
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping, spellings
from convsym.ops.strides import normal, strides_of, viewable, viewed
from convsym.sizes.arithmetic import Size, exact_div, floor_div, multiply, product
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, any_of, divides, eq, ge
from convsym.sizes.truth import Truth

_HELP = "compute the sizes from x.shape, or let one of them be -1"


def inferred_shape(
    site: Site, op: str, numel: Size, asked: tuple[Size, ...], given: Any
) -> tuple[tuple[Size, ...], bool]:
    """The shape that is asked for, its -1 inferred, and whether `numel` elements fill it.

    Torch asks of a shape with -1 that the product of the others divides the number of elements, and is not zero;
    of one without, that its product is the number of elements.
    """
    holes = [i for i, s in enumerate(asked) if _is_inferred(site, s)]
    if len(holes) > 1:
        site.require("reshape", FALSE, "{} is asked for shape {}, but only one size can be -1", op, asked, help=_HELP)
        return tuple(site.unknown(1) if i in holes else s for i, s in enumerate(asked)), False
    others = [s for i, s in enumerate(asked) if i not in holes]
    valid: list[Condition] = [ge(s, 0) for s in others]
    known = product(others)
    if not holes:
        fits = site.require(
            "reshape",
            all_of(_equal(site, numel, known), *valid),
            "{} cannot bring shape {} ({} elements) into {} ({} elements)",
            op,
            given,
            numel,
            asked,
            known,
            help=_HELP,
        )
        return tuple(map(site.settled, asked)), fits
    numel, known = site.settled(numel), site.settled(known)
    rest = exact_div(numel, known)
    if rest is None:
        numel, known = site.alike(numel, known)
        rest = exact_div(numel, known)
    fits = site.require(
        "reshape-rest",
        all_of(divides(known, numel), *valid),
        "{} cannot bring shape {} into {}: {} does not divide its {} elements",
        op,
        given,
        asked,
        known,
        numel,
        help="compute the sizes from x.shape; a size of -1 takes what is left only where that is a whole number",
    )
    shape = list(asked)
    if fits:
        shape[holes[0]] = floor_div(numel, known) if rest is None else rest
    else:
        shape[holes[0]] = site.unknown(1)
    return tuple(map(site.settled, shape)), fits


def _equal(site: Site, numel: Size, known: Size) -> Condition:
    same = eq(numel, known)
    return same if same is TRUE or same is FALSE else eq(*site.alike(numel, known))


def _is_inferred(site: Site, size: Size) -> bool:
    if type(size) is int:
        return size == -1
    asked = eq(size, -1)
    return asked is not FALSE and site.holds(asked)


def view(site: Site, input: Tensor, *shape: Any, size: Any = None, dtype: torch.dtype | None = None) -> Outcome:
    """`x.view(2, -1)`, `x.view((2, -1))` or `x.view(torch.int32)`: no copy, so the layout must allow the new shape."""
    if shape and isinstance(shape[0], torch.dtype):
        dtype = shape[0]
    if dtype is not None:
        return view_dtype(site, input, dtype)
    return seen_as(site, "view", input, sizes(site, shape if size is None else (size,)))


def seen_as(site: Site, op: str, input: Tensor, asked: tuple[Size, ...]) -> Outcome:
    """The input seen in another shape, without a copy."""
    shape, fits = inferred_shape(site, op, input.numel, asked, input.shape)
    parameters = {"shape": asked}
    if not fits or input.strides is None:
        return Outcome(input.view(shape), parameters=parameters)
    if not site.require(
        "view-layout",
        viewable(input, shape),
        "{} cannot see shape {} as {} without a copy: its strides are {}",
        op,
        input.shape,
        shape,
        input.strides,
        help="use .reshape(), or call .contiguous() first",
    ):
        return Outcome(input.view(shape), parameters=parameters)
    return Outcome(input.view(shape, viewed(site, input, shape)), parameters=parameters)


def reshape(site: Site, input: Tensor, *size: Any, shape: Any = ()) -> Outcome:
    """The input in another shape; a copy where its layout does not allow a view."""
    asked = sizes(site, size or (shape,))
    found, fits = inferred_shape(site, "reshape", input.numel, asked, input.shape)
    return Outcome(_reshaped(site, input, found, fits), parameters={"shape": asked})


def _reshaped(site: Site, input: Tensor, shape: tuple[Size, ...], fits: bool = True) -> Tensor:
    # Where it depends on the sizes whether this copies, the result is taken for the copy: contiguous.
    if input.strides is None:
        return input.view(shape)
    if fits and site.decide(viewable(input, shape)) is Truth.YES:
        return input.view(shape, viewed(site, input, shape))
    return input.with_shape(*shape)


def flatten(site: Site, input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Outcome:
    """The axes from `start_dim` to `end_dim`, both included, made one; a number becomes a vector."""
    first, last = axis(site, "flatten", start_dim, input.rank), axis(site, "flatten", end_dim, input.rank)
    parameters = {"start_dim": start_dim, "end_dim": end_dim}
    if first is None or last is None:
        return Outcome(input, parameters=parameters)
    if not site.require(
        "flatten-axes",
        TRUE if first <= last else FALSE,
        "flatten has start_dim={}, which comes after end_dim={}",
        str(start_dim),
        str(end_dim),
        help="give start_dim <= end_dim",
    ):
        return Outcome(input, parameters=parameters)
    if first == last and input.rank:
        return Outcome(input, parameters=parameters)
    shape = (*input.shape[:first], product(input.shape[first : last + 1]), *input.shape[last + 1 :])
    return Outcome(_reshaped(site, input, shape), parameters=parameters)


def ravel(site: Site, input: Tensor) -> Outcome:
    """All elements in one contiguous axis."""
    shape = (input.numel,)
    return Outcome(input.view(shape) if input.strides is None else input.with_shape(*shape))


def unflatten(site: Site, input: Tensor, dim: int, sizes: Any) -> Outcome:
    """One axis split into several, one of which may be -1."""
    asked = tuple(map(whole, sizes))
    parameters = {"dim": dim, "sizes": asked}
    at = axis(site, "unflatten", dim, input.rank)
    if not site.require(
        "reshape",
        TRUE if asked and input.rank else FALSE,
        "unflatten is asked for sizes {} of an input of shape {}",
        asked,
        input.shape,
        help="give at least one size, and an input of at least one axis",
    ):
        return Outcome(input, parameters=parameters)
    if at is None:
        return Outcome(input, parameters=parameters)
    parts, fits = inferred_shape(site, "unflatten", input.shape[at], asked, input.shape[at : at + 1])
    shape = (*input.shape[:at], *parts, *input.shape[at + 1 :])
    if input.strides is None or not fits:
        return Outcome(input.view(shape), parameters=parameters)
    inner: list[Size] = []
    step = input.strides[at]
    for size in reversed(parts):
        inner.append(step)
        step = multiply(step, size)
    strides = (*input.strides[:at], *reversed(inner), *input.strides[at + 1 :])
    return Outcome(input.view(shape, normal(shape, strides)), parameters=parameters)


def view_as(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """The input seen in the shape of another tensor."""
    return seen_as(site, "view_as", input, other.shape)


def reshape_as(site: Site, input: Tensor, other: Tensor) -> Outcome:
    """The input in the shape of another tensor."""
    return reshape(site, input, other.shape)


def view_dtype(site: Site, input: Tensor, dtype: torch.dtype) -> Outcome:
    """The same bytes read as another dtype; the last axis shrinks or grows with the size of an element."""
    old, new = input.dtype.itemsize, dtype.itemsize
    parameters = {"dtype": dtype}
    strides = strides_of(input)
    if old == new:
        return Outcome(_read_as(dtype, input, input.shape, strides), parameters=parameters)
    whole: list[Condition] = [TRUE if input.rank else FALSE]
    shape, steps = input.shape, strides
    if input.rank:
        last = input.shape[-1]
        whole.append(eq(strides[-1], 1))
        if old > new:
            ratio = old // new
            shape = (*input.shape[:-1], multiply(last, ratio))
            steps = (*(multiply(s, ratio) for s in strides[:-1]), 1)
        else:
            ratio = new // old
            whole += [divides(ratio, last), *(divides(ratio, s) for s in strides[:-1])]
            shape = (*input.shape[:-1], floor_div(last, ratio))
            steps = (*(floor_div(s, ratio) for s in strides[:-1]), 1)
    if not site.require(
        "view-dtype",
        all_of(*whole),
        "view cannot read elements of {} bytes as elements of {} bytes in shape {}",
        str(old),
        str(new),
        input.shape,
        help="make the last axis contiguous, and a multiple of the ratio of the sizes; or convert with .to()",
    ):
        return Outcome(Tensor(shape, dtype), parameters=parameters)
    return Outcome(_read_as(dtype, input, shape, steps), parameters=parameters)


def _read_as(dtype: torch.dtype, input: Tensor, shape: tuple[Size, ...], strides: tuple[Size, ...]) -> Tensor:
    return Tensor(shape, dtype, normal(shape, strides), base=input.storage)


_REAL = {torch.complex64: torch.float32, torch.complex128: torch.float64, torch.complex32: torch.float16}
_COMPLEX = {real: joined for joined, real in _REAL.items()}


def view_as_real(site: Site, input: Tensor) -> Outcome:
    """(...) complex seen as (..., 2) real."""
    if not site.require(
        "complex-dtype",
        TRUE if input.dtype in _REAL else FALSE,
        "view_as_real takes a complex tensor, but gets {}",
        str(input.dtype).removeprefix("torch."),
        help="give it a complex tensor",
    ):
        return Outcome(input)
    shape = (*input.shape, 2)
    strides = (*(multiply(s, 2) for s in strides_of(input)), 1)
    return Outcome(_read_as(_REAL[input.dtype], input, shape, strides))


def view_as_complex(site: Site, input: Tensor) -> Outcome:
    """(..., 2) real seen as (...) complex."""
    strides = strides_of(input)
    if not site.require(
        "complex-dtype",
        TRUE if input.dtype in _COMPLEX else FALSE,
        "view_as_complex takes a tensor of float32, float64 or float16, but gets {}",
        str(input.dtype).removeprefix("torch."),
        help="convert it with .float() first",
    ) or not site.require(
        "view-layout",
        all_of(
            TRUE if input.rank else FALSE,
            *(eq(s, 2) for s in input.shape[-1:]),
            *(eq(s, 1) for s in strides[-1:]),
            *(any_of(divides(2, s), eq(n, 1)) for n, s in zip(input.shape[:-1], strides[:-1], strict=True)),
        ),
        "view_as_complex takes shape (..., 2) with both parts side by side, but gets shape {} with strides {}",
        input.shape,
        strides,
        help="give it a contiguous tensor whose last axis has size 2",
    ):
        return Outcome(Tensor(input.shape[:-1], _COMPLEX.get(input.dtype, torch.complex64)))
    shape = input.shape[:-1]
    halves = tuple(floor_div(s, 2) for s in strides[:-1])
    return Outcome(_read_as(_COMPLEX[input.dtype], input, shape, halves))


def as_strided(site: Site, input: Tensor, size: Any, stride: Any, storage_offset: Size | None = None) -> Outcome:
    """Elements picked from memory by strides; whether they all lie inside it is not known to the analysis."""
    shape, strides = tuple(size), tuple(stride)
    parameters = {"size": shape, "stride": strides}
    if not site.require(
        "strides",
        all_of(TRUE if len(shape) == len(strides) else FALSE, *(ge(s, 0) for s in (*shape, *strides))),
        "as_strided is given shape {} and strides {}",
        shape,
        strides,
        help="give one stride for each size, none of them negative",
    ):
        return Outcome(input.view(shape), parameters=parameters)
    return Outcome(input.view(shape, normal(shape, strides)), parameters=parameters)


def _flatten_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.start_dim, module.end_dim), {}


def _unflatten_arguments(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.dim, module.unflattened_size), {}


RULES = keeping(
    passes_on,
    OpRule("view", view, spellings("view")),
    OpRule("reshape", reshape, spellings("reshape")),
    OpRule("flatten", flatten, spellings("flatten"), {nn.Flatten: _flatten_arguments}),
    OpRule("ravel", ravel, spellings("ravel")),
    OpRule("unflatten", unflatten, spellings("unflatten"), {nn.Unflatten: _unflatten_arguments}),
    OpRule("view_as", view_as, spellings("view_as"), keeps=of_first(passes_on)),
    OpRule("reshape_as", reshape_as, spellings("reshape_as"), keeps=of_first(passes_on)),
    OpRule("view_as_real", view_as_real, spellings("view_as_real")),
    OpRule("view_as_complex", view_as_complex, spellings("view_as_complex")),
    OpRule("as_strided", as_strided, (torch.as_strided, torch.Tensor.as_strided)),
)
