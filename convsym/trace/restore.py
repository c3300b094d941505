"""Leaves a module as it was, whatever its forward writes into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def restored(model: nn.Module) -> Iterator[None]:
    """Leave every attribute of every module as it was, whatever the forward writes into them."""
    kept = [(m, m.__class__, m.__dict__.copy(), _containers(m.__dict__)) for m in model.modules()]
    try:
        yield
    finally:
        for module, kind, attributes, containers in kept:
            if module.__class__ is not kind:
                module.__class__ = kind
            held = module.__dict__
            if held.keys() != attributes.keys() or any(held[k] is not v for k, v in attributes.items()):
                held.clear()
                held.update(attributes)
            for container, content in containers:
                _refill(container, content)


def _containers(attributes: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(v, v.copy()) for v in attributes.values() if type(v) in (list, set) or isinstance(v, dict)]


def _refill(container: Any, content: Any) -> None:
    if isinstance(container, list):
        if len(container) != len(content) or any(a is not b for a, b in zip(container, content, strict=True)):
            container[:] = content
    elif isinstance(container, dict):
        if len(container) != len(content) or any(container.get(k) is not v for k, v in content.items()):
            container.clear()
            container.update(content)
    elif container != content:
        container.clear()
        container.update(content)
