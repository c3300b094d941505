"""What is replaced in torch while a forward is traced: how modules are called, and what would escape from tracing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.functional
import torch.nn.functional
import torch.overrides
import torch.utils.checkpoint
from torch import nn

from convsym.trace.checkpoints import traced_generator
from convsym.trace.current import enter, in_progress
from convsym.trace.custom_functions import APPLY, HANDING
from convsym.trace.tracer import Tracer

_call_module = nn.Module.__call__
_call_script = torch.jit.ScriptFunction.__call__
_clear_casts = torch.clear_autocast_cache
_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
_CHECKED = tuple(
    m for m in (torch.overrides, torch.functional, torch.nn.functional, torch._tensor, torch.nn.init) if m is not None
)


def _traced_call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
    tracer = in_progress()
    if tracer is None:
        return _call_module(module, *args, **kwargs)
    return tracer.call_module(module, _call_module, args, kwargs)


def _traced_check(original: Any) -> Any:
    def check(*args: Any) -> bool:
        # The function that the tracer runs the body of must not hand itself to the tracer again.
        tracer = in_progress()
        if tracer is not None and tracer.inlining is not None and sys._getframe(1).f_code is tracer.inlining:
            tracer.inlining = None
            return False
        return bool(original(*args))

    return check


def _traced_script(function: Any, *args: Any, **kwargs: Any) -> Any:
    # torch.jit.script keeps the Python function that a scripted one was made from.
    python = getattr(function, "_torchdynamo_inline", None)
    if in_progress() is None or python is None:
        return _call_script(function, *args, **kwargs)
    return python(*args, **kwargs)


def _traced_clearing() -> None:
    tracer = in_progress()
    if tracer is not None:
        tracer.casts.forget()
    _clear_casts()


@contextmanager
def patched(tracer: Tracer) -> Iterator[None]:
    """Make this tracer the one that torch's calls reach."""
    before = enter(tracer)
    undo: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, value: Any) -> None:
        undo.append((owner, name, owner.__dict__[name]))
        setattr(owner, name, value)

    try:
        if before is None:
            put(nn.Module, "__call__", _traced_call)
            put(torch.jit.ScriptFunction, "__call__", _traced_script)
            undo.append((APPLY, "__code__", APPLY.__code__))
            APPLY.__code__ = HANDING
            put(torch, "clear_autocast_cache", _traced_clearing)
            put(torch.utils.checkpoint, "_checkpoint_without_reentrant_generator", traced_generator)
            for module in _CHECKED:
                for name in _CHECKS:
                    if name in module.__dict__:
                        put(module, name, _traced_check(module.__dict__[name]))
        with tracer, torch.enable_grad():
            yield
    finally:
        for owner, name, value in reversed(undo):
            setattr(owner, name, value)
        enter(before)
