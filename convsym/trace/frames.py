"""The user's own line in a stack of frames."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType, FrameType, TracebackType

import torch

import convsym
from convsym.graph.place import Place

_STANDARD = sysconfig.get_path("stdlib") + os.sep
_PACKAGES = tuple(sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib"))
_OWN = tuple(os.path.dirname(os.path.abspath(str(m.__file__))) + os.sep for m in (torch, convsym))
_KERNELS = os.path.join(_OWN[1], "trace", "kernels.py")
# Who asked for a check is no part of what is checked.
_CHECKS = os.path.join(_OWN[1], "check") + os.sep
_user: dict[CodeType, bool] = {}
_caller: ContextVar[FrameType | None] = ContextVar("caller", default=None)


def is_user_code(code: CodeType) -> bool:
    """Whether a function was written outside torch, convsym and the standard library."""
    known = _user.get(code)
    if known is None:
        file = code.co_filename
        library = file.startswith(_OWN) or file.startswith("<frozen")
        standard = file.startswith(_STANDARD) and not file.startswith(_PACKAGES)
        known = _user[code] = not library and not standard
    return known


@contextmanager
def on_behalf_of(frame: FrameType) -> Iterator[None]:
    """Take this frame for the innermost one: what runs further in is no code of the user's."""
    token = _caller.set(frame)
    try:
        yield
    finally:
        _caller.reset(token)


def user_place(frame: FrameType | None = None) -> Place | None:
    """The innermost line outside torch and convsym that is running now."""
    frame = frame or _caller.get() or sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(_CHECKS):
        if is_user_code(frame.f_code):
            return Place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def mistaken_place() -> Place | None:
    """The line to look at for what is wrong with the call that is running now."""
    frame = _caller.get() or sys._getframe(1)
    frames: list[tuple[FrameType, int]] = []
    while frame is not None and not frame.f_code.co_filename.startswith(_CHECKS):
        frames.append((frame, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return _of_the_model(frames)


def place_of(error: BaseException) -> Place | None:
    """The line to look at for an exception: the innermost of the user's that it passed through."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Place(error.filename, error.lineno, error.offset or 0)
    frames: list[tuple[FrameType, int]] = []
    step: TracebackType | None = error.__traceback__
    while step is not None:
        frames.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return _of_the_model(frames[::-1])


def _of_the_model(frames: Sequence[tuple[FrameType, int]]) -> Place | None:
    """The innermost user line, or where a model calls functions of another package, the line where it does."""
    lines = [(frame, line) for frame, line in frames if is_user_code(frame.f_code)]
    if not lines:
        return None
    package = _package(lines[0][0])
    if package:
        models = (at for at in lines if isinstance(at[0].f_locals.get("self"), torch.nn.Module))
        model = next(models, lines[0])
        if _package(model[0]) != package:
            lines = [model]
    frame, line = lines[0]
    return Place(frame.f_code.co_filename, line)


def _package(frame: FrameType) -> str:
    """The installed package that code belongs to; empty for code that is not installed."""
    file = frame.f_code.co_filename
    inside = next((file.removeprefix(folder) for folder in _PACKAGES if file.startswith(folder)), "")
    return inside.partition(os.sep)[0]


def raised_by_convsym(error: BaseException) -> bool:
    """Whether convsym itself raised, not the user's code or torch: then it says nothing about the model."""
    step: TracebackType | None = error.__traceback__
    last = None
    while step is not None:
        last, step = step.tb_frame.f_code, step.tb_next
    # A kernel of torch that is run there may raise without a Python frame of its own.
    return last is not None and last.co_filename.startswith(_OWN[1]) and last.co_filename != _KERNELS
