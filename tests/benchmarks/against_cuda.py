"""The most memory and the least time that convsym states, beside what a GPU took.

    python -m tests.benchmarks.against_cuda

Memory is `torch.cuda.max_memory_allocated` of one forward in inference and of one step of training, shown as ratios to
`peak_bytes` and `training_peak_bytes`, which are those of torch on a CPU. cuDNN's workspace is given as a column of its
own: the same pass with cuDNN turned off tells it. The time is the median of several passes between CUDA events, shown as
a ratio to the lower bound of the device's roofline: below 1 the bound would be none.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import convsym
from convsym.analysis.roofline import time_bounds
from convsym.analysis.roofline.devices import DEVICES
from tests.benchmarks.against_torch import MODELS

SIZES = ({"N": 2, "H": 224, "W": 224}, {"N": 16, "H": 256, "W": 192})
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def most_allocated(work: Callable[[], Any]) -> int:
    """Bytes at the peak of some work, what was there before included."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    kept = work()
    torch.cuda.synchronize()
    del kept
    return torch.cuda.max_memory_allocated()


def seconds(work: Callable[[], Any], runs: int = 20) -> float:
    """The median time of some work on the GPU."""
    for _ in range(3):
        work()
    times = []
    for _ in range(runs):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) / 1e3)
    return statistics.median(times)


def inference(model: nn.Module, image: torch.Tensor) -> Any:
    """One forward without gradients."""
    with torch.no_grad():
        return model(image)


def step(model: nn.Module, image: torch.Tensor) -> Any:
    """One forward and its backward; the gradients are given back."""
    output = model(image)
    output.float().sum().backward()
    model.zero_grad(set_to_none=True)
    return output


def measured(work: Callable[[nn.Module, torch.Tensor], Any], model: nn.Module, image: torch.Tensor) -> tuple[int, int]:
    """The peak of a pass with cuDNN, and without it."""
    work(model, image)
    with_cudnn = most_allocated(lambda: work(model, image))
    with torch.backends.cudnn.flags(enabled=False):
        work(model, image)
        without = most_allocated(lambda: work(model, image))
    return with_cudnn, without


def main() -> None:
    """Print one line for each model, dtype and size."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="*", help=f"some of: {', '.join(MODELS)}")
    options.add_argument("--device", default="h100-sxm", choices=[device.name for device in DEVICES])
    asked = options.parse_args()
    device = next(device for device in DEVICES if device.name == asked.device)
    # The rates of the table are those of tensor cores, which float32 products use only when asked.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    print(torch.cuda.get_device_name(), "torch", torch.__version__)
    heads = ("peak MiB", "/ stated", "no cuDNN", "training MiB", "/ stated", "no cuDNN", "bound ms", "ms / bound")
    print(f"{'model':20}{'dtype':>9} {'N H W':>12}" + "".join(f"{head:>14}" for head in heads))
    for name in asked.models or MODELS:
        for dtype, torch_dtype in DTYPES.items():
            print_model(name, dtype, torch_dtype, device)


def print_model(name: str, dtype: str, torch_dtype: torch.dtype, device: Any) -> None:
    """Print one line for each size of a model."""
    with convsym.without_weights():
        shapes = MODELS[name]().to(torch_dtype)
    evaluated = convsym.analyze(shapes.eval(), f"N 3 H W:{dtype}")
    trained = convsym.analyze(shapes.train(), f"N 3 H W:{dtype}")
    model = MODELS[name]().to("cuda", torch_dtype)
    for size in SIZES:
        image = torch.randn(size["N"], 3, size["H"], size["W"], device="cuda", dtype=torch_dtype)
        peak, peak_without = measured(inference, model.eval(), image)
        taken = seconds(lambda image=image: inference(model, image))  # type: ignore[misc]
        training, training_without = measured(step, model.train(), image)
        stated, stated_training = evaluated.at(**size).peak_bytes, trained.at(**size).training_peak_bytes
        bound = time_bounds(evaluated.calls, device, size).seconds
        numbers = (
            f"{peak / 2**20:14.1f}{peak / stated:14.3f}{peak_without / stated:14.3f}"
            f"{training / 2**20:14.1f}{training / stated_training:14.3f}{training_without / stated_training:14.3f}"
            f"{bound * 1e3:14.3f}{taken / bound:14.1f}"
        )
        print(f"{name:20}{dtype:>9} {' '.join(map(str, size.values())):>12}{numbers}", flush=True)


if __name__ == "__main__":
    main()
