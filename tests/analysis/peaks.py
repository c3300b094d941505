"""The most memory that torch's CPU allocator gives out at once, as its profiler sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from tests.analysis.training import sum_of


def allocated(work: Callable[[], Any]) -> int:
    """The largest sum of what was given out and not given back since the start.

    On several threads, as models run: on one, torch leaves convolutions by a single pixel out of oneDNN.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(max(2, threads))
    try:
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
            kept = work()
    finally:
        torch.set_num_threads(threads)
    assert profiled.profiler is not None
    events = [e for e in profiled.profiler.kineto_results.events() if e.name() == "[memory]"]
    alive = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        alive += event.nbytes()
        most = max(most, alive)
    del kept
    return most


def held(model: nn.Module, *inputs: torch.Tensor) -> int:
    """Bytes of parameters, buffers and inputs."""
    return sum(t.numel() * t.element_size() for t in (*model.parameters(), *model.buffers(), *inputs))


def inference_peak(model: nn.Module, *inputs: torch.Tensor) -> int:
    with torch.no_grad():
        return held(model, *inputs) + allocated(lambda: model(*inputs))


def training_peak(model: nn.Module, *inputs: torch.Tensor) -> int:
    def step() -> Any:
        output = model(*inputs)
        sum_of(output).backward()
        return output

    model.zero_grad(set_to_none=True)
    most = held(model, *inputs) + allocated(step)
    model.zero_grad(set_to_none=True)
    return most
