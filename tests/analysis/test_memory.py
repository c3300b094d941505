"""Peaks against torch's CPU allocator, and what keeps memory alive."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym
import tests.torchvision_on_cpu  # noqa: F401  timm imports torchvision
from convsym.sizes.evaluate import evaluate
from tests.analysis.peaks import inference_peak, training_peak
from tests.benchmarks.against_torch import MODELS


class _Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(64, 64, 3, padding=1)
        self.b = nn.Sequential(
            nn.Conv2d(64, 128, 3), nn.BatchNorm2d(128), nn.ReLU(inplace=True), nn.Conv2d(128, 64, 3, padding=2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.a(x)
        return torch.cat([self.b(x), x.chunk(2, 1)[0]], 1).relu()


def test_the_peak_of_a_forward_is_that_of_torchs_allocator() -> None:
    model = _Residual().eval()
    at = convsym.analyze(model, "N 64 H W").at(N=2, H=20, W=24)
    assert at.peak_bytes == pytest.approx(inference_peak(model, torch.rand(2, 64, 20, 24)), rel=0.02)


def test_the_peak_of_a_training_step_is_near_that_of_torchs_allocator() -> None:
    model = _Residual().train()
    at = convsym.analyze(model, "N 64 H W").at(N=2, H=20, W=24)
    assert at.training_peak_bytes == pytest.approx(training_peak(model, torch.rand(2, 64, 20, 24)), rel=0.05)


@pytest.mark.sweep
@pytest.mark.parametrize("sizes", [{"N": 1, "H": 96, "W": 128}, {"N": 2, "H": 128, "W": 128}], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_the_peaks_of_a_model_are_those_of_torchs_allocator(name: str, sizes: dict[str, int]) -> None:
    model = MODELS[name]()
    x = torch.rand(sizes["N"], 3, sizes["H"], sizes["W"])
    expected = inference_peak(model.eval(), x)
    assert convsym.analyze(model, "N 3 H W").at(**sizes).peak_bytes == pytest.approx(expected, rel=0.02)
    expected = training_peak(model.train(), x)
    assert convsym.analyze(model, "N 3 H W").at(**sizes).training_peak_bytes == pytest.approx(expected, rel=0.05)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "hiera_tiny_224"])
def test_attention_by_the_fused_kernel_takes_no_memory_for_its_scores(name: str) -> None:
    import timm

    model, x = timm.create_model(name), torch.rand(2, 3, 224, 224)
    expected = inference_peak(model.eval(), x)
    assert convsym.analyze(model, "N 3 224 224").at(N=2).peak_bytes == pytest.approx(expected, rel=0.02)
    expected = training_peak(model.train(), x)
    assert convsym.analyze(model, "N 3 224 224").at(N=2).training_peak_bytes == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (nn.Conv2d(16, 3, 3, padding=1), 16),
        (nn.Conv2d(9, 9, 3, padding=1), 9),
        (nn.Conv2d(12, 12, 3, padding=1, groups=12), 12),
        (nn.Conv2d(20, 10, 3, padding=1), 20),
        (nn.Conv2d(3, 10, 3, padding=1), 3),
    ],
)
def test_the_last_block_of_channels_takes_as_much_as_a_full_one(layer: nn.Module, channels: int) -> None:
    x = torch.rand(2, channels, 48, 64)
    at = convsym.analyze(layer.eval(), f"N {channels} H W").at(N=2, H=48, W=64)
    assert at.peak_bytes == pytest.approx(inference_peak(layer, x), rel=0.005)


def test_one_small_image_is_computed_without_copies_in_blocks() -> None:
    model = nn.Sequential(nn.Conv2d(16, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 32, 3), nn.Conv2d(32, 8, 5)).eval()
    a = convsym.analyze(model, "N 16 H W")
    for n, h, w in ((1, 16, 12), (1, 40, 36), (2, 16, 12)):
        expected = inference_peak(model, torch.rand(n, 16, h, w))
        assert a.at(N=n, H=h, W=w).peak_bytes == expected
        assert convsym.analyze(model, f"{n} 16 {h} {w}").peak_bytes == expected


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.ConvTranspose2d(64, 64, 4, stride=2), (4, 64, 16, 16)),
        (nn.ConvTranspose2d(64, 128, 4, stride=2, padding=1, groups=4), (1, 64, 32, 32)),
        (nn.ConvTranspose2d(16, 8, 2, stride=2, padding=1), (1, 16, 16, 16)),
        (nn.ConvTranspose3d(64, 64, 4, stride=3), (2, 64, 8, 8, 8)),
    ],
    ids=["strided", "grouped", "one small image", "three axes"],
)
def test_transposed_convolutions_take_the_copies_of_the_kernel_that_runs(
    layer: nn.Module, shape: tuple[int, ...]
) -> None:
    model = nn.Sequential(layer)
    names = "NCHWD"[: len(shape)]
    sizes = dict(zip(names, shape, strict=True))
    at = convsym.analyze(model, " ".join(names).replace("C", str(shape[1]))).at(
        **{n: s for n, s in sizes.items() if n != "C"}
    )
    assert at.peak_bytes == pytest.approx(inference_peak(model, torch.rand(shape)), rel=0.02)


class _Chain(nn.Module):
    def __init__(self, keeps: bool) -> None:
        super().__init__()
        self.keeps = keeps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = x.exp()
        y = first.exp()
        if not self.keeps:
            del first
        return y.exp()


def test_a_variable_of_the_models_code_keeps_memory_alive() -> None:
    assert str(convsym.analyze(_Chain(keeps=True), "N").peak_bytes) == "16*N"
    assert str(convsym.analyze(_Chain(keeps=False), "N").peak_bytes) == "12*N"


def test_views_and_what_is_written_in_place_take_no_memory() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Sigmoid(), nn.ReLU(inplace=True), nn.Unflatten(1, (3, -1)))
    assert str(convsym.analyze(model, "N 3 H").peak_bytes) == "24*H*N"


def test_the_formula_and_the_timeline_agree() -> None:
    a = convsym.analyze(_Residual(), "N 64 H W")
    for sizes in ({"N": 2, "H": 3, "W": 4}, {"N": 4, "H": 100, "W": 90}):
        at = a.at(**sizes)
        assert evaluate(a.peak_bytes, sizes) == at.peak_bytes == max(m.bytes for m in at.timeline)
        assert evaluate(a.training_peak_bytes, sizes) == at.training_peak_bytes


class _PadsWhereOdd(nn.Module):
    """Its ways are joined where the inner module returns."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = _Even()
        self.head = nn.Conv2d(4, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.inner(x))


class _Even(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height = x.shape[2]
        y = self.conv(x)
        return F.pad(y, (0, 0, 0, 1))[:, :, :height] if height % 2 else y


@pytest.mark.parametrize("height", [6, 7])
def test_where_ways_were_joined_the_numbers_are_those_of_the_size_alone(height: int) -> None:
    joined = convsym.analyze(_PadsWhereOdd(), "N 3 H W").at(N=2, H=height, W=5)
    alone = convsym.analyze(_PadsWhereOdd(), f"2 3 {height} 5").at()
    for name in ("backward_flops", "saved_bytes", "peak_bytes", "training_peak_bytes"):
        assert getattr(joined, name) == getattr(alone, name), name


class _Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> Any:
        y = self.layer(x)
        return y, {"again": y}


def test_a_result_that_is_returned_twice_has_one_gradient() -> None:
    twice, once = convsym.analyze(_Twice(), "N 4"), convsym.analyze(nn.Linear(4, 4), "N 4")
    assert twice.training_peak_bytes == once.training_peak_bytes
