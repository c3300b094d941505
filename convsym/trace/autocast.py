"""Regions of torch.autocast: the one that a whole forward runs in, and the state of torch around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.cuda.amp.common

from convsym.graph.tensor import dtype_name
from convsym.ops.autocast import POLICIES
from convsym.trace.errors import BadInput

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Region:
    """What `torch.autocast(device_type, dtype=dtype)` is given."""

    device_type: str
    dtype: torch.dtype

    def __str__(self) -> str:
        return f"{self.device_type}:{dtype_name(self.dtype)}"


def read_region(given: torch.dtype | str, device_type: str = "cpu") -> Region:
    """A region from torch.bfloat16, "bfloat16", "cuda" (with its usual dtype) or "cuda:float16".

    Raises BadInput where it is none that can be followed.

    >>> str(read_region("cuda")), str(read_region(torch.bfloat16))
    ('cuda:float16', 'cpu:bfloat16')
    """
    parts = dtype_name(given).split(":") if isinstance(given, torch.dtype) else str(given).split(":")
    device = parts.pop(0) if parts[0] in POLICIES else device_type
    dtype = _DTYPES.get(parts[0]) if len(parts) == 1 else None if parts else torch.get_autocast_dtype(device)
    if dtype is None:
        raise BadInput(
            f"{given!s} is no autocast; give bfloat16 or float16, with the type of a device as in cuda:float16 where it"
            f" is not the CPU (known are {', '.join(POLICIES)})"
        )
    return Region(device, dtype)


def around(device: torch.device | None) -> Region | None:
    """The region that the calling code is inside of, for a model on this device, or for one that may go to any."""
    for kind in POLICIES if device is None else (device.type,):
        if kind in POLICIES and torch.is_autocast_enabled(kind):
            return Region(kind, torch.get_autocast_dtype(kind))
    return None


@contextmanager
def inside(region: Region | None) -> Iterator[None]:
    """Run code in this region, or in none, whatever is around; afterwards torch's state is what it was."""
    before = [(kind, torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in POLICIES]
    caches = torch.is_autocast_cache_enabled()
    try:
        for kind in POLICIES:
            torch.set_autocast_enabled(kind, False)
        with ExitStack() as entered:
            if region is not None:
                entered.enter_context(_as_if_there(region.device_type))
                entered.enter_context(torch.autocast(region.device_type, dtype=region.dtype))
            yield
    finally:
        for kind, is_enabled, dtype in before:
            torch.set_autocast_enabled(kind, is_enabled)
            torch.set_autocast_dtype(kind, dtype)
        torch.set_autocast_cache_enabled(caches)


@contextmanager
def _as_if_there(device_type: str) -> Iterator[None]:
    """Without the device, torch would leave its regions out."""
    if device_type != "cuda" or torch.cuda.is_available():
        yield
        return
    answers = ((torch.cuda.amp.common, "amp_definitely_not_available", False), (torch.cuda, "is_bf16_supported", True))
    originals = [getattr(owner, name) for owner, name, _ in answers]
    try:
        for owner, name, answer in answers:
            setattr(owner, name, partial(_answering, answer))
        yield
    finally:
        for (owner, name, _), original in zip(answers, originals, strict=True):
            setattr(owner, name, original)


def _answering(answer: bool, *_: Any) -> bool:
    return answer
