"""Ways through a forward that are not all followed."""

import pytest
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


class Unpadded(nn.Module):
    """A sum of what does not fit but where one row is stretched, which leaves too little for the next layer."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3) for _ in range(3))
        self.last = nn.Conv2d(3, 3, 5)

    def forward(self, x):
        for conv in self.convs:
            x = F.max_pool2d(x + conv(x), 2)
        return self.last(x)


class Rest(nn.Module):
    """A product of what only a few lengths leave whole."""

    def __init__(self):
        super().__init__()
        self.key = nn.Conv1d(16, 16, 3)

    def forward(self, x):
        n, _, length = x.shape
        heads = self.key(x).view(n, 4, -1, length)
        return torch.einsum("bhct,bhcs->bhts", heads, x.view(n, 4, -1, length))


@pytest.mark.parametrize(
    ("model", "spec", "kind", "smallest"),
    [
        (Unpadded(), "N 3 H W", "broadcast-mismatch", {"N": 1, "H": 4, "W": 3}),
        (Rest(), "N 16 L", "reshape-rest", {"N": 1, "L": 3}),
    ],
)
def test_of_a_model_that_never_runs_what_fails_at_usual_sizes_is_said(model, spec, kind, smallest):
    (found,) = convsym.analyze(model, spec).findings
    assert (found.requirement.kind, found.smallest) == (kind, smallest)
