"""How long an analysis for ALL sizes takes beside torch's own tools, which see one size or none.

    python -m tests.benchmarks.against_torch

One process, one torch thread, everything warm, the median of several runs, shown as ratios to two named peers: a bare
torch.fx.symbolic_trace of the same model, and torch.utils.flop_counter.FlopCounterMode on the meta device at 224x224.
The share of the domain is measured by the profiler's cumulative time in convsym.sizes.domain.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import pstats
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.utils.flop_counter import FlopCounterMode

import convsym
from tests.torchvision_on_cpu import models


class UNet(nn.Module):
    """The four-level U-Net with plain skips."""

    def __init__(self, base: int = 64, depth: int = 4) -> None:
        super().__init__()
        widths = [base * 2**level for level in range(depth + 1)]
        self.downs = nn.ModuleList(_double(a, b) for a, b in zip([3, *widths], widths, strict=False))
        self.pool = nn.MaxPool2d(2)
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in itertools.pairwise(widths))
        self.merges = nn.ModuleList(_double(2 * a, a) for a in widths[:-1])
        self.head = nn.Conv2d(base, 2, 1)

    def forward(self, x: torch.Tensor) -> Any:
        skips = []
        for down in self.downs[:-1]:
            x = down(x)
            skips.append(x)
            x = self.pool(x)
        x = self.downs[-1](x)
        for level in reversed(range(len(skips))):
            x = self.merges[level](torch.cat([skips[level], self.ups[level](x)], 1))
        return self.head(x)


def _double(inside: int, outside: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inside, outside):
        layers += [nn.Conv2d(channels, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


MODELS: dict[str, Callable[[], nn.Module]] = {
    "resnet18": lambda: models.resnet18(),
    "resnet50": lambda: models.resnet50(),
    "densenet121": lambda: models.densenet121(),
    "mobilenet_v3_large": lambda: models.mobilenet_v3_large(),
    "convnext_tiny": lambda: models.convnext_tiny(),
    "swin_t": lambda: models.swin_t(),
    "unet": UNet,
}


def options_over_models(description: str | None) -> argparse.ArgumentParser:
    """The command line of a benchmark of some of the models, or of all of them."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="*", help=f"some of: {', '.join(MODELS)}")
    return options


def median_seconds(work: Callable[[], Any], runs: int) -> float:
    """The median of several runs after one to warm up."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def count_on_meta(model: nn.Module) -> None:
    """FlopCounterMode over one forward at one size, without data."""
    with FlopCounterMode(display=False), torch.no_grad():
        model(torch.empty(1, 3, 224, 224, device="meta"))


def share_of_domain(model: nn.Module) -> float:
    """Which part of a warm analysis is spent in the domain."""
    profile = cProfile.Profile()
    profile.enable()
    convsym.analyze(model, "N 3 H W")
    profile.disable()
    rows = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = sum(own for _, _, own, _, _ in rows.values())
    inside = sum(
        own for (file, _, _), (_, _, own, _, _) in rows.items() if "islpy" in file or file.endswith("domain.py")
    )
    return float(inside / whole)


def main() -> None:
    """Print one line for each model."""
    options = options_over_models(__doc__)
    options.add_argument("--runs", type=int, default=7)
    asked = options.parse_args()
    torch.set_num_threads(1)
    print(f"{'model':20}{'analyze ms':>12}{'cold ms':>10}{'/ fx trace':>12}{'/ FLOP counter':>16}{'domain share':>14}")
    for name in asked.models or MODELS:
        with convsym.without_weights():
            model = MODELS[name]().eval()
        start = time.perf_counter()
        convsym.analyze(model, "N 3 H W")
        cold = time.perf_counter() - start
        ours = median_seconds(lambda model=model: convsym.analyze(model, "N 3 H W"), asked.runs)  # type: ignore[misc]
        trace = median_seconds(lambda model=model: fx.symbolic_trace(model), asked.runs)  # type: ignore[misc]
        meta = model.to("meta")
        count = median_seconds(lambda meta=meta: count_on_meta(meta), asked.runs)  # type: ignore[misc]
        share = share_of_domain(model)
        print(f"{name:20}{ours * 1e3:12.1f}{cold * 1e3:10.0f}{ours / trace:12.2f}{ours / count:16.2f}{share:14.0%}")


if __name__ == "__main__":
    main()
