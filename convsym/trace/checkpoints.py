"""Checkpointing (torch.utils.checkpoint): its function is traced like any other code, and its calls know that they will be
computed again."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch.utils.checkpoint
from torch.utils.checkpoint import noop_context_fn

from convsym.graph.call import Checkpoint
from convsym.graph.tensor import Tensor
from convsym.trace.current import in_progress
from convsym.trace.tracer import Tracer

_without_reentrant = torch.utils.checkpoint._checkpoint_without_reentrant_generator
_OPTIONS = tuple(
    name
    for name, parameter in inspect.signature(_without_reentrant).parameters.items()
    if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
)


def traced_generator(*args: Any, **kwargs: Any) -> Iterator[None]:
    """What torch runs around the function of a checkpoint that is not reentrant."""
    tracer = in_progress()
    if tracer is None:
        yield from _without_reentrant(*args, **kwargs)
        return
    options = dict(zip(_OPTIONS, args, strict=False))
    chosen = torch.utils.checkpoint._enable_checkpoint_early_stop
    stops_early = bool(options.get("early_stop", True) if chosen is None else chosen)
    inputs = _lifted(tracer, args[len(_OPTIONS) :])
    is_selective = options.get("context_fn", noop_context_fn) is not noop_context_fn
    with _inside(tracer, Checkpoint(inputs, stops_early, False, is_selective, tracer.recording.checkpoint)):
        yield


def reentrant(tracer: Tracer, function: Any, args: Sequence[Any]) -> Any:
    """What the function of a reentrant checkpoint returns."""
    checkpoint = Checkpoint(_lifted(tracer, args), False, True, outer=tracer.recording.checkpoint)
    with _inside(tracer, checkpoint):
        return function(*args)


def _lifted(tracer: Tracer, args: Sequence[Any]) -> tuple[Tensor, ...]:
    return tuple(tracer.passage.lift(a) for a in args if isinstance(a, torch.Tensor))


@contextmanager
def _inside(tracer: Tracer, checkpoint: Checkpoint) -> Iterator[None]:
    before = tracer.recording.checkpoint
    if torch.is_grad_enabled():
        tracer.recording.checkpoint = checkpoint
    try:
        yield
    finally:
        tracer.recording.checkpoint = before
