"""CS201: mismatched-sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.rules.batch_too_small import BatchTooSmall
from convsym.rules.size_rule import SizeRule
from convsym.rules.size_too_small import SizeTooSmall

if TYPE_CHECKING:
    from convsym.analysis.shortfalls import Shortfall

_ELSEWHERE = tuple(c.kinds for rule in (SizeTooSmall, BatchTooSmall) for c in rule.counterparts)


class MismatchedSizes(SizeRule):
    """Declared sizes at which shapes do not fit together.

    What it finds:

    A requirement of an operation that some of the declared sizes do not meet: a skip connection that joins a size
    rounded down with one that was not, a reshape or a linear layer that only one size fits. Sizes are declared by an
    assumption, or spelled as in 32*h.

    Why it matters:

    The model was tried at sizes that work, and will fail at others that it is meant for. Where nothing is declared,
    such a condition only narrows the sizes for which the model runs.

    Bad::

        class Net(nn.Module):
            input = "N 8 6*h 6*w"

            def __init__(self):
                super().__init__()
                self.down = nn.Conv2d(8, 8, 4, stride=4)
                self.up = nn.ConvTranspose2d(8, 8, 4, stride=4)

            def forward(self, x):
                return x + self.up(self.down(x))

    Good::

        class Net(nn.Module):
            input = "N 8 4*h 4*w"

            def __init__(self):
                super().__init__()
                self.down = nn.Conv2d(8, 8, 4, stride=4)
                self.up = nn.ConvTranspose2d(8, 8, 4, stride=4)

            def forward(self, x):
                return x + self.up(self.down(x))
    """

    code = "CS201"
    name = "mismatched-sizes"
    help = "pad or crop to a size that fits, or declare only sizes that do"

    def speaks_of(self, found: Shortfall) -> bool:
        return found.requirement is not None and not any(found.requirement.kind in kinds for kinds in _ELSEWHERE)
