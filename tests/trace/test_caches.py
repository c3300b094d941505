"""What a cache of functools keeps of a trace does not reach a real run."""

from __future__ import annotations

from functools import cache, lru_cache, wraps
from typing import Any

import pytest
import torch
from torch import nn

import convsym


@lru_cache(maxsize=8)
def ramp(length: int) -> torch.Tensor:
    return torch.arange(length, dtype=torch.float32)


@cache
def ramps(height: int, width: int) -> dict[str, torch.Tensor]:
    return {"h": ramp(height), "w": ramp(width)}


def _wrapped(function: Any) -> Any:
    cached = lru_cache(maxsize=None)(function)

    @wraps(function)
    def wrapper(*args: Any) -> Any:
        return cached(*args)

    return wrapper


class Grid(nn.Module):
    @staticmethod
    @_wrapped
    def made(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.ones(height, 1), torch.ones(1, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = self.made(*x.shape[-2:])
        return x * rows * columns


class Alone(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + ramp(x.shape[-1])


class Together(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = ramps(x.shape[-2], x.shape[-1])
        return x + found["h"][:, None] * found["w"]


@pytest.mark.parametrize("kind", [Grid, Alone, Together])
def test_a_model_runs_as_before_after_it_was_analysed(kind: type[nn.Module]) -> None:
    model = kind()
    convsym.analyze(model, "N 3 5 7")
    assert model(torch.zeros(2, 3, 5, 7)).shape == (2, 3, 5, 7)


def test_every_analysis_sees_the_calls_behind_a_cache() -> None:
    counts = [len(convsym.analyze(Grid(), "N 3 5 7").calls) for _ in range(2)]
    assert counts[0] == counts[1] > 1


def test_what_a_real_run_cached_is_a_constant_of_the_analysis() -> None:
    ramp.cache_clear()
    Alone()(torch.zeros(2, 3, 5, 9))
    assert convsym.analyze(Alone(), "N 3 5 9").outputs.shape[1:] == (3, 5, 9)
    assert ramp.cache_info().currsize == 1
