"""Random convolutions, transposed convolutions and pools against eager torch: shape, layout, FLOPs and refusal alike."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.ops.oracle import REFUSALS, agree


@pytest.fixture(autouse=True)
def several_threads() -> Iterator[None]:
    """As models run: with one thread torch takes another kernel for small transposed convolutions, which refuses more."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


Call = tuple[Any, tuple[Any, ...], dict[str, Any]]

CONVOLUTIONS = {
    1: (torch.conv1d, nn.Conv1d, nn.LazyConv1d),
    2: (torch.conv2d, nn.Conv2d, nn.LazyConv2d),
    3: (torch.conv3d, nn.Conv3d, nn.LazyConv3d),
}
TRANSPOSED = {
    1: (torch.conv_transpose1d, nn.ConvTranspose1d, nn.LazyConvTranspose1d),
    2: (torch.conv_transpose2d, nn.ConvTranspose2d, nn.LazyConvTranspose2d),
    3: (torch.conv_transpose3d, nn.ConvTranspose3d, nn.LazyConvTranspose3d),
}
MAX_POOLS = {
    1: (F.max_pool1d, torch.max_pool1d, nn.MaxPool1d),
    2: (F.max_pool2d, torch.max_pool2d, nn.MaxPool2d),
    3: (F.max_pool3d, torch.max_pool3d, nn.MaxPool3d),
}
AVG_POOLS = {
    1: (F.avg_pool1d, nn.AvgPool1d),
    2: (F.avg_pool2d, nn.AvgPool2d),
    3: (F.avg_pool3d, nn.AvgPool3d),
}
ADAPTIVE_POOLS = {
    1: (F.adaptive_avg_pool1d, F.adaptive_max_pool1d, nn.AdaptiveAvgPool1d, nn.AdaptiveMaxPool1d),
    2: (F.adaptive_avg_pool2d, F.adaptive_max_pool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d),
    3: (F.adaptive_avg_pool3d, F.adaptive_max_pool3d, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool3d),
}
UNPOOLS = {
    1: (F.max_unpool1d, nn.MaxUnpool1d),
    2: (F.max_unpool2d, nn.MaxUnpool2d),
    3: (F.max_unpool3d, nn.MaxUnpool3d),
}
FRACTIONAL = {2: F.fractional_max_pool2d, 3: F.fractional_max_pool3d}
LARGEST = {1: 12, 2: 9, 3: 6}


