"""Models that somebody says how to build: in the configuration, in a comment, in the file's own trial run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from convsym.check.checking import Checked, checked_by_guess, checked_with
from convsym.check.discovery import Contents
from convsym.check.inputs.evaluated import Unreadable, specs_of
from convsym.check.inputs.given import Given, given
from convsym.check.inputs.known import known_inputs
from convsym.check.inputs.self_test import SelfTest, self_tests
from convsym.check.load_failures import of_load_error
from convsym.check.reported import reported, unchecked
from convsym.check.request import Request
from convsym.check.results import Step
from convsym.check.seen import Seen
from convsym.graph.place import Place
from convsym.rules.failing_forward import FailingForward
from convsym.rules.unusable_input import UnusableInput
from convsym.trace.errors import BadInput, LoadError
from convsym.trace.loading import built


def declared_models(contents: Contents, request: Request, seen: Seen) -> Iterator[Step]:
    """The models that the configuration and the comments at the definitions speak of; whatever fails is a mistake."""
    for one in request.declared:
        inputs = given(one.inputs or request.inputs, "declared in the configuration")
        yield _declared(contents, one.entry, inputs, _with(request, one.assume), seen, None)
    for maker in contents.makers.values():
        if maker.comment is not None:
            entry = maker.comment.entry or maker.name
            place = Place(contents.path, maker.comment.line)
            inputs = maker.comment.inputs or given(request.inputs, "given")
            yield _declared(contents, entry, inputs, _with(request, maker.comment.assume), seen, place)


def _with(request: Request, assume: str | None) -> Request:
    return replace(request, assume=assume or request.assume)


def _declared(contents: Contents, entry: str, inputs: Given, request: Request, seen: Seen, place: Place | None) -> Step:
    try:
        model = built(entry, contents.namespace, contents.slices, contents.path)
        outcome = (
            checked_with(model, inputs, request.assume, request.wanted)
            if inputs.args or inputs.kwargs
            else checked_by_guess(model, known_inputs(model, contents.node_of(model)), request.assume, request.wanted)
        )
    except LoadError as error:
        return unchecked(entry, place, str(error), "", Checked(None, (of_load_error(error, contents.path),)))
    except BadInput as error:
        found = UnusableInput().diagnostic(str(error), place or Place(contents.path, 1))
        return unchecked(entry, place, str(error), "", Checked(None, (found,)))
    if outcome.inputs is not None:
        seen.add(model, entry, told=True)
    return reported(entry, contents.place(type(model).__name__) or place, outcome)


def tested_models(contents: Contents, request: Request, seen: Seen) -> Iterator[Step]:
    """The calls of the file's own trial runs, and of the examples in its docstrings.

    One that cannot be read without running it is passed over, and so is an example that does not work: nobody runs
    what stands in a docstring.
    """
    if request.inputs:
        return
    for tests, is_run in ((self_tests(contents.slices.tree, contents.makers), True), (_examples(contents), False)):
        for test in tests:
            step = _tested(contents, test, request, seen, is_run)
            if step is not None:
                yield step


def _examples(contents: Contents) -> Sequence[SelfTest]:
    return [test for program in contents.examples for test in self_tests(program, contents.makers)]


def _tested(contents: Contents, test: SelfTest, request: Request, seen: Seen, is_run: bool) -> Step | None:
    try:
        open_batch, exact = specs_of(test, contents.namespace)
        model = built(test.entry, contents.namespace, contents.slices, contents.path)
        if not is_run and type(model) in seen.roots:
            return None
        outcome = checked_with(model, open_batch, request.assume, request.wanted)
        if not outcome.runs:
            outcome = checked_with(model, exact, wanted=request.wanted)
    except (Unreadable, BadInput):
        return None
    if outcome.inputs is None or raises(outcome) or not (outcome.runs or is_run):
        return None
    seen.add(model, test.entry, told=True)
    return reported(test.entry, contents.place(type(model).__name__), outcome)


def raises(outcome: Checked) -> bool:
    """Whether the forward's own code raised, which may be for what could only be read of its inputs in part."""
    return any(d.code == FailingForward.code for d in outcome.diagnostics)
