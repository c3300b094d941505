"""The input of a model, read off its first layers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from torch import nn

_SPATIAL = {1: "L", 2: "H W", 3: "D H W"}


def infer_specs(model: nn.Module) -> list[str] | None:
    """One spec for each input that the forward needs, or None where the first layers do not tell.

    A convolution tells rank and channels, a linear or recurrent layer the features, an embedding that indices come in.
    Only a forward with a single required input is answered: with several, nothing says which is which.

    >>> infer_specs(nn.Sequential(nn.ReLU(), nn.Conv2d(3, 8, 3)))
    ['N 3 H W']
    """
    if _required_inputs(model) != 1:
        return None
    for layer in _layers(model):
        spec = _spec_of(layer)
        if spec is not None:
            return [spec]
    return None


def _required_inputs(model: nn.Module) -> int:
    try:
        parameters = list(inspect.signature(model.forward).parameters.values())
    except (TypeError, ValueError):
        return 1
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        return 0
    if not required and (positional or any(p.kind is p.VAR_POSITIONAL for p in parameters)):
        return 1
    return len(required)


def _layers(model: nn.Module) -> Iterator[nn.Module]:
    """The layers in the order they were made, which is most often the order they are called in."""
    for module in model.modules():
        if not any(True for _ in module.children()):
            yield module


def _spec_of(layer: nn.Module) -> str | None:
    if isinstance(layer, nn.modules.conv._ConvNd):
        axes = len(layer.kernel_size)
        return f"N {layer.in_channels} {_SPATIAL[axes]}" if layer.in_channels else None
    if isinstance(layer, nn.Linear):
        return f"N {layer.in_features}" if layer.in_features else None
    if isinstance(layer, nn.RNNBase):
        return f"N L {layer.input_size}" if layer.batch_first else f"L N {layer.input_size}"
    if isinstance(layer, (nn.Embedding, nn.EmbeddingBag)):
        return "N L:int64"
    return None
