"""Forwards in the Python that people write: each must trace, and give eager torch's shapes at every size tried."""

from __future__ import annotations

import functools
import math
import os
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils import _pytree as pytree
from torch.utils.checkpoint import checkpoint

import convsym

SIZES = ((1, 7, 9), (2, 8, 8), (3, 13, 6), (1, 32, 20))


class Forward(nn.Module):
    """A module around a function of the input and of a convolution from 3 to 4 channels."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.register_buffer("grid", torch.arange(64).view(8, 8))
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self, x)


def shapes(result: Any) -> list[tuple[int, ...]]:
    return [tuple(leaf.shape) for leaf in pytree.tree_leaves(result) if isinstance(leaf, torch.Tensor)]


CASES: dict[str, Any] = {}


def case(function: Any) -> Any:
    CASES[function.__name__] = function
    return function


@case
def shapes_unpacked_and_multiplied(self, x):
    n, c, h, w = x.shape
    return x.view(n, c * h, w), x.reshape(n, -1), x.flatten(2).transpose(1, 2), x.view(*x.shape[:2], h * w)


@case
def an_int_of_a_float_product(self, x):
    h, w = int(x.shape[2] * 0.5), int(x.size(3) / 2)
    return x[:, :, :h, :w], F.interpolate(x, size=(h + 1, w + 1))


@case
def math_on_sizes(self, x):
    h, w = x.shape[-2:]
    return torch.zeros(math.ceil(h / 4), math.floor(w / 2)), torch.ones(round(h / 2), 2), x.new_zeros(math.ceil(w / 3))


@case
def numpy_on_sizes(self, x):
    return torch.zeros(int(np.prod(x.shape[2:])), int(np.ceil(x.shape[2] / 2)))


@case
def max_min_abs_divmod_sum(self, x):
    h, w = x.shape[2:]
    quotient, rest = divmod(h, 4)
    return torch.zeros(max(h, 8), min(w, 5), abs(h - w) + 1), torch.zeros(quotient + 1, rest + 1, sum(x.shape))


@case
def a_branch_on_parity_that_pads(self, x):
    h, w = x.shape[-2:]
    if h % 2 or w % 2 != 0:
        x = F.pad(x, (0, w % 2, 0, h % 2))
    return F.max_pool2d(x, 2)


@case
def a_loop_over_a_list_of_strided_views(self, x):
    return [self.conv(x[:, :, ::step, ::step]) for step in (1, 2)], tuple(t.mean() for t in x.unbind(1))


@case
def tensors_unpacked(self, x):
    a, b, c = x.split(1, dim=1)
    q, k = torch.cat([x, x], 1).chunk(2, 1)
    return a + b * c, q - k, x[:, 0], x[..., None], x[:, [0, 2]]


@case
def isinstance_and_len(self, x):
    if not isinstance(x, torch.Tensor) or not torch.is_tensor(x) or len(x.shape) != 4:
        raise TypeError("not a batch of images")
    return torch.zeros(len(x), x.dim()), {"half": x.half() if x.dtype == torch.float32 else x}


@case
def dictionaries_and_named_results(self, x):
    features = OrderedDict(low=x, high=self.conv(x))
    features["sum"] = features["high"].sum(1, keepdim=True)
    return {name: value for name, value in features.items() if value is not None}


@case
def in_place_forms_and_item_assignment(self, x):
    y = torch.zeros_like(x)
    y[:, 0] = x[:, 1]
    y[..., 1:] += 1
    y.mul_(2).clamp_(0, 1)
    y += x
    return y


@case
def constants_read_back(self, x):
    steps = torch.linspace(0, 1, 5).tolist()
    count = torch.tensor([2, 3]).sum().item()
    return x.repeat(count, 1, 1, 1), [x * s for s in steps]


@case
def sizes_in_tensors(self, x):
    sizes = torch.as_tensor([tuple(x.shape[-2:]), (2, 3)])
    counts = sizes.prod(1).tolist()
    return torch.zeros(counts[0], 2), torch.zeros(sum(counts))


@case
def buffers_indexed_and_parameters_used(self, x):
    y = self.conv(x) * self.scale
    return y + self.grid[:1, :1], self.scale.squeeze().softmax(0)


@case
def checkpointing_and_partial(self, x):
    run = functools.partial(checkpoint, self.conv, use_reentrant=False)
    return run(x), checkpoint(self.conv, x, use_reentrant=True)


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, factor: float) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x * factor

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return grads[0], None


@case
def a_custom_autograd_function(self, x):
    return Twice.apply(x, 2.0)


def shrunk(x: torch.Tensor, least: int) -> torch.Tensor:
    if x.size(2) > least:
        return torch.nn.functional.avg_pool2d(x, 2)
    return x


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    scripted = torch.jit.script(shrunk)


@case
def a_scripted_function(self, x):
    return scripted(x, 8)


@case
def scripting_questions(self, x):
    if torch.jit.is_scripting() or torch.jit.is_tracing() or torch.onnx.is_in_onnx_export():
        raise RuntimeError("not expected here")
    return x if not torch.is_grad_enabled() or x.requires_grad in (True, False) else None


@case
def a_size_as_dictionary_key_and_in_a_format(self, x):
    cache = {}
    key = f"{x.shape[2]}x{x.shape[3]}"
    if key not in cache:
        cache[key] = torch.arange(x.shape[2])
    return cache[key]


@case
def windows_by_rounding_up(self, x):
    window = 4
    n, c, h, w = x.shape
    pad_h, pad_w = (window - h % window) % window, -w % window
    x = F.pad(x, (0, pad_w, 0, pad_h))
    hp, wp = x.shape[2:]
    x = x.view(n, c, hp // window, window, wp // window, window).permute(0, 2, 4, 3, 5, 1).reshape(-1, window**2, c)
    x = x.view(n, hp // window, wp // window, window, window, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, hp, wp)
    return x[:, :, :h, :w]


@case
def a_shape_compared_with_another(self, x):
    y = F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)
    if y.shape[-2:] != x.shape[-2:]:
        y = F.interpolate(y, size=x.shape[-2:], mode="bilinear", align_corners=False)
    return x + y


@case
def torch_size_arithmetic(self, x):
    size = torch.Size([1]) + x.shape[1:]
    return x.expand(size) if x.shape[0] == 1 else torch.zeros(size), torch.zeros(x.shape.numel())


@case
def a_crop_computed_with_tensors(self, x):
    skip, y = torch.tensor(x.shape), F.max_pool2d(x, 3, stride=1)
    crop = ((skip[2:] - torch.tensor(y.shape)[2:]) / 2).int()
    cropped = F.pad(x, (-torch.stack((crop, crop)).t().flatten()).tolist())
    return torch.cat((cropped, y), 1)


@case
def divisions_of_tensors_of_sizes(self, x):
    less = torch.tensor([-x.shape[2], x.shape[3]])
    rounded = torch.div(less, 2, rounding_mode="floor") - torch.div(less, 2, rounding_mode="trunc")
    less[0] = rounded[1] = 0
    rounded[0] += x.shape[2]
    rows, columns = (rounded.abs() + 1).unsqueeze(0).transpose(0, 1).squeeze(1).tolist()
    return x.new_zeros(rows, columns)


@dataclass
class Result:
    features: torch.Tensor
    size: Any


@case
def a_dataclass_inside(self, x):
    result = Result(self.conv(x), x.shape[2:])
    return result.features.new_ones(result.size)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CASES)
def test_it_traces_and_agrees_with_eager_torch(name: str) -> None:
    model = Forward(CASES[name]).eval()
    analysis = convsym.analyze(model, "N 3 H W")
    assert not analysis.diagnostics
    for n, h, w in SIZES:
        with torch.no_grad():
            expected = shapes(model(torch.rand(n, 3, h, w)))
        assert analysis.at(N=n, H=h, W=w).outputs == expected


class Caches(nn.Module):
    """Keeps a position grid, a list and a counter in attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.grid: Any = None
        self.seen: list[Any] = []
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.grid is None:
            self.grid = torch.arange(x.shape[2], device=x.device)
        self.seen.append(x.shape)
        self.count += 1
        return x * self.grid[:, None]


