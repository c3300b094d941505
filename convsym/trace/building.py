"""Building models without weights, and remembering where each of their modules was written."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from torch import nn

from convsym.graph.place import Place
from convsym.trace.frames import is_user_code
from convsym.trace.weightless import Weightless

# The attribute survives copy.deepcopy and pickling of the module, which a table beside it would not.
_DEFINED = "_convsym_defined"
_MOST_PLACES = 8

_lock = threading.Lock()
_blocks = 0
_thread = threading.local()


@contextmanager
def without_weights() -> Iterator[None]:
    """Build modules whose parameters have shapes and dtypes but no memory.

    Parameters made inside are on the meta device and nothing is initialised. Everything else that a constructor
    computes stays real: buffers, index tables, `torch.linspace(0, p, n).tolist()`. Reading the value of a parameter
    draws it at that moment. Accelerators are not touched: `.cuda()` and `device="cuda"` mean the CPU.

    Blocks can be nested, and other threads do not notice.

    >>> import torch
    >>> with without_weights():
    ...     layer = torch.nn.Linear(100_000, 100_000)
    >>> layer.weight.shape, layer.weight.device
    (torch.Size([100000, 100000]), device(type='meta'))
    """
    if getattr(_thread, "mode", None) is not None:
        yield
        return
    with recorded_definitions():
        mode = Weightless()
        _thread.mode = mode
        try:
            with mode:
                yield
        finally:
            _thread.mode = None
            mode.close()


@contextmanager
def recorded_definitions() -> Iterator[None]:
    """Remember of each module made inside, in this thread, the lines that made it; see `definition_of`."""
    global _blocks
    with _lock:
        _blocks += 1
        if _blocks == 1:
            _patch()
    outer = getattr(_thread, "outermost", None)
    _thread.outermost = outer or _entering_frame()
    try:
        yield
    finally:
        _thread.outermost = outer
        with _lock:
            _blocks -= 1
            if _blocks == 0:
                _unpatch()


def definition_of(module: nn.Module) -> Place | None:
    """The line of the user's code that made a module, or None when it was not built under convsym's eyes."""
    places = definitions_of(module)
    return places[0] if places else None


def definitions_of(module: nn.Module) -> tuple[Place, ...]:
    """The line that made a module, then the lines that called that one, innermost first."""
    return tuple(Place(file, line) for file, line in module.__dict__.get(_DEFINED, ()))


_original: dict[str, Any] = {}


def _patch() -> None:
    _original["parameter"] = nn.Parameter.__dict__["__new__"]
    _original["init"] = nn.Module.__init__
    _original["buffer"] = nn.Module.register_buffer
    _original["truncated"] = nn.init._no_grad_trunc_normal_
    make_parameter = nn.Parameter.__new__
    init, register_buffer = nn.Module.__init__, nn.Module.register_buffer
    truncated = nn.init._no_grad_trunc_normal_

    @functools.wraps(make_parameter)
    def new_parameter(cls: type, data: Any = None, requires_grad: bool = True) -> Any:
        mode = getattr(_thread, "mode", None)
        if mode is None:
            return make_parameter(cls, data, requires_grad)
        return mode.parameter(make_parameter, cls, data, requires_grad)

    @functools.wraps(init)
    def new_init(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        if getattr(_thread, "outermost", None) is not None:
            self.__dict__[_DEFINED] = _user_lines(self, sys._getframe(1))

    @functools.wraps(register_buffer)
    def new_register_buffer(self: nn.Module, name: str, tensor: Any, persistent: bool = True) -> None:
        mode = getattr(_thread, "mode", None)
        register_buffer(self, name, tensor if mode is None else mode.buffer(tensor), persistent)

    # It draws until every value lies inside the bounds, and so would have to be read.
    @functools.wraps(truncated)
    def new_truncated(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        mode = getattr(_thread, "mode", None)
        return truncated(tensor, *args, **kwargs) if mode is None else mode.fill(truncated, (tensor, *args), kwargs)

    nn.Parameter.__new__ = staticmethod(new_parameter)  # type: ignore[method-assign]
    nn.Module.__init__ = new_init  # type: ignore[method-assign]
    nn.Module.register_buffer = new_register_buffer  # type: ignore[method-assign]
    nn.init._no_grad_trunc_normal_ = new_truncated


def _unpatch() -> None:
    nn.Parameter.__new__ = _original["parameter"]  # type: ignore[method-assign]
    nn.Module.__init__ = _original["init"]  # type: ignore[method-assign]
    nn.Module.register_buffer = _original["buffer"]  # type: ignore[method-assign]
    nn.init._no_grad_trunc_normal_ = _original["truncated"]


def _user_lines(module: nn.Module, frame: FrameType | None) -> tuple[tuple[str, int], ...]:
    lines: list[tuple[str, int]] = []
    while frame is not None and len(lines) < _MOST_PLACES:
        code = frame.f_code
        # Code without a file, such as the expression that names a model, is nothing to look at.
        if is_user_code(code) and not code.co_filename.startswith("<") and _first_argument(frame) is not module:
            lines.append((code.co_filename, frame.f_lineno))
        # Who called the block that builds says nothing about the model.
        frame = None if frame is _thread.outermost else frame.f_back
    return tuple(lines)


def _entering_frame() -> FrameType | None:
    """The frame that enters a context manager of this file."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in (__file__, contextlib.__file__):
        frame = frame.f_back
    return frame


def _first_argument(frame: FrameType) -> Any:
    names = frame.f_code.co_varnames
    return frame.f_locals.get(names[0]) if frame.f_code.co_argcount and names else None
