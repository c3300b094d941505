"""Discrete Fourier transforms: everything in torch.fft.

torch counts no FLOPs for them; a transform costs one element-wise operation per element of its result. Results are
laid out as the MKL library leaves them, where torch is built with it: transformed axes innermost.
"""

from __future__ import annotations

from functools import cmp_to_key, partial
from typing import Any

import torch

from convsym.graph.backward import Backward, Saved, keeps_nothing
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.arguments import axes_of, axis
from convsym.ops.catalogue import OpRule, Outcome, Site, keeping
from convsym.ops.elementwise import require_kind
from convsym.ops.strides import normal, strides_of
from convsym.sizes.arithmetic import Size, add, equal, floor_div, multiply, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, ge, gt, le
from convsym.sizes.truth import Truth

Axes = tuple[int, ...]
_NORMS = (None, "backward", "forward", "ortho")


def transform(kind: str, site: Site, input: Tensor, n: Any = None, dim: int = -1, norm: str | None = None) -> Outcome:
    """A transform along one axis, cut or padded to `n` elements.

    `kind` is "c2c" (the axis keeps its size), "r2c" (n // 2 + 1 elements of a real signal) or "c2r" (back again, to
    2 (size - 1) elements where `n` is not given).
    """
    return transforms(kind, site, input, None if n is None else (n,), (dim,), norm, alone=True)


def transforms(
    kind: str,
    site: Site,
    input: Tensor,
    s: Any = None,
    dim: Any = None,
    norm: str | None = None,
    alone: bool = False,
) -> Outcome:
    """Transforms along several axes, the last of them halved or doubled; all axes, or as many as `s` has, by default."""
    op = "fft"
    site.require(
        "argument-value",
        TRUE if norm in _NORMS else FALSE,
        "{} has norm={}, which must be 'backward', 'forward' or 'ortho'",
        op,
        repr(norm),
    )
    require_kind(site, op, input.dtype, "buif" if kind in ("r2c", "r2c, then c2c") else "buifc")
    found = _axes_and_sizes(site, op, input, s, dim)
    dtype = _complex(input.dtype)
    if found is None:
        return Outcome(Tensor(input.shape, dtype))
    axes, sizes = found
    if not axes:
        site.require(
            "fft-axes",
            TRUE if kind == "c2c" else FALSE,
            "{} of real signals must transform at least one axis",
            op,
            help="name an axis with dim",
        )
        return Outcome(Tensor(input.shape, dtype, input.strides))
    last = axes[-1]
    if kind == "c2r" and (s is None or _kept(s[-1])):
        sizes[last] = multiply(2, subtract(input.shape[last], 1))
    site.require(
        "fft-size",
        all_of(*(ge(sizes[axis], 1) for axis in axes)),
        "{} needs at least one element along each axis, but gets {}",
        op,
        tuple(sizes[axis] for axis in axes),
        help="give it a larger input, or a positive n",
    )
    halved = add(floor_div(sizes[last], 2), 1)
    taken = _resized(site, input, {**sizes, last: halved} if kind == "c2r" else sizes)
    out = tuple(sizes.get(axis, size) for axis, size in enumerate(input.shape))
    if kind.startswith("r2c"):
        out = tuple(halved if axis == last else size for axis, size in enumerate(out))
    if kind == "c2r":
        dtype = torch.float64 if dtype == torch.complex128 else torch.float32
    output = Tensor(out, dtype, normal(out, _layout(site, kind, taken, axes, out)))
    # Along several axes, a real signal is made complex first where nothing is halved.
    is_real = kind.startswith("r2c") or (alone and not input.dtype.is_complex)
    kept = Backward((Saved(taken),)) if is_real else None
    return Outcome(output, Cost(elementwise=output.numel), {"dim": axes}, kept)


def _complex(dtype: torch.dtype) -> torch.dtype:
    if dtype.is_complex:
        return dtype
    wide = dtype == torch.float64 or (not dtype.is_floating_point and torch.get_default_dtype() == torch.float64)
    return torch.complex128 if wide else torch.complex64


def _kept(size: Any) -> bool:
    return size is None or (isinstance(size, int) and size == -1)


def _axes_and_sizes(site: Site, op: str, input: Tensor, s: Any, dim: Any) -> tuple[Axes, dict[int, Size]] | None:
    if s is not None and not isinstance(s, (tuple, list)):
        s = (s,)
    if dim is None:
        count = input.rank if s is None else len(s)
        dim = tuple(range(input.rank - count, input.rank))
    named = dim if isinstance(dim, (tuple, list)) else (dim,)
    fits = (s is None or len(s) == len(named)) and len(named) <= input.rank
    if not site.require(
        "fft-axes",
        TRUE if fits and min(named, default=0) >= -input.rank else FALSE,
        "{} is asked for axes {} with sizes {}, but its input has {} axes",
        op,
        str(tuple(named)),
        "as they are" if s is None else tuple(s),
        str(input.rank),
        help="name as many axes as sizes, and only axes that the input has",
    ):
        return None
    axes = axes_of(site, op, named, input.rank)
    if axes is None:
        return None
    wanted = (None,) * len(axes) if s is None else tuple(s)
    return axes, {a: input.shape[a] if _kept(size) else size for a, size in zip(axes, wanted, strict=True)}


