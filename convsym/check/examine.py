"""One request, answered: the models of a file are found, built without weights, traced, and read by the rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convsym.check.asked import asked
from convsym.check.load_failures import of_load_error
from convsym.check.mending import with_fixes
from convsym.check.request import Request
from convsym.check.results import FileReport, Step, assembled
from convsym.check.survey import survey
from convsym.diagnostics import Diagnostic
from convsym.graph.place import Place
from convsym.plugins import broken
from convsym.rules.broken_plugin import BrokenPlugin
from convsym.rules.unsupported_operation import UnsupportedOperation
from convsym.trace.building import without_weights
from convsym.trace.contents import holding
from convsym.trace.errors import LoadError
from convsym.trace.loading import build_file
from convsym.trace.surroundings import surroundings


def examine(request: Request) -> FileReport:
    """Check the models that a request asks for. Whatever is wrong with the file is a diagnostic, never an exception."""
    return finished(request, steps(request))


def _examined(request: Request) -> FileReport:
    return assembled(request.path, steps(request))


def finished(request: Request, done: Iterable[Step]) -> FileReport:
    """The report of a request whose steps are known: with the fixes that were found for its diagnostics."""
    return with_fixes(assembled(request.path, done), request, _examined, parameter_shapes)


def steps(request: Request) -> Iterator[Step]:
    """The models that a request asks for, each as soon as it is done."""
    witnessed = None
    try:
        with holding(request.path, request.text), surroundings(request.path, request.allow_effects) as witnessed:
            if request.entry is not None:
                yield from asked(request)
            else:
                with without_weights():
                    yield from survey(request)
    except LoadError as error:
        yield Step(None, (of_load_error(error, request.path),))
    except Exception as error:
        yield Step(None, (_own_failure(request, error),))
    if witnessed is not None:
        read = tuple(dict.fromkeys((*witnessed.imports.read, *witnessed.seen.read)))
        absent = tuple(dict.fromkeys(witnessed.imports.absent))
        yield Step(None, read=read, absent=absent, attempts=tuple(witnessed.seen.attempts))
    yield Step(None, tuple(BrokenPlugin().diagnostic(plugin.message, None) for plugin in broken()))


def _own_failure(request: Request, error: Exception) -> Diagnostic:
    message = " ".join(str(error).split())
    return UnsupportedOperation().diagnostic(
        f"{request.entry or 'the file'} was not checked: convsym itself failed with {type(error).__name__}: {message}",
        Place(request.path, 1),
    )


def parameter_shapes(request: Request, entry: str) -> dict[str, tuple[int, ...]]:
    """The shapes of a model's parameters by name; empty where it cannot be built."""
    try:
        with holding(request.path, request.text), surroundings(request.path):
            return {name: tuple(p.shape) for name, p in build_file(request.path, entry).named_parameters()}
    except LoadError:
        return {}
