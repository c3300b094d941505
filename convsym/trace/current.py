"""The trace in progress, which symbolic numbers and tensors ask."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convsym.trace.tracer import Tracer

_current: ContextVar[Tracer | None] = ContextVar("trace", default=None)


def current() -> Tracer:
    """The trace in progress.

    Raises RuntimeError outside of one: a symbolic number has escaped from its analysis.
    """
    tracer = _current.get()
    if tracer is None:
        raise RuntimeError("a symbolic size was used after its analysis had ended")
    return tracer


def in_progress() -> Tracer | None:
    """The trace in progress, or None."""
    return _current.get()


def enter(tracer: Tracer | None) -> Tracer | None:
    """Make this the trace in progress; returns the one before."""
    before = _current.get()
    _current.set(tracer)
    return before
