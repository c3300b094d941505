"""What the costs of training and the memory add to an analysis.

    python -m tests.benchmarks.costs

One process, one torch thread, everything warm. Each round times analyze() alone, then analyze() with the FLOPs, saved
bytes, gradients and peaks at one size, then with these as formulas for all sizes, so that other load weighs on all three
alike; shown are the medians of the ratios to analyze() alone, by processor time. As in timeit, the garbage of one is
collected before the next and not meanwhile.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import convsym
from tests.benchmarks.against_torch import MODELS, options_over_models

_COSTS = ("flops", "backward_flops", "saved_bytes", "gradient_bytes", "peak_bytes", "training_peak_bytes")


def _seconds(work: Callable[[], Any]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        work()
        return time.process_time() - start
    finally:
        gc.enable()


def at_one_size(model: nn.Module) -> list[Any]:
    """All costs as numbers."""
    at = convsym.analyze(model, "N 3 H W").at(N=8, H=224, W=224)
    return [getattr(at, name) for name in _COSTS]


def for_all_sizes(model: nn.Module) -> list[Any]:
    """All costs as formulas."""
    analysis = convsym.analyze(model, "N 3 H W")
    return [getattr(analysis, name) for name in _COSTS]


def main() -> None:
    """Print one line for each model."""
    options = options_over_models(__doc__)
    options.add_argument("--runs", type=int, default=7)
    asked = options.parse_args()
    torch.set_num_threads(1)
    print(f"{'model':20}{'analyze ms':>12}{'with numbers':>14}{'with formulas':>15}")
    for name in asked.models or MODELS:
        with convsym.without_weights():
            model = MODELS[name]().train()
        rounds = [_round(model) for _ in range(asked.runs + 1)][1:]
        alone = statistics.median(r[0] for r in rounds)
        numbers, formulas = (statistics.median(r[i] / r[0] for r in rounds) for i in (1, 2))
        print(f"{name:20}{alone * 1e3:12.1f}{numbers:14.2f}{formulas:15.2f}")


def _round(model: nn.Module) -> tuple[float, float, float]:
    alone = _seconds(lambda: convsym.analyze(model, "N 3 H W"))
    return alone, _seconds(lambda: at_one_size(model)), _seconds(lambda: for_all_sizes(model))


if __name__ == "__main__":
    main()
