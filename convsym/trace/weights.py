"""Trained weights are never fetched: a model has the same shapes without them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.utils.model_zoo
from torch import nn

_load = torch.load
_load_state_dict = nn.Module.load_state_dict


class NoWeights(dict[str, Any]):
    """Stands for a checkpoint that is not there; whatever part of it is asked for is not there either."""

    def __missing__(self, key: str) -> NoWeights:
        return NoWeights()

    def get(self, key: str, default: Any = None) -> Any:
        """Another checkpoint that is not there."""
        return NoWeights()

    def pop(self, key: str, *default: Any) -> Any:
        """Another checkpoint that is not there."""
        return NoWeights()


def _fetched(*_: Any, **__: Any) -> NoWeights:
    return NoWeights()


def _loaded(f: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(f, (str, os.PathLike)) and not os.path.exists(f):
        return NoWeights()
    # Who saved it had a device that need not be here.
    return _load(f, **{**kwargs, "map_location": "cpu"})


def _filled(module: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(state_dict, NoWeights):
        return torch.nn.modules.module._IncompatibleKeys([], [])
    return _load_state_dict(module, state_dict, *args, **kwargs)


_INSTEAD = (
    (torch.hub, "load_state_dict_from_url", _fetched),
    (torch.hub, "download_url_to_file", _fetched),
    (torch.utils.model_zoo, "load_url", _fetched),
    (torch, "load", _loaded),
    (nn.Module, "load_state_dict", _filled),
)


@contextmanager
def no_weights_fetched() -> Iterator[None]:
    """Let checkpoints that would be downloaded, or are not there, be empty."""
    before = [(owner, name, owner.__dict__[name]) for owner, name, _ in _INSTEAD]
    for owner, name, instead in _INSTEAD:
        setattr(owner, name, instead)
    try:
        yield
    finally:
        for owner, name, original in before:
            setattr(owner, name, original)
