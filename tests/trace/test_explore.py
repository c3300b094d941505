"""Ways through a forward that are not all followed."""

import torch
from torch import nn
from torch.nn import functional as F

import convsym
from convsym.sizes.spelling import parse_condition


class ManyWays(nn.Module):
    """Asks so often that not all ways are followed, and fails on the ways that are followed first."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        small = 0
        for k in range(3, 12):
            if x.shape[2] % k and x.shape[3] % k:
                small += 1
        if small >= 1:
            return self.conv(x)
        return self.conv(torch.cat([x, x], 1))


class RunsWhenLarge(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sizes = list(range(x.shape[2]))
        if len(sizes) == 224:
            raise ValueError("not this size")
        return x


def test_a_model_is_not_said_to_fail_before_other_sizes_were_tried():
    a = convsym.analyze(RunsWhenLarge(), "N 3 H W")
    assert not a.diagnostics
    assert a.at(N=1, H=256, W=20).outputs == [(1, 3, 256, 20)]
    assert not a.domain.contains(N=1, H=224, W=20)
    assert a.domain.describe().endswith("  # other sizes are traced when asked for")
    assert parse_condition(a.domain.describe()).holds(N=2, H=256, W=256)


def test_sizes_beyond_the_limit_of_ways_are_traced_when_asked_for():
    a = convsym.analyze(ManyWays(), "N 3 H W")
    assert a.domain.contains(N=1, H=13, W=17)
    assert not a.domain.contains(N=1, H=27720, W=27720)


def test_a_view_of_a_crop_asks_few_questions() -> None:
    class Rows(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.pad(x, (0, 2, 0, 2))[:, :, :-2, :-2].view(-1, 2592)

    analysis = convsym.analyze(Rows(), "N 4 H W")
    assert len(analysis.cases) < 8
    assert not analysis.domain.unexplored
    assert analysis.domain.contains(N=648, H=1, W=1)
    assert analysis.domain.contains(N=1, H=1, W=2592)
    assert not analysis.domain.contains(N=8, H=9, W=9)
