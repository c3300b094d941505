"""One request, answered: the models of a file are found, built without weights, traced, and read by the rules."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from convsym.api import analyze
from convsym.check.discovery import entries_of
from convsym.check.load_failures import of_load_error
from convsym.check.mending import with_fixes
from convsym.check.request import Request
from convsym.check.results import FileReport, ModelReport
from convsym.diagnostics import Diagnostic, in_order
from convsym.graph.place import Place
from convsym.plugins import broken
from convsym.rules.broken_plugin import BrokenPlugin
from convsym.rules.unknown_input import UnknownInput
from convsym.rules.unsupported_operation import UnsupportedOperation
from convsym.rules.unusable_input import UnusableInput
from convsym.trace.contents import holding
from convsym.trace.errors import BadInput, LoadError
from convsym.trace.inference import infer_specs
from convsym.trace.loading import build_file
from convsym.trace.surroundings import surroundings


def examine(request: Request) -> FileReport:
    """Check the models that a request asks for. Whatever is wrong with the file is a diagnostic, never an exception."""
    return with_fixes(_examined(request), request, _examined, parameter_shapes)


def _examined(request: Request) -> FileReport:
    with holding(request.path, request.text):
        return _report(request)


def _report(request: Request) -> FileReport:
    found: list[Diagnostic] = []
    entries = [request.entry] if request.entry is not None else []
    if request.entry is None:
        try:
            entries, failures = entries_of(request.path)
        except LoadError as error:
            return FileReport(request.path, (), (of_load_error(error, request.path),))
        found.extend(of_load_error(failure, request.path) for failure in failures)
    for entry in entries:
        found.extend(_checked(request, entry))
    found.extend(BrokenPlugin().diagnostic(plugin.message, None) for plugin in broken())
    models = tuple(ModelReport(entry, inputs=request.inputs) for entry in entries)
    return FileReport(request.path, models, tuple(in_order(dict.fromkeys(found))))


def _checked(request: Request, entry: str) -> Iterator[Diagnostic]:
    path = request.path
    try:
        with surroundings(path):
            model = build_file(path, entry)
            specs = list(request.inputs) if request.inputs else infer_specs(model)
            if specs is None:
                yield UnknownInput().diagnostic(
                    f"{entry} was not checked: its input cannot be inferred from its first layers", _class_line(model)
                )
                return
            yield from analyze(model, *specs, assume=request.assume).diagnostics
    except LoadError as error:
        yield of_load_error(error, path)
    except BadInput as error:
        yield UnusableInput().diagnostic(str(error), Place(path, 1))
    except Exception as error:
        message = " ".join(str(error).split())
        yield UnsupportedOperation().diagnostic(
            f"{entry} was not checked: convsym itself failed with {type(error).__name__}: {message}", Place(path, 1)
        )


def _class_line(model: nn.Module) -> Place | None:
    code = getattr(type(model).forward, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code is not None else None


def parameter_shapes(request: Request, entry: str) -> dict[str, tuple[int, ...]]:
    """The shapes of a model's parameters by name; empty where it cannot be built."""
    try:
        with holding(request.path, request.text), surroundings(request.path):
            return {name: tuple(p.shape) for name, p in build_file(request.path, entry).named_parameters()}
    except LoadError:
        return {}
