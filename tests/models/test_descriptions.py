"""torchvision's models: where they run, in words short enough to read, and right at hundreds of sizes."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch
from torch import nn

import convsym
from convsym.analysis.domain import ModelDomain
from convsym.sizes.spelling import parse_condition
from tests.torchvision_on_cpu import models

LONGEST = 80
#: Tensors without elements are enough; where there is a GPU, it runs the models in earnest.
JUDGE = "cuda" if torch.cuda.is_available() else "meta"
CHOSEN = {
    "alexnet": "H >= 63 and W >= 63",
    "maxvit_t": "(H + 3) % 28 <= 3 and (W + 3) % 28 <= 3 and ((H + 3)//28)*((W + 3)//28) == 64",
    "resnet18": "every N, H, W >= 1",
    "swin_t": "H >= 4 and W >= 4",
    "vit_b_16": "H == 224 and W == 224",
}
ALL = [*models.list_models(module=models), *models.list_models(module=models.segmentation)]

Size = tuple[int, int, int]


def build(name: str) -> nn.Module:
    segments = name in models.list_models(module=models.segmentation)
    with convsym.without_weights():
        return models.get_model(name, weights=None, **({"weights_backbone": None} if segments else {})).eval()


def sizes(domain: ModelDomain, count: int) -> list[Size]:
    """Random sizes, half of them among the small ones; and as many members of the domain, however rare they are."""
    rng = Random(count)
    tops = [96, 400] * (count // 4)
    found = [(rng.randint(1, 3), rng.randint(1, top), rng.randint(1, top)) for top in tops]
    edge = np.arange(1, 641)
    members = np.argwhere(domain.contains_many(N=1, H=edge[:, None], W=edge[None, :]))
    if len(members):
        found += [(rng.randint(1, 3), *(members[rng.randrange(len(members))] + 1).tolist()) for _ in range(count // 2)]
    return found


def runs(model: nn.Module, size: Size) -> bool:
    """Whether torch runs the model."""
    n, h, w = size
    try:
        with torch.no_grad():
            model(torch.empty(n, 3, h, w, device=JUDGE))
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, AssertionError):
        return False
    return True


def check(name: str, count: int) -> str:
    model = build(name)
    domain = convsym.analyze(model, "N 3 H W").domain
    text = domain.describe()
    assert len(text) <= LONGEST
    words = parse_condition(text)
    judged = model.to_empty(device=JUDGE)
    wrong = {}
    for size in sizes(domain, count):
        named = dict(zip("NHW", size, strict=True))
        said = (domain.contains(**named), words.holds(**named))
        if said != (runs(judged, size),) * 2:
            wrong[size] = said
    assert wrong == {}
    return text


@pytest.mark.parametrize("name", CHOSEN)
def test_a_description_is_short_and_right(name: str) -> None:
    assert check(name, 12) == CHOSEN[name]


@pytest.mark.sweep
@pytest.mark.parametrize("name", ALL)
def test_every_description_is_short_and_right_at_500_sizes(name: str) -> None:
    check(name, 500)
