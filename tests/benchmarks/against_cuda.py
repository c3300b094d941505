"""The memory and the least time that convsym states, beside what a GPU took.

    python -m tests.benchmarks.against_cuda

Memory is `torch.cuda.max_memory_allocated` of one forward in inference and of one step of training, shown as ratios to
`peak_bytes` and `training_peak_bytes`, which are those of torch on a CPU. The workspaces that cuBLAS keeps from its
first call on are taken off and shown in a column of their own; those of cuDNN live for one call, and the same pass with
cuDNN turned off is beside it. What autograd keeps, as hooks see it on the GPU, is shown as a ratio to `saved_bytes`. Each
model runs in float32, in bfloat16, and in float32 under torch.autocast to bfloat16. The time is the median of several
passes between CUDA events, shown as a ratio to the lower bound of the device's roofline: below 1 the bound would be none.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

import convsym
from convsym.analysis.roofline import time_bounds
from convsym.analysis.roofline.devices import DEVICES
from tests.analysis.training import saved_bytes
from tests.benchmarks.against_torch import MODELS, options_over_models

SIZES = ({"N": 2, "H": 224, "W": 224}, {"N": 16, "H": 256, "W": 192})
# How a model runs: the dtype of its parameters and inputs, and that to which torch.autocast casts.
PRECISIONS: dict[str, tuple[torch.dtype, torch.dtype | None]] = {
    "float32": (torch.float32, None),
    "bfloat16": (torch.bfloat16, None),
    "autocast": (torch.float32, torch.bfloat16),
}


def most_allocated(work: Callable[[], Any]) -> tuple[int, int]:
    """Bytes at the peak of some work, what was there before included, and those that cuBLAS keeps, which are taken off."""
    work()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    kept = work()
    torch.cuda.synchronize()
    del kept
    most, before = torch.cuda.max_memory_allocated(), torch.cuda.memory_allocated()
    torch._C._cuda_clearCublasWorkspaces()  # type: ignore[attr-defined]
    workspaces = before - torch.cuda.memory_allocated()
    return most - workspaces, workspaces


def most_without_cudnn(work: Callable[[], Any]) -> int:
    """Bytes at the peak of some work where torch's own kernels do what cuDNN does."""
    with torch.backends.cudnn.flags(enabled=False):
        return most_allocated(work)[0]


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


def autocast(dtype: torch.dtype | None) -> torch.autocast:
    """The region in which a forward runs."""
    return torch.autocast("cuda", dtype, enabled=dtype is not None)


def inference(model: nn.Module, image: torch.Tensor, lower: torch.dtype | None) -> Any:
    """One forward without gradients."""
    model.eval()
    with torch.no_grad(), autocast(lower):
        return model(image)


def step(model: nn.Module, image: torch.Tensor, lower: torch.dtype | None) -> Any:
    """One forward and its backward; the gradients are given back."""
    model.train()
    with autocast(lower):
        output = model(image)
    output.float().sum().backward()
    model.zero_grad(set_to_none=True)
    return output


def main() -> None:
    """Print one line for each model, dtype and size."""
    options = options_over_models(__doc__)
    options.add_argument("--device", default="h100-sxm", choices=[device.name for device in DEVICES])
    asked = options.parse_args()
    device = next(device for device in DEVICES if device.name == asked.device)
    # The rates of the table are those of tensor cores, which float32 products use only when asked.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    print(torch.cuda.get_device_name(), "torch", torch.__version__)
    passes = ("peak MiB", "/ stated", "no cuDNN")
    heads = (*passes, "cuBLAS MiB", "training MiB", *passes[1:], "saved", "bound ms", "/ bound")
    print(f"{'model':20}{'precision':>10} {'N H W':>12}" + "".join(f"{head:>13}" for head in heads))
    for name in asked.models or MODELS:
        for precision, (dtype, lower) in PRECISIONS.items():
            print_model(name, precision, dtype, lower, device)


def print_model(name: str, precision: str, dtype: torch.dtype, lower: torch.dtype | None, device: Any) -> None:
    """Print one line for each size of a model."""
    with convsym.without_weights():
        shapes = MODELS[name]().to(dtype)
    region = None if lower is None else f"cuda:{lower}".replace("torch.", "")
    image_spec = f"N 3 H W:{dtype}".replace("torch.", "")
    evaluated = convsym.analyze(shapes.eval(), image_spec, autocast=region)
    trained = convsym.analyze(shapes.train(), image_spec, autocast=region)
    model = MODELS[name]().to("cuda", dtype)
    for size in SIZES:
        image = torch.randn(size["N"], 3, size["H"], size["W"], device="cuda", dtype=dtype)
        infer, train = partial(inference, model, image, lower), partial(step, model, image, lower)
        stated, training_at = evaluated.at(**size).peak_bytes, trained.at(**size)
        stated_training = training_at.training_peak_bytes
        with autocast(lower):
            saved = saved_bytes(model.train(), image) / training_at.saved_bytes
        bound = time_bounds(evaluated.calls, device, size).seconds
        (peak, workspaces), (training, _) = most_allocated(infer), most_allocated(train)
        numbers = (
            f"{peak / 2**20:13.1f}{peak / stated:13.3f}{most_without_cudnn(infer) / stated:13.3f}"
            f"{workspaces / 2**20:13.1f}{training / 2**20:13.1f}{training / stated_training:13.3f}"
            f"{most_without_cudnn(train) / stated_training:13.3f}{saved:13.4f}"
            f"{bound * 1e3:13.3f}{seconds(infer) / bound:13.1f}"
        )
        print(f"{name:20}{precision:>10} {' '.join(map(str, size.values())):>12}{numbers}", flush=True)


if __name__ == "__main__":
    main()