class Draw:
    """Layers and calls drawn at random; most of them plausible, some with arguments that torch refuses."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.axes = self.random.choice((1, 2, 2, 3))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def number(self, low: int, high: int, odd: tuple[int, ...] = ()) -> int:
        return self.random.choice(odd) if odd and self.chance(0.012) else self.random.randint(low, high)

    def values(self, low: int, high: int, odd: tuple[int, ...] = (), lengths: bool = True) -> Any:
        """One number, or one for each axis; rarely some other count of them."""
        if self.chance(0.45):
            return self.number(low, high, odd)
        count = self.axes
        if lengths and self.chance(0.03):
            count = self.random.choice((0, 1, 1, self.axes - 1, self.axes + 1))
        values = [self.number(low, high, odd) for _ in range(count)]
        return values if self.chance(0.1) else tuple(values)

    def tensor(self, channels: int) -> torch.Tensor:
        spatial = [0 if self.chance(0.01) else self.random.randint(1, LARGEST[self.axes]) for _ in range(self.axes)]
        shape = [channels, *spatial]
        if self.chance(0.8):
            shape = [self.random.choice((1, 1, 2, 2, 3)), *shape]
        if self.chance(0.02):
            shape = self.random.choice((shape[1:], [1, *shape], [1, 1, *shape], shape[:1], []))
        made = torch.zeros(shape)
        if len(shape) == self.axes + 2 >= 4 and self.chance(0.15):
            made = made.to(memory_format=torch.channels_last if len(shape) == 4 else torch.channels_last_3d)
        return made

    def channels(self) -> tuple[int, int, int]:
        groups = self.random.choice((1, 1, 1, 2, 3))
        return groups, groups * self.random.randint(1, 2), groups * self.random.randint(1, 2)

    def bias(self, channels: int) -> torch.Tensor | None:
        if self.chance(0.03):
            return self.random.choice((torch.zeros(channels + 1), torch.zeros(channels, 1), torch.zeros(())))
        return torch.zeros(channels) if self.chance(0.5) else None

    def weight(self, *channels: int) -> torch.Tensor:
        kernel = [0 if self.chance(0.005) else self.random.randint(1, 4) for _ in range(self.axes)]
        made = torch.zeros(*channels, *kernel)
        return made[None] if self.chance(0.005) else made

    def conv(self) -> Call:
        groups, into, out = self.channels()
        per_group = into // groups + self.chance(0.03)
        weight = self.weight(out + self.chance(0.02), per_group)
        if self.chance(0.02):
            groups = self.random.choice((0, -1, 4))
        padding = self.values(0, 3, (-1,))
        if self.chance(0.15):
            padding = self.random.choice(("same", "valid"))
        strides, dilations = self.values(1, 3, (0, -1)), self.values(1, 3, (0, -1))
        arguments = (self.tensor(into), weight, self.bias(weight.shape[0]), strides, padding, dilations, groups)
        return CONVOLUTIONS[self.axes][0], arguments, {}

    def conv_layer(self) -> Call:
        groups, into, out = self.channels()
        mode = self.random.choice(("zeros", "zeros", "reflect", "replicate", "circular"))
        # Padding for more axes than there are reaches F.pad, which pads the channels with it: a curiosity left out.
        padding = self.values(0, 4, (-1,), lengths=mode == "zeros")
        if self.chance(0.2):
            padding = self.random.choice(("same", "valid"))
        layer = CONVOLUTIONS[self.axes][1](
            into,
            out,
            self.values(1, 4, (0,)),
            stride=self.values(1, 3, (0, -1)),
            padding=padding,
            dilation=self.values(1, 3, (0, -1)),
            groups=groups,
            bias=self.chance(0.5),
            padding_mode=mode,
        )
        return layer, (self.tensor(into + self.chance(0.04)),), {}

    def transposed(self) -> Call:
        groups, into, out = self.channels()
        weight = self.weight(into, out // groups)
        if self.chance(0.02):
            groups = self.random.choice((0, -1, 4))
        extra = self.values(0, self.random.choice((0, 1, 3)), (-1,))
        arguments = (
            self.tensor(into + self.chance(0.04)),
            weight,
            self.bias(out),
            self.values(1, 3, (0, -1)),
            self.values(0, 3, (-1,)),
            extra,
            groups,
            self.values(1, 3, (0, -1)),
        )
        return TRANSPOSED[self.axes][0], arguments, {}

    def transposed_layer(self) -> Call:
        groups, into, out = self.channels()
        layer = TRANSPOSED[self.axes][1](
            into,
            out,
            self.values(1, 4, (0,)),
            stride=self.values(1, 3, (0, -1)),
            padding=self.values(0, 3, (-1,)),
            output_padding=self.values(0, self.random.choice((0, 1, 3)), (-1,)),
            groups=groups,
            bias=self.chance(0.5),
            dilation=self.values(1, 3, (0, -1)),
        )
        input = self.tensor(into + self.chance(0.04))
        return layer, (input,), self.output_size(layer, input) if self.chance(0.4) else {}

    def output_size(self, layer: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> dict[str, Any]:
        """A size near the one that the layer makes anyway."""
        sizes = [self.random.randint(1, 16) for _ in range(self.axes)]
        try:
            made = layer(*inputs).shape[-self.axes :]
        except REFUSALS:
            pass
        else:
            sizes = [size + self.random.choice((0, 0, 0, 1, 2, -1)) for size in made]
        if self.chance(0.2):
            sizes = [*inputs[0].shape[: -self.axes], *sizes]
        if self.chance(0.05):
            sizes = sizes[1:]
        return {"output_size": self.random.choice((list, tuple, torch.Size))(sizes)}

    def lazy_layer(self) -> Call:
        groups, into, out = self.channels()
        arguments: dict[str, Any] = {
            "stride": self.values(1, 3, (), lengths=False),
            "padding": self.values(0, 2, (), lengths=False),
            "groups": groups,
        }
        family = CONVOLUTIONS if self.chance(0.5) else TRANSPOSED
        layer = family[self.axes][2](out, self.values(1, 3, (), lengths=False), **arguments)
        return layer, (self.tensor(into),), {}

    def pool(self) -> Call:
        arguments: dict[str, Any] = {}
        kernel = self.values(1, 4, (0, -1))
        if self.chance(0.7):
            arguments["stride"] = self.values(1, 4, (0, -1))
        if self.chance(0.6):
            arguments["padding"] = self.values(0, 2, (-1,))
        if self.chance(0.5):
            arguments["ceil_mode"] = True
        input = self.tensor(0 if self.chance(0.01) else self.random.randint(1, 3))
        return self.max_pool(input, kernel, arguments) if self.chance(0.5) else self.avg_pool(input, kernel, arguments)

    def max_pool(self, input: torch.Tensor, kernel: Any, arguments: dict[str, Any]) -> Call:
        function, builtin, layer = MAX_POOLS[self.axes]
        if self.chance(0.5):
            arguments["dilation"] = self.values(1, 3, (0, -1))
        if self.chance(0.3):
            return builtin, (input, kernel), arguments
        if self.chance(0.3):
            arguments["return_indices"] = True
        if self.chance(0.5):
            return layer(kernel, **arguments), (input,), {}
        return function, (input, kernel), arguments

    def avg_pool(self, input: torch.Tensor, kernel: Any, arguments: dict[str, Any]) -> Call:
        function, layer = AVG_POOLS[self.axes]
        if self.chance(0.3):
            arguments["count_include_pad"] = False
        if self.axes > 1 and self.chance(0.1):
            arguments["divisor_override"] = self.random.choice((1, 3, -2, 0))
        if self.chance(0.5):
            return layer(kernel, **arguments), (input,), {}
        return function, (input, kernel), arguments

    def adaptive_pool(self) -> Call:
        average, largest, average_layer, largest_layer = ADAPTIVE_POOLS[self.axes]
        size = self.values(1, 7, (0, -1))
        if isinstance(size, (tuple, list)) and self.chance(0.3):
            size = tuple(None if self.chance(0.5) else s for s in size)
        input = self.tensor(self.random.randint(1, 3))
        if self.chance(0.5):
            return (average_layer(size), (input,), {}) if self.chance(0.5) else (average, (input, size), {})
        arguments = {"return_indices": True} if self.chance(0.3) else {}
        if self.chance(0.5):
            return largest_layer(size, **arguments), (input,), {}
        return largest, (input, size), arguments

    def unpool(self) -> Call:
        function, layer = UNPOOLS[self.axes]
        input = self.tensor(self.random.randint(1, 3))
        indices = torch.zeros(input.shape, dtype=torch.float32 if self.chance(0.02) else torch.int64)
        if self.chance(0.02):
            indices = indices[..., :-1]
        kernel = self.values(1, 3, (), lengths=False)
        arguments = {"stride": self.values(1, 3, (), lengths=False), "padding": self.values(0, 1, (), lengths=False)}
        made = layer(kernel, **arguments)
        sizes = self.output_size(made, input, indices) if self.chance(0.5) else {}
        if self.chance(0.5):
            return made, (input, indices), sizes
        return function, (input, indices, kernel), {**arguments, **sizes}

    def fractional_pool(self) -> Call:
        self.axes = self.random.choice((2, 3))
        input = self.tensor(self.random.randint(1, 3))
        arguments: dict[str, Any] = {"output_size": self.values(1, 6, (0, -1), lengths=False)}
        if self.chance(0.4):
            ratios = (0.3, 0.5, 0.6, 0.7, 0.9, 1 / 3)
            arguments = {"output_ratio": tuple(self.random.choice(ratios) for _ in range(self.axes))}
        if self.chance(0.3):
            arguments["return_indices"] = True
        return FRACTIONAL[self.axes], (input, self.values(1, 3, (), lengths=False)), arguments


MAKERS = (
    (Draw.conv, 5),
    (Draw.conv_layer, 5),
    (Draw.transposed, 5),
    (Draw.transposed_layer, 5),
    (Draw.pool, 8),
    (Draw.adaptive_pool, 2),
    (Draw.unpool, 1),
    (Draw.fractional_pool, 1),
    (Draw.lazy_layer, 1),
)


def calls(seed: int, count: int) -> Iterator[Call]:
    """So many calls; layers whose constructor refuses its arguments are drawn again."""
    makers, weights = zip(*MAKERS, strict=True)
    left, step = count, 0
    while left:
        draw = Draw(seed * 1_000_003 + step)
        step += 1
        (make,) = draw.random.choices(makers, weights)
        try:
            with warnings.catch_warnings():
                # Weights without elements cannot be initialised, which torch remarks.
                warnings.simplefilter("ignore")
                call = make(draw)
        except REFUSALS:
            continue
        left -= 1
        yield call


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    # torch picks its kernels by the number of threads, and with them what it says of an empty output.
    before = torch.get_num_threads()
    torch.set_num_threads(max(before, 2))
    yield
    torch.set_num_threads(before)


def has_one_layout(input: torch.Tensor) -> bool:
    """Whether only one memory format fits: one channel, or one position, is laid out alike in both."""
    return input.dim() > 2 and input.shape[1] > 1 and max(input.shape[2:]) > 1


def compared(seed: int, count: int) -> tuple[int, int]:
    taken = refused = 0
    for function, arguments, keywords in calls(seed, count):
        verdict = agree(function, *arguments, layout=has_one_layout(arguments[0]), **keywords)
        taken += verdict.refusal is None
        refused += verdict.refusal is not None
    return taken, refused


def test_a_few_hundred_random_windows_agree_with_torch() -> None:
    taken, refused = compared(seed=1, count=600)
    assert min(taken, refused) > 100


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(2, 14))
def test_a_thousand_random_windows_agree_with_torch(seed: int) -> None:
    taken, refused = compared(seed, count=1000)
    assert min(taken, refused) > 200
