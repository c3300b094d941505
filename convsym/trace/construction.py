"""What an exception from a constructor says: the line, the lines that led there, the layer and its arguments."""

from __future__ import annotations

from types import FrameType, TracebackType
from typing import Any

from torch import nn

from convsym.graph.place import Place
from convsym.trace.errors import Construction, ConstructionError, in_one_line
from convsym.trace.frames import is_user_code


def construction_error(error: BaseException, where: str) -> ConstructionError:
    """The exception as a sentence with its places, innermost user line first."""
    places = _user_places(error)
    layer = _refusing_layer(error)
    text = in_one_line(error) or "no message"
    if isinstance(error, SystemExit):
        text = "the code ends the program"
    who = f"{layer.layer.__name__} refuses its arguments" if layer is not None else "building the model fails"
    return ConstructionError(
        f"{who}: {text if layer is not None else f'{type(error).__name__}: {text}'}",
        places[0] if places else Place(where, 1) if where.endswith(".py") else None,
        tuple(dict.fromkeys(places[1:])),
        "change the arguments of this line",
        error=type(error).__name__,
        layer=layer,
    )


def _frames(error: BaseException) -> list[tuple[FrameType, int]]:
    found = []
    step: TracebackType | None = error.__traceback__
    while step is not None:
        found.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return found


def _user_places(error: BaseException) -> list[Place]:
    return [
        Place(frame.f_code.co_filename, line)
        for frame, line in reversed(_frames(error))
        if is_user_code(frame.f_code) and not frame.f_code.co_filename.startswith("<")
    ]


def _refusing_layer(error: BaseException) -> Construction | None:
    """The layer of torch whose constructor raised, if that is where the exception comes from."""
    found = None
    for frame, _ in _frames(error):
        code = frame.f_code
        if is_user_code(code):
            found = None
        elif code.co_name == "__init__" and found is None and code.co_argcount:
            owner = frame.f_locals.get(code.co_varnames[0])
            if isinstance(owner, nn.Module):
                found = Construction(type(owner), _arguments(frame))
    return found


def _arguments(frame: FrameType) -> dict[str, Any]:
    code = frame.f_code
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    return {name: frame.f_locals[name] for name in names if name in frame.f_locals}
