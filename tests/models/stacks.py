"""Random small networks: stacks of layers that change sizes, with skips between them.

Only channels are kept in order while a network is drawn. Whether its heights and widths fit together, and for which
inputs, is left to chance: that is what the tests ask.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn import functional as F

#: A step, the earlier values that it reads (the input is value 0), and the channels of what it gives.
Step: TypeAlias = "tuple[nn.Module, tuple[int, ...], int]"
Draw: TypeAlias = "Callable[[Random, list[int]], Step | None]"

CHANNELS = 4


class Stack(nn.Module):
    """Steps one after the other; each reads earlier values by their number."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(step for step, _, _ in steps)
        self.sources = [sources for _, sources, _ in steps]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = [x]
        for step, sources in zip(self.steps, self.sources, strict=True):
            values.append(step(*(values[i] for i in sources)))
        return values[-1]

    def extra_repr(self) -> str:
        return f"sources={self.sources}"


class Do(nn.Module):
    """A function as a step; its name and arguments say what it does."""

    def __init__(self, function: Callable[..., torch.Tensor], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.function, self.args, self.kwargs = function, args, kwargs

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return self.function(*tensors, *self.args, **self.kwargs)

    def extra_repr(self) -> str:
        return f"{self.function.__name__}, {self.args}, {self.kwargs}"


# What models do to sizes by hand


def crop(x: torch.Tensor, rows: slice, columns: slice) -> torch.Tensor:
    return x[:, :, rows, columns]


def crop_to(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return x[:, :, : other.shape[2], : other.shape[3]]


def crop_to_centre(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    top = (x.shape[2] - other.shape[2]) // 2
    left = (x.shape[3] - other.shape[3]) // 2
    return x[:, :, top : top + other.shape[2], left : left + other.shape[3]]


def pad_to(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    dy, dx = other.shape[2] - x.shape[2], other.shape[3] - x.shape[3]
    return F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])


def pad_to_multiple(x: torch.Tensor, of: int) -> torch.Tensor:
    return F.pad(x, (0, -x.shape[3] % of, 0, -x.shape[2] % of))


def pad_if_odd(x: torch.Tensor) -> torch.Tensor:
    if x.shape[2] % 2 == 1 or x.shape[3] % 2 == 1:
        x = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2), mode="replicate")
    return x


def resize_to(x: torch.Tensor, other: torch.Tensor, mode: str) -> torch.Tensor:
    return F.interpolate(x, size=other.shape[2:], mode=mode)


def resize_where_different(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, size=other.shape[2:]) if x.shape[2:] != other.shape[2:] else x


def windows(x: torch.Tensor, size: int) -> torch.Tensor:
    n, c, h, w = x.shape
    x = x.view(n, c, h // size, size, w // size, size)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, c, size, size).mean(1)


def space_to_depth(x: torch.Tensor) -> torch.Tensor:
    return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], dim=1)


# One draw for each kind of layer


def _pair(rng: Random, low: int, high: int) -> tuple[int, int]:
    first = rng.randint(low, high)
    return (first, first) if rng.random() < 0.7 else (first, rng.randint(low, high))


def _last(channels: list[int]) -> tuple[int, int]:
    return len(channels) - 1, channels[-1]


