"""Models that nobody says how to build: with their defaults, or with arguments that are written elsewhere or guessed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch import nn

from convsym.check.arguments.variants import Variant, variants
from convsym.check.checking import PATIENCE, Checked, checked_by_guess, checked_with
from convsym.check.discovery import Contents, Maker
from convsym.check.inputs.given import given
from convsym.check.inputs.known import known_inputs
from convsym.check.load_failures import is_mistake, of_load_error
from convsym.check.reported import hint_for, needing, reported, unchecked
from convsym.check.request import Request
from convsym.check.results import ModelReport, Step
from convsym.check.seen import Seen
from convsym.check.told import raises
from convsym.graph.place import Place
from convsym.trace.errors import BadInput, LoadError
from convsym.trace.loading import built

#: So many guesses at the inputs are made for each variant before any variant gets more.
_LIKELY = 2


@dataclass(frozen=True)
class _Tried:
    """A variant that could be built, and what came of it."""

    variant: Variant
    model: nn.Module
    outcome: Checked


def instance(contents: Contents, name: str, request: Request, seen: Seen) -> Step:
    """A model that the top level of the file makes."""
    return _first_that_runs(contents, (Variant(name),), request, seen, None, contents.place(name))


def made(contents: Contents, maker: Maker, request: Request, seen: Seen) -> Iterator[Step]:
    """A class or factory, unless a checked model is made of it."""
    place = Place(contents.path, maker.node.lineno)
    if maker.kind == "class" and isinstance(maker.value, type):
        owner = seen.parts.get(maker.value) or (seen.roots.get(maker.value) if maker.needs else None)
        if maker.name in seen.told or owner is not None:
            if maker.name not in seen.told or maker.value in seen.parts:
                yield Step(ModelReport(maker.name, place, part_of=owner or ""))
            return
    elif maker.comment is not None:
        return
    tries = variants(maker, contents) if maker.needs else (Variant(maker.name),)
    yield _first_that_runs(contents, tries, request, seen, maker, place) if tries else needing(maker, place)


def _first_that_runs(
    contents: Contents,
    tries: Sequence[Variant],
    request: Request,
    seen: Seen,
    maker: Maker | None,
    place: Place | None,
) -> Step:
    """The first variant that runs; where none does, what is wrong with all that can be built."""
    deadline = time.process_time() + PATIENCE
    known: dict[Variant, _Tried] = {}
    why = ""
    for most in (_LIKELY, None) if len(tries) > 1 else (None,):
        for variant in tries:
            patience = deadline - time.process_time()
            if patience <= 0:
                break
            try:
                model = built(variant.entry, contents.namespace, contents.slices, contents.path)
                outcome = _checked(contents, model, request, patience, most)
            except LoadError as error:
                if len(tries) == 1 and not variant.assumed and is_mistake(error):
                    found = Checked(None, (of_load_error(error, contents.path),))
                    return unchecked(variant.entry, place, str(error), "", found)
                why = why or f"cannot be built by itself: {error}"
                continue
            except BadInput as error:
                why = why or str(error)
                continue
            if outcome.runs:
                seen.add(model, variant.entry, told=type(model).__name__ not in contents.makers and maker is None)
                return reported(variant.entry, place, outcome, variant.assumed)
            known[variant] = _Tried(variant, model, outcome)
    done = list(known.values())
    shared = _wrong_with_all(done, len(tries))
    if shared is not None:
        seen.add(shared.model, shared.variant.entry, told=False)
        return reported(shared.variant.entry, place, shared.outcome, shared.variant.assumed)
    if not done and maker is not None and maker.needs:
        return needing(maker, place or Place(contents.path, 1))
    if done:
        why = done[0].outcome.why or why or "its arguments cannot be guessed"
    return unchecked(maker.name if maker is not None else tries[0].entry, place, why, hint_for(tries[0].entry))


def _wrong_with_all(done: Sequence[_Tried], tries: int) -> _Tried | None:
    """The first variant with the findings that all share, where they cannot be due to a wrong guess."""
    failing = [t for t in done if t.outcome.inputs is not None]
    if not failing or len(failing) < len(done) or (tries > 1 and len(failing) == 1) or _is_lone_guess(failing):
        return None
    first = failing[0]
    shared = frozenset.intersection(*(t.outcome.sure for t in failing))
    places = {place or definition for _, place, definition in shared}
    found = tuple(d for d in first.outcome.diagnostics if not first.outcome.sure or d.place in places)
    if first.variant.assumed:
        found = tuple(replace(d, help=f"{d.help}; checked as {first.variant.entry}") for d in found)
    return replace(first, outcome=Checked(first.outcome.inputs, found)) if found else None


def _is_lone_guess(failing: Sequence[_Tried]) -> bool:
    return len(failing) == 1 and bool(failing[0].variant.assumed)


def _checked(contents: Contents, model: nn.Module, request: Request, seconds: float, most: int | None) -> Checked:
    if request.inputs:
        return checked_with(model, given(request.inputs, "given"), request.assume, request.wanted)
    known = list(known_inputs(model, contents.node_of(model)))
    if known and known[0].stated:
        outcome = checked_with(model, known[0], request.assume, request.wanted)
        if not raises(outcome):
            return outcome
        known = []
    return checked_by_guess(model, known, request.assume, request.wanted, seconds, most)
