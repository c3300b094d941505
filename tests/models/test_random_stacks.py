"""Random small networks against eager torch: where they run, and the shapes that come out."""

from __future__ import annotations

from random import Random

import pytest
import torch

import convsym
from convsym.analysis.numbers import shape_at
from convsym.sizes.evaluate import Evaluation
from tests.models.stacks import CHANNELS, Stack, drawn

Size = tuple[int, int, int]


def grid(seed: int) -> list[Size]:
    """Small sizes along the diagonal, and random ones off it."""
    rng = Random(seed)
    diagonal = [(1 + i % 2, i, i) for i in range(1, 34)]
    return diagonal + [(rng.choice([1, 1, 2, 3]), rng.randint(1, 70), rng.randint(1, 70)) for _ in range(60)]


def by_torch(model: Stack, size: Size, threads: int = 1) -> tuple[int, ...] | None:
    """The shape of the output, None where torch refuses."""
    n, h, w = size
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.no_grad():
            return tuple(model(torch.zeros(n, CHANNELS, h, w)).shape)
    except (RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError):
        return None
    finally:
        torch.set_num_threads(before)


def by_convsym(analysis: convsym.Analysis, size: Size) -> tuple[int, ...] | None:
    sizes = dict(zip("NHW", size, strict=True))
    if not analysis.domain.contains(**sizes):
        return None
    return shape_at(analysis.case_at(sizes).outputs, Evaluation(sizes))


def disagreements(seed: int) -> dict[Size, tuple[object, object]]:
    """The sizes at which torch and the analysis of a network differ, with what both say."""
    model = drawn(seed)
    analysis = convsym.analyze(model, f"N {CHANNELS} H W")
    # One thread is ten times as fast on networks this small. Whether torch refuses an output without elements depends on
    # their number, so a difference counts where it is one with several threads too.
    ours = {size: by_convsym(analysis, size) for size in grid(seed)}
    differing = [size for size, answer in ours.items() if by_torch(model, size) != answer]
    return {s: (theirs, ours[s]) for s in differing if (theirs := by_torch(model, s, threads=4)) != ours[s]}


@pytest.mark.parametrize("seed", range(40))
def test_a_random_network_runs_where_the_domain_says(seed: int) -> None:
    assert disagreements(seed) == {}


@pytest.mark.sweep
@pytest.mark.parametrize("thousand", range(1, 6))
def test_thousands_of_random_networks_run_where_their_domains_say(thousand: int) -> None:
    found = {seed: found for seed in range(1000 * thousand, 1000 * (thousand + 1)) if (found := disagreements(seed))}
    assert found == {}
