"""torchvision's models against torch: shapes, FLOPs, every layer call, and the sizes that run."""

from __future__ import annotations

import pytest

import convsym
from tests.models.oracle import assert_agrees
from tests.torchvision_on_cpu import models

HEIGHTS = [1, 2, 7, 31, 32, 33, 63, 64, 224]
SIZES = [(1, 224, 224), (2, 256, 192)]
CHOSEN = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "mobilenet_v3_large",
    "resnet50",
    "shufflenet_v2_x0_5",
    "swin_t",
]
FIXED_SIZE = ["vit_b_32"]
REST = sorted(set(models.list_models(module=models)) - set(CHOSEN) - set(FIXED_SIZE))


def image(n: int, h: int, w: int) -> tuple[int, ...]:
    return (n, 3, h, w)


def clip(n: int, h: int, w: int) -> tuple[int, ...]:
    return (n, 3, 16, h, w)


@pytest.mark.parametrize("name", CHOSEN)
def test_classification(name: str) -> None:
    with convsym.without_weights():
        model = models.get_model(name, weights=None).eval()
    assert_agrees(model, "N 3 H W", image, SIZES, HEIGHTS)


@pytest.mark.parametrize("name", FIXED_SIZE)
def test_models_of_one_size(name: str) -> None:
    with convsym.without_weights():
        model = models.get_model(name, weights=None).eval()
    assert_agrees(model, "N 3 H W", image, [(1, 224, 224), (3, 224, 224)], HEIGHTS)


def test_segmentation() -> None:
    with convsym.without_weights():
        model = models.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None).eval()
    assert_agrees(model, "N 3 H W", image, SIZES, HEIGHTS)


def test_video() -> None:
    with convsym.without_weights():
        model = models.video.r3d_18(weights=None).eval()
    assert_agrees(model, "N 3 16 H W", clip, [(1, 112, 112)], [1, 8, 112])


@pytest.mark.sweep
@pytest.mark.parametrize("name", REST)
def test_every_classification_model(name: str) -> None:
    with convsym.without_weights():
        model = models.get_model(name, weights=None).eval()
    fixed = name.startswith(("vit", "maxvit"))
    edge = 518 if name == "vit_h_14" else 224
    sizes = [(1, edge, edge)] if fixed else [(1, 299, 299), (2, 320, 256)]
    assert_agrees(model, "N 3 H W", image, sizes, [] if fixed else [32, 75, 224])
