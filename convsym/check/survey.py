"""Every model of a file that can be had without being told how, one after the other.

First those that somebody says how to build: in the configuration, in a comment, in the file's own trial run. Then what
the top level makes, then classes and factories, outermost first. What was seen inside a checked model is not checked
again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from convsym.check.arguments import call, guessed
from convsym.check.checking import Checked, checked_by_guess, checked_with
from convsym.check.discovery import Contents, Maker, discover, names_module
from convsym.check.inputs.annotations import annotated
from convsym.check.inputs.docstring import documented
from convsym.check.inputs.evaluated import Unreadable, specs_of
from convsym.check.inputs.given import Given, given
from convsym.check.inputs.self_test import SelfTest, self_tests
from convsym.check.load_failures import is_mistake, of_load_error
from convsym.check.request import Request
from convsym.check.results import ModelReport, Step
from convsym.diagnostics import Diagnostic, Severity
from convsym.graph.place import Place
from convsym.rules.failing_forward import FailingForward
from convsym.rules.unusable_input import UnusableInput
from convsym.trace.errors import BadInput, ConstructionError, LoadError
from convsym.trace.loading import built


@dataclass
class _Seen:
    """The classes that checked models were made of, and the names that somebody said how to build."""

    parts: dict[type, str] = field(default_factory=dict)
    roots: dict[type, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def add(self, model: nn.Module, entry: str, told: bool) -> None:
        for module in model.modules():
            if module is not model:
                self.parts.setdefault(type(module), entry)
        self.roots.setdefault(type(model), entry)
        if told:
            self.told.add(type(model).__name__)


def survey(request: Request) -> Iterator[Step]:
    """The models of a file, each as soon as it is done.

    Call it inside `surroundings(path)` and `without_weights()`. Raises LoadError when the file cannot be read.
    """
    contents = discover(request.path)
    deadline = time.process_time() + request.seconds
    yield from _undefined(contents)
    seen = _Seen()
    for one in request.declared:
        inputs = given(one.inputs or request.inputs, "declared in the configuration")
        told = replace(request, assume=one.assume or request.assume)
        yield from _told(contents, one.entry, inputs, told, seen, None)
    for maker in contents.makers.values():
        if maker.comment is not None:
            entry = maker.comment.entry or maker.name
            place = Place(contents.path, maker.comment.line)
            told = replace(request, assume=maker.comment.assume or request.assume)
            inputs = maker.comment.inputs or given(request.inputs, "given")
            yield from _told(contents, entry, inputs, told, seen, place)
    for test in self_tests(contents.slices.tree, contents.makers):
        yield from _tested(contents, test, request, seen)
    for name in contents.instances:
        yield from _guessed(
            contents, (name,), request, seen, contents.makers.get(type(contents.namespace[name]).__name__)
        )
    for maker in contents.outermost_first:
        if time.process_time() < deadline:
            yield from _made(contents, maker, request, seen)
        else:
            place = Place(contents.path, maker.node.lineno)
            yield Step(ModelReport(maker.name, place, unchecked="no time was left", hint="raise the timeout"))


def _undefined(contents: Contents) -> Iterator[Step]:
    """Classes and instances that could not be defined."""
    for name, failure in contents.absent.items():
        node = contents.slices.classes.get(name)
        if node is not None and not names_module(node):
            continue
        if node is None and not isinstance(failure, ConstructionError):
            continue
        found = of_load_error(failure, contents.path)
        if not is_mistake(failure):
            # It may be that only here a package is missing.
            found = replace(found, severity=Severity.WARNING)
        if node is not None or found.is_error:
            yield Step(ModelReport(name, contents.place(name), unchecked=str(failure), hint=failure.help), (found,))


def _told(
    contents: Contents, entry: str, inputs: Given, request: Request, seen: _Seen, place: Place | None
) -> Iterator[Step]:
    """A model that somebody says how to build, and perhaps what it takes: whatever fails is a mistake."""
    try:
        model = built(entry, contents.namespace, contents.slices, contents.path)
        outcome = (
            checked_with(model, inputs, request.assume, request.wanted)
            if inputs.args or inputs.kwargs
            else checked_by_guess(model, _known(contents, model), request.assume, request.wanted)
        )
    except LoadError as error:
        yield Step(ModelReport(entry, place, unchecked=str(error)), (of_load_error(error, contents.path),))
        return
    except BadInput as error:
        found = UnusableInput().diagnostic(str(error), place or Place(contents.path, 1))
        yield Step(ModelReport(entry, place, unchecked=str(error)), (found,))
        return
    if outcome.inputs is not None:
        seen.add(model, entry, told=True)
    yield _step(entry, contents.place(type(model).__name__) or place, outcome)


def _tested(contents: Contents, test: SelfTest, request: Request, seen: _Seen) -> Iterator[Step]:
    """A call of the file's own trial run; one that cannot be read without running it is passed over."""
    if request.inputs:
        return
    try:
        open_batch, exact = specs_of(test, contents.namespace)
        model = built(test.entry, contents.namespace, contents.slices, contents.path)
        outcome = checked_with(model, open_batch, request.assume, request.wanted)
        if not outcome.runs:
            outcome = checked_with(model, exact, wanted=request.wanted)
    except (Unreadable, BadInput):
        return
    if outcome.inputs is None or _raises(outcome):
        return
    seen.add(model, test.entry, told=True)
    yield _step(test.entry, contents.place(type(model).__name__), outcome)


