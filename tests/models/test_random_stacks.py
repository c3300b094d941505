"""Random small networks against eager torch: where they run, and the shapes that come out."""

from __future__ import annotations

from random import Random

import pytest
import torch

import convsym
from convsym.analysis.numbers import shape_at
from tests.models.stacks import CHANNELS, Stack, drawn

Size = tuple[int, int, int]


def grid(seed: int) -> list[Size]:
    """Small sizes along the diagonal, and random ones off it."""
    rng = Random(seed)
    diagonal = [(1 + i % 2, i, i) for i in range(1, 34)]
    return diagonal + [(rng.choice([1, 1, 2, 3]), rng.randint(1, 70), rng.randint(1, 70)) for _ in range(60)]


def by_torch(model: Stack, size: Size) -> tuple[int, ...] | None:
    """The shape of the output, None where torch refuses."""
    n, h, w = size
    try:
        with torch.no_grad():
            return tuple(model(torch.zeros(n, CHANNELS, h, w)).shape)
    except (RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError):
        return None


def by_convsym(analysis: convsym.Analysis, size: Size) -> tuple[int, ...] | None:
    sizes = dict(zip("NHW", size, strict=True))
    if not analysis.domain.contains(**sizes):
        return None
    return shape_at(analysis.case_at(sizes).outputs, sizes)


def disagreements(seed: int) -> dict[Size, tuple[object, object]]:
    """The sizes at which torch and the analysis of a network differ, with what both say."""
    model = drawn(seed)
    analysis = convsym.analyze(model, f"N {CHANNELS} H W")
    said = {size: (by_torch(model, size), by_convsym(analysis, size)) for size in grid(seed)}
    return {size: answers for size, answers in said.items() if answers[0] != answers[1]}


@pytest.mark.parametrize("seed", range(40))
def test_a_random_network_runs_where_the_domain_says(seed: int) -> None:
    assert disagreements(seed) == {}


@pytest.mark.sweep
@pytest.mark.parametrize("thousand", range(1, 6))
def test_thousands_of_random_networks_run_where_their_domains_say(thousand: int) -> None:
    found = {seed: found for seed in range(1000 * thousand, 1000 * (thousand + 1)) if (found := disagreements(seed))}
    assert found == {}
