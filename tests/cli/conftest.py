"""Model files for the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

GOOD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, channels=3, width=8):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, stride=2, padding=1)
        self.spare = nn.Linear(2, 2)

    def forward(self, x):
        return torch.relu(self.conv(x))


class Pair(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)

    def forward(self, x, mask):
        return self.conv(x) * mask


NUMBER = 7
"""

BAD = """\
from torch import nn


class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.second = nn.Conv2d(16, 8, 3)

    def forward(self, x):
        return self.second(self.first(x))
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test checks is not what another run has checked before."""
    monkeypatch.setenv("CONVSYM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file with a model that runs, one that needs an argument, and a number."""
    path = tmp_path / "good.py"
    path.write_text(GOOD)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A file with a model whose second layer expects other channels."""
    path = tmp_path / "bad.py"
    path.write_text(BAD)
    return path
