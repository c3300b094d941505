"""timm's models against torch: a few by default, one of every family in the sweep."""

from __future__ import annotations

import pytest

import convsym
import tests.torchvision_on_cpu  # noqa: F401  timm imports torchvision
from tests.models.oracle import assert_agrees, runs

timm = pytest.importorskip("timm")

CHOSEN = ["resnetv2_50", "skresnet18", "mobilevit_xxs", "cait_xxs24_224"]


def family_heads() -> list[str]:
    """The first, small model of every module of timm."""
    names = []
    for module in timm.list_modules():
        found = timm.list_models(module=module)
        if found:
            names.append(min(found, key=len))
    return sorted(set(names) - set(CHOSEN))


def check(name: str) -> None:
    with convsym.without_weights():
        model = timm.create_model(name, pretrained=False).eval()
    edge = model.default_cfg["input_size"][-1]
    channels = model.default_cfg["input_size"][0]
    meta = model.to("meta")
    flexible = [s for s in [(2, edge + 32, edge - 32)] if runs(meta, (s[0], channels, s[1], s[2]))]
    assert_agrees(model, f"N {channels} H W", lambda n, h, w: (n, channels, h, w), [(1, edge, edge), *flexible], [edge])


@pytest.mark.parametrize("name", CHOSEN)
def test_a_selection(name: str) -> None:
    check(name)


@pytest.mark.sweep
@pytest.mark.parametrize("name", family_heads())
def test_one_of_every_family(name: str) -> None:
    check(name)