def test_the_module_is_left_as_it_was() -> None:
    model = Caches()
    convsym.analyze(model, "N 3 H W")
    assert model.grid is None
    assert model.seen == []
    assert type(model.count) is torch.Tensor
    assert model.count.item() == 0


def test_builtins_are_put_back() -> None:
    convsym.analyze(Forward(CASES["math_on_sizes"]), "N 3 H W")
    assert "int" not in globals()
    assert math.sqrt(4) == 2.0
    assert type(math.sqrt).__name__ == "builtin_function_or_method"


def test_a_number_read_from_a_tensor_may_be_negative():
    class Crops(nn.Module):
        def forward(self, x):
            shape = torch.tensor(x.shape)
            less = -((shape[2:] / 2).int()).flatten()
            return torch.cat((F.pad(x, [0, less.tolist()[0]]), x[..., : x.shape[3] // 2]), 1)

    assert convsym.analyze(Crops(), "N 3 H W").diagnostics == ()


def test_a_mistake_inside_another_package_is_placed_where_the_model_calls_it(tmp_path, monkeypatch):
    (tmp_path / "installed" / "axes").mkdir(parents=True)
    (tmp_path / "installed" / "axes" / "__init__.py").write_text(
        "import torch\n"
        "def halves(x):\n"
        "    if x.shape[1] % 2:\n"
        "        raise ValueError('odd')\n"
        "    return torch.cat([x, x[..., 1:]], 1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "installed")
    monkeypatch.setattr("convsym.trace.frames._PACKAGES", (f"{tmp_path / 'installed'}{os.sep}",))
    source = (
        "from torch import nn\n"
        "from axes import halves\n"
        "class Net(nn.Module):\n"
        "    def forward(self, x):\n"
        "        return halves(x)\n"
    )
    (tmp_path / "net.py").write_text(source)
    for channels in (3, 4):
        [found] = convsym.check_file(tmp_path / "net.py", entry="Net()", inputs=[f"N {channels} H W"])
        assert (found.place.file, found.place.line) == (str(tmp_path / "net.py"), 5)
