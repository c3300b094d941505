"""What a device can do at most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """Published peaks: FLOP/s for each dtype of the operands, and bytes/s of memory.

    The rate of a dtype is the highest with which torch may compute it: float32 convolutions run as TF32 on tensor cores
    by default. `source` says where the numbers are published.
    """

    name: str
    flops: Mapping[str, float]
    bandwidth: float
    source: str


def read_device(text: str) -> Device:
    """A device from JSON: {"name": ..., "flops": {"float32": 1e13}, "bandwidth": 1e12, "source": ...}.

    Raises ValueError, which says what is missing or wrong.

    >>> read_device('{"name": "mine", "flops": {"float32": 1e13}, "bandwidth": 1e12, "source": "measured"}').bandwidth
    1000000000000.0
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise ValueError("it is no object")
    for key in ("name", "flops", "bandwidth", "source"):
        if key not in data:
            raise ValueError(f"it has no {key!r}")
    rates = data["flops"]
    if not isinstance(rates, dict) or not rates or not all(map(_is_rate, (*rates.values(), data["bandwidth"]))):
        raise ValueError("its flops are a positive number for each dtype, and its bandwidth is one")
    return Device(
        str(data["name"]), {str(k): float(v) for k, v in rates.items()}, float(data["bandwidth"]), str(data["source"])
    )


def _is_rate(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