def conv(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    groups = rng.choice([g for g in (1, 1, 2, given) if given % g == 0])
    made = groups * rng.randint(1, max(1, 6 // groups))
    mode = rng.choice(["zeros", "zeros", "zeros", "reflect", "replicate", "circular"])
    padding: Any = _pair(rng, 0, 3)
    stride = _pair(rng, 1, 3)
    if rng.random() < 0.15:
        padding, stride = rng.choice(["same", "valid"]), (1, 1)
    kernel, dilation = _pair(rng, 1, 5), _pair(rng, 1, 2)
    layer = nn.Conv2d(given, made, kernel, stride, padding, dilation, groups, padding_mode=mode)
    return layer, (at,), made


def conv_transpose(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    made = rng.randint(1, 4)
    stride, dilation = _pair(rng, 1, 3), _pair(rng, 1, 2)
    extra = tuple(rng.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation, strict=True))
    kernel = _pair(rng, 1, 4)
    # With a kernel of one pixel it depends on the number of threads whether torch makes an output without elements.
    padding = _pair(rng, 0, 2) if max(kernel) > 1 else 0
    return nn.ConvTranspose2d(given, made, kernel, stride, padding, extra, dilation=dilation), (at,), made


def pool(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    kernel, stride = _pair(rng, 1, 4), rng.choice([None, _pair(rng, 1, 3)])
    padding = tuple(rng.randint(0, k // 2) for k in kernel)
    ceil = rng.random() < 0.4
    if rng.random() < 0.5:
        return nn.MaxPool2d(kernel, stride, padding, _pair(rng, 1, 2), ceil_mode=ceil), (at,), given
    return nn.AvgPool2d(kernel, stride, padding, ceil, rng.random() < 0.5), (at,), given


def adaptive_pool(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    kind = rng.choice([nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d])
    return kind(rng.choice([1, 2, (3, None), (None, 5), (2, 4)])), (at,), given


def pad(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    mode = rng.choice(["constant", "reflect", "replicate", "circular"])
    amounts = [rng.randint(-2 if mode != "circular" else 0, 3) for _ in range(4)]
    return Do(F.pad, amounts, mode=mode), (at,), given


def cropped(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)

    def part() -> slice:
        return slice(
            rng.choice([None, 1, 2, -6]), rng.choice([None, None, -1, -2, 8]), rng.choice([None, None, None, 2, 3])
        )

    return Do(crop, part(), part()), (at,), given


def interpolated(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    mode = rng.choice(["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
    if rng.random() < 0.2:
        return Do(F.interpolate, size=_pair(rng, 1, 9), mode=mode), (at,), given
    factor = rng.choice([2, 3, 0.5, 1.5, 0.25, 0.7, (2, 0.5)])
    return Do(F.interpolate, scale_factor=factor, mode=mode), (at,), given


def shuffled(rng: Random, channels: list[int]) -> Step | None:
    at, given = _last(channels)
    factor = rng.choice([2, 3])
    if given % factor**2 == 0 and rng.random() < 0.7:
        return nn.PixelShuffle(factor), (at,), given // factor**2
    if given > 2:
        return None
    return nn.PixelUnshuffle(factor), (at,), given * factor**2


def by_hand(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    if given <= 2 and rng.random() < 0.3:
        return Do(space_to_depth), (at,), 4 * given
    options = [Do(pad_to_multiple, rng.choice([2, 4, 8])), Do(pad_if_odd), Do(windows, rng.choice([2, 3, 4]))]
    return rng.choice(options), (at,), given


def _earlier(rng: Random, channels: list[int], same: bool) -> int | None:
    """An earlier value to join with; near the end of the stack, with as many channels or with one."""
    found = [i for i, c in enumerate(channels[:-1]) if not same or c == channels[-1] or 1 in (c, channels[-1])]
    return rng.choice(found) if found else None


def fitted(rng: Random, channels: list[int]) -> Step | None:
    other = _earlier(rng, channels, same=False)
    if other is None:
        return None
    at, given = _last(channels)
    options = [
        Do(crop_to),
        Do(crop_to_centre),
        Do(pad_to),
        Do(resize_to, rng.choice(["nearest", "bilinear"])),
        Do(resize_where_different),
    ]
    return rng.choice(options), (at, other), given


def added(rng: Random, channels: list[int]) -> Step | None:
    other = _earlier(rng, channels, same=True)
    if other is None:
        return None
    at, given = _last(channels)
    return Do(rng.choice([torch.add, torch.mul])), (at, other), max(given, channels[other])


def concatenated(rng: Random, channels: list[int]) -> Step | None:
    at, given = _last(channels)
    axis = rng.choice([1, 1, 1, 2, 3])
    other = _earlier(rng, channels, same=axis != 1)
    if other is None or (axis != 1 and channels[other] != given):
        return None

    def cat(x: torch.Tensor, y: torch.Tensor, dim: int) -> torch.Tensor:
        return torch.cat([x, y], dim)

    return Do(cat, dim=axis), (at, other), given + channels[other] if axis == 1 else given


def normalised(rng: Random, channels: list[int]) -> Step:
    at, given = _last(channels)
    options = [nn.BatchNorm2d(given), nn.InstanceNorm2d(given), nn.GroupNorm(1, given)]
    return rng.choice(options), (at,), given


DRAWS: tuple[Draw, ...] = (
    *(conv,) * 4,
    *(conv_transpose,) * 3,
    *(pool,) * 3,
    *(added, concatenated, fitted) * 2,
    pad,
    cropped,
    interpolated,
    shuffled,
    by_hand,
    adaptive_pool,
    normalised,
)


def _head(rng: Random, steps: list[Step], channels: list[int]) -> list[Step]:
    """A classifier for the features of one size, or rows of a fixed length, as models for one resolution have them."""
    try:
        with torch.no_grad():
            features = Stack(steps).eval()(torch.zeros(1, CHANNELS, rng.randint(9, 40), rng.randint(9, 40)))
    except (RuntimeError, ValueError):
        return []
    if not 0 < features[0].numel() <= 4096:
        return []
    at = len(channels) - 1
    if rng.random() < 0.5:
        return [(nn.Flatten(), (at,), 1), (nn.Linear(features[0].numel(), 2), (at + 1,), 1)]
    return [(Do(torch.Tensor.view, -1, features[0].numel()), (at,), 1)]


def drawn(seed: int) -> Stack:
    """The network of a seed, in training mode or not."""
    rng = Random(seed)
    steps: list[Step] = []
    channels = [CHANNELS]
    length = rng.randint(2, 8)
    while len(steps) < length:
        step = rng.choice(DRAWS)(rng, channels)
        if step is not None and step[2] <= 64:
            steps.append(step)
            channels.append(step[2])
    if rng.random() < 0.2:
        steps += _head(rng, steps, channels)
    return Stack(steps).train(rng.random() < 0.3)
