"""Empties the caches of functools that kept tensors of a trace.

Unlike an attribute, what `functools.lru_cache` keeps cannot be put back, and a real run that asks with the same arguments
would be given a tensor without elements. A cache that is empty is only slower once.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Sequence
from typing import Any

_Cached = type(functools.lru_cache(lambda: None))
#: Functions return tensors alone, or a few of them together.
_TOGETHER = (tuple, list, dict)


def forget(tensors: Sequence[Any]) -> None:
    """Empty every cache that holds one of these tensors, alone or in a tuple, a list or a dictionary."""
    held = [*tensors]
    # A dictionary may be what the function returned, or the table of a cache without a limit.
    for _ in range(3):
        if not held:
            return
        holders = [holder for holder in gc.get_referrers(*held) if holder is not held and holder is not tensors]
        for cached in holders:
            if isinstance(cached, _Cached):
                cached.cache_clear()
        held = [holder for holder in holders if type(holder) in _TOGETHER]
