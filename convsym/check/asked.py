"""One model of a file that somebody asked for by name: whatever keeps it from being checked is a diagnostic."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from convsym.check.checking import Checked, checked_by_guess, checked_with
from convsym.check.inputs.given import given
from convsym.check.load_failures import of_load_error
from convsym.check.request import Request
from convsym.check.results import ModelReport, Step
from convsym.graph.place import Place
from convsym.rules.unknown_input import UnknownInput
from convsym.rules.unusable_input import UnusableInput
from convsym.trace.errors import BadInput, LoadError
from convsym.trace.loading import build_file


def asked(request: Request) -> Iterator[Step]:
    """The one model that a request names. Call it inside `surroundings(path)`."""
    entry = request.entry or ""
    try:
        model = build_file(request.path, entry)
        outcome = _checked(request, model)
    except LoadError as error:
        yield Step(ModelReport(entry, unchecked=str(error)), (of_load_error(error, request.path),))
        return
    except BadInput as error:
        found = UnusableInput().diagnostic(str(error), Place(request.path, 1))
        yield Step(ModelReport(entry, unchecked=str(error)), (found,))
        return
    place = _class_line(model)
    if outcome.inputs is not None:
        yield Step(
            ModelReport(entry, place, outcome.inputs.shown(), outcome.inputs.source),
            (*outcome.diagnostics, *outcome.further),
        )
    elif outcome.diagnostics:
        yield Step(ModelReport(entry, place, unchecked=outcome.why), outcome.diagnostics)
    else:
        found = UnknownInput().diagnostic(f"{entry} was not checked: {outcome.why}", place)
        yield Step(ModelReport(entry, place, unchecked=outcome.why, hint=UnknownInput.help), (found,))


def _checked(request: Request, model: nn.Module) -> Checked:
    if request.inputs:
        return checked_with(model, given(request.inputs, "given"), request.assume, request.wanted)
    return checked_by_guess(model, assume=request.assume, wanted=request.wanted)


def _class_line(model: nn.Module) -> Place | None:
    code = getattr(type(model).forward, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code is not None else None