def _resized(site: Site, input: Tensor, sizes: dict[int, Size]) -> Tensor:
    """The input cut or padded; padding makes a contiguous copy, a cut leaves the layout."""
    shape = tuple(sizes.get(axis, size) for axis, size in enumerate(input.shape))
    padded = any(
        not equal(new, old) and site.decide(gt(new, old)) is Truth.YES
        for new, old in zip(shape, input.shape, strict=True)
    )
    if padded:
        return input.with_shape(*shape)
    return input if shape == input.shape else input.view(shape, strides_of(input))


def _layout(site: Site, kind: str, input: Tensor, axes: Axes, out: tuple[Size, ...]) -> tuple[Size, ...]:
    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return strides_of(Tensor(out, input.dtype))
    if kind == "c2r" and len(axes) > 1:
        input = Tensor(input.shape, input.dtype, _ordered(site, input, axes[:-1], input.shape, 0))
        axes = axes[-1:]
    if kind == "r2c, then c2c" and len(axes) > 1:
        input = Tensor(out, input.dtype, _ordered(site, input, axes[-1:], out, 1))
        axes = axes[:-1]
        kind = "c2c"
    return _ordered(site, input, axes, out, 0 if kind == "c2c" else 1)


def _ordered(site: Site, input: Tensor, axes: Axes, out: tuple[Size, ...], fixed: int) -> tuple[Size, ...]:
    """Strides of a result whose transformed axes are innermost; both groups are in the order of the input's strides.

    The last `fixed` of the axes stay where they are named.
    """
    steps = strides_of(input)

    def compare(a: int, b: int) -> int:
        if equal(steps[a], steps[b]):
            return 0
        if site.decide(ge(steps[a], steps[b])) is Truth.YES:
            return -1
        return 1 if site.decide(le(steps[a], steps[b])) is Truth.YES else 0

    rest = sorted((a for a in range(len(out)) if a not in axes), key=cmp_to_key(compare))
    free = len(axes) - fixed
    order = [*rest, *sorted(axes[:free], key=cmp_to_key(compare)), *axes[free:]]
    strides: list[Size] = [1] * len(out)
    step: Size = 1
    for at in reversed(order):
        strides[at] = step
        step = multiply(step, out[at])
    return tuple(strides)


def shifted(site: Site, input: Tensor, dim: Any = None) -> Outcome:
    """torch.fft.fftshift and ifftshift: the halves of axes change places."""
    named = tuple(range(input.rank)) if dim is None else dim
    site.require(
        "fft-axes",
        TRUE if input.rank and named not in ((), []) else FALSE,
        "fftshift needs at least one axis to shift, but its input has shape {}",
        input.shape,
        help="name an axis with dim",
    )
    for at in named if isinstance(named, (tuple, list)) else (named,):
        axis(site, "fftshift", at, input.rank)
    return Outcome(input.with_shape(*input.shape))


def frequencies(
    half: bool, site: Site, n: Size, d: Any = 1.0, *, dtype: torch.dtype | None = None, **_: Any
) -> Outcome:
    """torch.fft.fftfreq and rfftfreq: the frequencies of the bins of a transform of `n` elements."""
    size = add(floor_div(n, 2), 1) if half else n
    return Outcome(Tensor((size,), dtype or torch.get_default_dtype()), Cost(elementwise=size))


_TWO = (-2, -1)


def _plane(kind: str, site: Site, input: Tensor, s: Any = None, dim: Any = _TWO, norm: str | None = None) -> Outcome:
    return transforms(kind, site, input, s, dim, norm)


_KINDS = (
    ("c2c", "fft"),
    ("c2c", "ifft"),
    ("r2c", "rfft"),
    ("c2r", "irfft"),
    ("c2r", "hfft"),
    ("r2c, then c2c", "ihfft"),
)
RULES = keeping(
    keeps_nothing,
    *(OpRule(name, partial(transform, kind), (getattr(torch.fft, name),)) for kind, name in _KINDS),
    *(OpRule(f"{name}2", partial(_plane, kind), (getattr(torch.fft, f"{name}2"),)) for kind, name in _KINDS),
    *(OpRule(f"{name}n", partial(transforms, kind), (getattr(torch.fft, f"{name}n"),)) for kind, name in _KINDS),
    OpRule("fftshift", shifted, (torch.fft.fftshift, torch.fft.ifftshift)),
    OpRule("fftfreq", partial(frequencies, False), (torch.fft.fftfreq,)),
    OpRule("rfftfreq", partial(frequencies, True), (torch.fft.rfftfreq,)),
)
