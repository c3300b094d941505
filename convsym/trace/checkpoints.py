"""Checkpointing (torch.utils.checkpoint): its function is traced like any other code, and its calls know that they will be
computed again."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch.utils.checkpoint

from convsym.graph.call import Checkpoint
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
    with _inside(tracer, args[len(_OPTIONS) :], stops_early, is_reentrant=False):
        yield


def reentrant(tracer: Tracer, function: Any, args: Sequence[Any]) -> Any:
    """What the function of a reentrant checkpoint returns."""
    with _inside(tracer, args, stops_early=False, is_reentrant=True):
        return function(*args)


@contextmanager
def _inside(tracer: Tracer, args: Sequence[Any], stops_early: bool, is_reentrant: bool) -> Iterator[None]:
    before = tracer.recording.checkpoint
    inputs = tuple(tracer.passage.lift(a) for a in args if isinstance(a, torch.Tensor))
    # What is inside another checkpoint is computed again with all of that one.
    if before is None and torch.is_grad_enabled():
        tracer.recording.checkpoint = Checkpoint(inputs, stops_early, is_reentrant)
    try:
        yield
    finally:
        tracer.recording.checkpoint = before