def _made(contents: Contents, maker: Maker, request: Request, seen: _Seen) -> Iterator[Step]:
    """A class or factory, with its defaults or with arguments that are guessed."""
    place = Place(contents.path, maker.node.lineno)
    if maker.kind == "class" and isinstance(maker.value, type):
        owner = seen.parts.get(maker.value)
        if maker.name in seen.told or owner is not None or (maker.needs and maker.value in seen.roots):
            if owner is not None:
                yield Step(ModelReport(maker.name, place, part_of=owner))
            elif maker.name not in seen.told:
                yield Step(ModelReport(maker.name, place, part_of=seen.roots[maker.value]))
            return
    elif maker.comment is not None:
        return
    if not maker.needs:
        yield from _guessed(contents, (maker.name,), request, seen, maker)
        return
    variants = guessed(maker.needs)
    if not variants:
        yield Step(_needs(maker, place))
        return
    entries = tuple(dict.fromkeys(call(maker.name, values) for values in variants))
    yield from _guessed(contents, entries, request, seen, maker)


def _needs(maker: Maker, place: Place) -> ModelReport:
    names = ", ".join(maker.needs)
    example = f"{maker.name}({', '.join(f'{n}=...' for n in maker.needs)})"
    return ModelReport(
        maker.name, place, unchecked=f"needs {names}", hint=f"write `# convsym: {example}: N 3 H W` above it"
    )


def _guessed(
    contents: Contents, entries: tuple[str, ...], request: Request, seen: _Seen, maker: Maker | None
) -> Iterator[Step]:
    """A model that nobody says how to build, in several variants where its arguments are guessed too.

    The first variant that runs is taken; a finding counts if it is there in all that can be built.
    """
    name = maker.name if maker is not None and entries[0] != maker.name else entries[0]
    place = contents.place(name if maker is None or entries[0].startswith(name) else entries[0])
    outcomes: list[tuple[str, nn.Module, Checked]] = []
    why = ""
    for entry in entries:
        try:
            model = built(entry, contents.namespace, contents.slices, contents.path)
            outcome = _checked(contents, model, request)
        except LoadError as error:
            if len(entries) == 1 and is_mistake(error):
                yield Step(ModelReport(entry, place, unchecked=str(error)), (of_load_error(error, contents.path),))
                return
            why = why or f"cannot be built by itself: {error}"
            continue
        except BadInput as error:
            why = why or str(error)
            continue
        if outcome.runs:
            seen.add(model, entry, told=maker is None)
            yield _step(entry, place, outcome)
            return
        outcomes.append((entry, model, outcome))
    failing = [o for o in outcomes if o[2].inputs is not None]
    if failing and len(failing) == len(outcomes) and (len(entries) == 1 or len(failing) > 1):
        entry, model, outcome = failing[0]
        shared = frozenset.intersection(*(o.sure for _, _, o in failing))
        places = {place or definition for _, place, definition in shared}
        found = tuple(d for d in outcome.diagnostics if not outcome.sure or d.place in places)
        if len(entries) > 1:
            found = tuple(replace(d, help=f"{d.help}; checked as {entry}") for d in found)
        if found:
            seen.add(model, entry, told=False)
            yield _step(entry, place, Checked(outcome.inputs, found))
            return
    if outcomes:
        why = outcomes[0][2].why or why or "its arguments cannot be guessed"
    if maker is not None and maker.needs and not outcomes:
        yield Step(_needs(maker, place or Place(contents.path, 1)))
        return
    hint = f"write `# convsym: {entries[0] + ': ' if '(' in entries[0] else ''}N 3 H W`, with its own sizes, above it"
    yield Step(ModelReport(name, place, unchecked=why, hint=hint))


def _checked(contents: Contents, model: nn.Module, request: Request) -> Checked:
    if request.inputs:
        return checked_with(model, given(request.inputs, "given"), request.assume, request.wanted)
    known = list(_known(contents, model))
    if known and known[0].stated:
        outcome = checked_with(model, known[0], request.assume, request.wanted)
        if not _raises(outcome):
            return outcome
        known = []
    return checked_by_guess(model, known, request.assume, request.wanted)


def _raises(outcome: Checked) -> bool:
    """Whether the forward's own code raised, which may be for what could only be read of its inputs in part."""
    return any(d.code == FailingForward.code for d in outcome.diagnostics)


def _known(contents: Contents, model: nn.Module) -> Iterator[Given]:
    """What the annotations and docstrings of the model's class say of its inputs."""
    maker = contents.makers.get(type(model).__name__)
    node: Any = maker.node if maker is not None and maker.value is type(model) else None
    forward = next((s for s in getattr(node, "body", ()) if getattr(s, "name", "") == "forward"), None)
    if node is None or forward is None:
        return
    for found in (annotated(forward), documented(node, forward)):
        if found is not None:
            yield found


def _step(entry: str, place: Place | None, outcome: Checked) -> Step:
    diagnostics: tuple[Diagnostic, ...] = outcome.diagnostics
    if outcome.inputs is None:
        hint = "write `# convsym: N 3 H W`, with its own sizes, above it"
        return Step(ModelReport(entry, place, unchecked=outcome.why, hint=hint), diagnostics)
    report = ModelReport(entry, place, outcome.inputs.shown(), outcome.inputs.source)
    return Step(report, (*diagnostics, *outcome.further))
