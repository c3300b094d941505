"""Rules against torch's own meta kernels at symbolic sizes: two ways of knowing an operation that check each other.

A kernel says what holds for the sizes that go its way; there the rule must give the same shape, dtype and FLOPs, and
must not refuse. Where the two are known to differ, eager torch on the CPU is the judge, and the call is not listed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, symbol, unknown
from convsym.sizes.condition import Condition, all_of, eq
from convsym.sizes.domain import Domain
from convsym.sizes.rounding import written_alike
from convsym.sizes.simplify import settled
from convsym.sizes.truth import Truth
from convsym.trace.kernels import Question, ask
from tests.ops.oracle import leaves, rules

SAMPLE = {"N": 5, "C": 6, "H": 48, "W": 36, "L": 20, "S": 28, "K": 8}


@dataclass
class OnTheWay:
    """A call at the sizes for which a kernel goes one way."""

    domain: Domain
    module: nn.Module | None = None
    training: bool = False
    refused: list[str] = field(default_factory=list)

    def require(
        self, kind: str, condition: Condition, template: str, *values: Any, help: str = "", mend: Any = None
    ) -> bool:
        if self.decide(condition) is Truth.NO:
            self.refused.append(f"{kind}: {template.format(*map(str, values))}")
            return False
        self.domain = self.domain.assume(condition)
        return True

    def holds(self, condition: Condition) -> bool:
        decided = self.decide(condition)
        if decided is Truth.UNKNOWN:
            decided = Truth.YES if condition.holds(**SAMPLE) else Truth.NO
            self.domain = self.domain.assume(condition) if decided is Truth.YES else self.domain
        return decided is Truth.YES

    def decide(self, condition: Condition) -> Truth:
        return self.domain.decide(condition)

    def alike(self, *sizes: Size) -> tuple[Size, ...]:
        return written_alike(sizes, self.domain)

    def settled(self, size: Size) -> Size:
        return settled(size, self.domain)

    def unknown(self, minimum: int = 0) -> Size:
        return unknown("drawn0", minimum)

    def pin(self, size: Size) -> int:
        assert type(size) is int
        return size


def x(spec: str, dtype: torch.dtype = torch.float32) -> Tensor:
    """A tensor whose sizes are spelled like "N 3 H W"."""
    return Tensor(tuple(int(word) if word.isdigit() else symbol(word) for word in spec.split()), dtype)


def check(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    domain = Domain.positive(SAMPLE)
    answer = ask(
        Question(function, args, kwargs),
        SAMPLE,
        lambda size: domain.interval(size)[0],
        lambda least: unknown("drawn0", least),
    )
    assert answer.refusal is None, f"the meta kernel refuses: {answer.refusal}"
    site = OnTheWay(domain.assume(answer.condition))
    rule, _ = rules().functions[function]
    outcome = rule.infer(site, *args, **kwargs)
    assert not site.refused
    mine, theirs = list(leaves(outcome.output)), list(leaves(answer.output))
    assert len(mine) == len(theirs)
    for left, right in zip(mine, theirs, strict=True):
        if isinstance(left, Tensor):
            assert left.dtype == right.dtype
            assert left.rank == right.rank, f"{left}, {right}"
            same = all_of(*(eq(a, b) for a, b in zip(left.shape, right.shape, strict=True)))
        else:
            same = eq(left, right)
        assert site.decide(same) is Truth.YES, f"{left}, {right}"
    assert site.decide(eq(outcome.cost.flops, answer.flops)) is Truth.YES


Call = tuple[Any, ...]
IMAGE, TOKENS = x("N C H W"), x("N L 16")
FAMILIES: dict[str, list[Call]] = {
    "conv": [
        (torch.conv2d, x("N 3 H W"), x("8 3 3 5"), x("8"), (2, 1), 1),
        (torch.conv1d, x("N C L"), x("8 C 3"), None, 2, 0, 2),
        (torch.conv3d, x("N 4 L H W"), x("8 2 3 3 3"), None, 1, 1, 1, 2),
        (torch.conv_transpose2d, x("N 3 H W"), x("3 8 4 4"), x("8"), 2, 1, 1),
    ],
    "pool": [
        (F.avg_pool2d, x("N 3 H W"), 3, 2, 1),
        (torch.max_pool1d, x("N 3 L"), 2, 2, 0, 1, True),
        (F.adaptive_avg_pool2d, x("N 3 H W"), (7, 5)),
    ],
    "matmul": [
        (torch.matmul, x("N L 16"), x("N 16 S")),
        (torch.matmul, x("N 1 L 16"), x("7 16 S")),
        (torch.bmm, x("N L K"), x("N K S")),
        (torch.mm, x("L K"), x("K S")),
        (torch.addmm, x("S"), x("L K"), x("K S")),
        (torch.baddbmm, x("N 1 S"), x("N L K"), x("N K S")),
        (torch.inner, x("N L K"), x("S K")),
        (torch.outer, x("L"), x("S")),
        (torch.tensordot, x("N L K"), x("L K S"), 2),
        (torch.kron, x("L 2"), x("S K")),
        (torch.linalg.multi_dot, [x("L 3"), x("3 50"), x("50 2")]),
    ],
    "einsum": [
        (torch.einsum, "bij,bjk->bki", x("N L K"), x("N K S")),
        (torch.einsum, "...hd,...wd->...hw", x("N 3 H 16"), x("N 3 W 16")),
        (torch.einsum, "bchw->bc", x("N C H W")),
        (torch.einsum, "bc,chw->bchw", x("N C"), x("C H W")),
        (torch.einsum, "bhid,bhjd->bhij", x("N 8 L 16"), x("N 8 S 16")),
    ],
    "linear": [
        (F.linear, x("N L 16"), x("32 16"), x("32")),
        (F.bilinear, x("N 3"), x("N 4"), x("5 3 4")),
    ],
    "normalise": [
        (torch.layer_norm, x("N L 16"), (16,), x("16"), x("16")),
        (torch.group_norm, x("N 8 H W"), 4, x("8"), x("8")),
        (torch.instance_norm, IMAGE, None, None, None, None, True, 0.1, 1e-5, False),
    ],
    "elementwise": [
        (torch.add, x("N C H W"), x("C 1 1")),
        (torch.sqrt, x("N C", torch.int64)),
        (F.softmax, x("N C H W"), 1),
        (torch.where, x("N 1 H W", torch.bool), x("N C H W"), 0.5),
    ],
    "reduce": [
        (torch.sum, IMAGE, (2, 3)),
        (torch.amax, IMAGE, 1, True),
        (torch.var_mean, IMAGE, (0, 2)),
        (torch.argmax, IMAGE, -1),
    ],
    "view": [
        (torch.reshape, x("N 6 H W"), (-1, 2, 3)),
        (torch.permute, IMAGE, (0, 2, 3, 1)),
        (torch.flatten, x("N 3 H W"), 1),
        (torch.cat, [x("N 3 H W"), x("N C H W")], 1),
        (torch.chunk, x("N 6 L"), 3, 1),
        (torch.stack, [IMAGE, IMAGE], 1),
    ],
    "linalg": [
        (torch.linalg.svd, x("N H W"), False),
        (torch.linalg.qr, x("N H W")),
        (torch.linalg.inv, x("N H H")),
        (torch.linalg.eigh, x("N H H")),
        (torch.linalg.solve, x("N H H"), x("N H K")),
        (torch.linalg.pinv, x("N H W")),
        (torch.linalg.cross, x("N L 3"), x("N 1 3")),
        (torch.linalg.slogdet, x("N H H")),
        (torch.linalg.cholesky, x("H H")),
    ],
    "fft": [
        (torch.fft.rfft2, x("N H W")),
        (torch.fft.irfft2, x("N H W", torch.complex64)),
        (torch.fft.fft, x("N L"), 7),
        (torch.fft.fftn, x("N H W")),
        (torch.fft.rfft, x("N L"), None, 1, "ortho"),
    ],
    "statistics": [
        (torch.cdist, x("N L 3"), x("N S 3")),
        (torch.quantile, x("N L"), 0.5, 1),
        (torch.histc, x("N L"), 10),
        (torch.diff, x("N L"), 2),
        (torch.special.legendre_polynomial_p, x("N L"), 3),
    ],
    "recurrent": [
        (torch.lstm_cell, x("N 3"), [x("N 5"), x("N 5")], x("20 3"), x("20 5")),
        (torch.gru_cell, x("N 3"), x("N 5"), x("15 3"), x("15 5"), x("15"), x("15")),
    ],
}
SAMPLED = [calls[0] for calls in FAMILIES.values()]


@pytest.mark.parametrize("call", SAMPLED, ids=list(FAMILIES))
def test_one_call_of_every_family(call: Call) -> None:
    check(*call)


@pytest.mark.sweep
@pytest.mark.parametrize("call", [c for calls in FAMILIES.values() for c in calls], ids=lambda c: c[0].__name__)
def test_every_call(call: Call) -> None:
    check(*call)


@pytest.mark.sweep
def test_attention() -> None:
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        check(F.scaled_dot_product_attention, x("N 4 L 16"), x("N 4 S 16"), x("N 4 S 16"), x("L S"))
        check(F.scaled_dot_product_attention, x("N 8 L 16"), x("N 2 S 16"), x("N 2 S 16"), enable_gqa=True)
