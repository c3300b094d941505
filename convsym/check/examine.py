"""One request, answered: the models of a file are found, built without weights, traced, and read by the rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from convsym.check.asked import asked
from convsym.check.load_failures import of_load_error
from convsym.check.mending import with_fixes
from convsym.check.request import Request
from convsym.check.results import FileReport, Step
from convsym.check.survey import survey
from convsym.diagnostics import Diagnostic, in_order
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
    return with_fixes(_examined(request), request, _examined, parameter_shapes)


def _examined(request: Request) -> FileReport:
    return assembled(request, steps(request))


def steps(request: Request) -> Iterator[Step]:
    """The models that a request asks for, each as soon as it is done."""
    try:
        with holding(request.path, request.text), surroundings(request.path):
            if request.entry is not None:
                yield from asked(request)
            else:
                with without_weights():
                    yield from survey(request)
    except LoadError as error:
        yield Step(None, (of_load_error(error, request.path),))
    except Exception as error:
        message = " ".join(str(error).split())
        what = request.entry or "the file"
        yield Step(
            None,
            (
                UnsupportedOperation().diagnostic(
                    f"{what} was not checked: convsym itself failed with {type(error).__name__}: {message}",
                    Place(request.path, 1),
                ),
            ),
        )
    yield Step(None, tuple(BrokenPlugin().diagnostic(plugin.message, None) for plugin in broken()))


def assembled(request: Request, steps: Iterable[Step]) -> FileReport:
    """The steps of a file as one report: its models in the order they were met, each mistake once."""
    taken = list(steps)
    models = tuple(step.model for step in taken if step.model is not None)
    return FileReport(request.path, models, tuple(in_order(_once(d for step in taken for d in step.diagnostics))))


def _once(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """One of each claim and line: a mistake of a block is one mistake, wherever in the models the block is."""
    kept: dict[Hashable, Diagnostic] = {}
    for one in found:
        kept.setdefault((one.code, one.place, one.related, one.message.removeprefix(f"{one.path}: ")), one)
    return list(kept.values())


def parameter_shapes(request: Request, entry: str) -> dict[str, tuple[int, ...]]:
    """The shapes of a model's parameters by name; empty where it cannot be built."""
    try:
        with holding(request.path, request.text), surroundings(request.path):
            return {name: tuple(p.shape) for name, p in build_file(request.path, entry).named_parameters()}
    except LoadError:
        return {}
