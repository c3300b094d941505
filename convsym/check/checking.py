"""One built model, checked with the inputs that are known or can be guessed for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from torch import nn

from convsym.check.inputs.given import Given
from convsym.check.inputs.ranks import fuller_guesses, guesses
from convsym.check.trial import Trial, Verdict, tried
from convsym.diagnostics import Diagnostic
from convsym.rules.diagnosis import diagnose_further
from convsym.rules.wanted import NOTHING_MORE, Wanted
from convsym.trace.errors import BadInput

#: How long inputs are guessed for one model, in seconds of processor time.
PATIENCE = 20.0

_NOT_INFERRED = "its input cannot be inferred"


@dataclass(frozen=True)
class Checked:
    """What came of one model.

    `inputs` are those it was checked with, or None where it was not; `why` then says why. `sure` are what identifies
    the findings that count although the inputs were guessed. `further` is what else was wanted: advice and budgets.
    """

    inputs: Given | None
    diagnostics: tuple[Diagnostic, ...] = ()
    why: str = ""
    sure: frozenset[Any] = frozenset()
    further: tuple[Diagnostic, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether nothing was found."""
        return self.inputs is not None and not self.sure and not any(d.is_error for d in self.diagnostics)


def checked_with(model: nn.Module, inputs: Given, assume: str | None = None, wanted: Wanted = NOTHING_MORE) -> Checked:
    """Check a model with inputs that somebody stated. Raises BadInput when they are no specs."""
    trial = tried(model, inputs, assume)
    if trial.verdict is Verdict.UNKNOWN:
        return Checked(None, trial.analysis.diagnostics, _unknown(trial))
    return Checked(trial.solved, trial.analysis.diagnostics, further=diagnose_further(trial.analysis, wanted))


def checked_by_guess(
    model: nn.Module,
    first: Iterable[Given] = (),
    assume: str | None = None,
    wanted: Wanted = NOTHING_MORE,
    seconds: float = PATIENCE,
    most: int | None = None,
) -> Checked:
    """Check a model with inputs that are guessed, at most so many, those of `first` before all others.

    A guess that runs and keeps the batch is taken. Where none does, only the findings that all guesses share and that
    no guess can have caused are reported; without any, the model was not checked.
    """
    deadline = time.process_time() + seconds
    told = list(first)
    trials: list[Trial] = []
    fuller: list[Trial] = []
    for done, given in (
        (trials, islice(_chained(told, lambda: guesses(model)), most)),
        (fuller, fuller_guesses(model) if most is None else ()),
    ):
        for trial in _trials(model, given, assume, deadline):
            if trial.verdict is Verdict.RUNS and not (trial.inputs in told or trial.computes):
                # What gives back whatever it is given computes nothing that could be checked.
                return Checked(None, why=_NOT_INFERRED)
            if trial.verdict is Verdict.RUNS:
                # What some other size meets is for the domain to say.
                errors = tuple(d for d in trial.analysis.diagnostics if d.is_error)
                return Checked(trial.solved, errors, further=diagnose_further(trial.analysis, wanted))
            done.append(trial)
    failing, shared = _surely_wrong(trials, fuller)
    if shared:
        places = {place or definition for _, place, definition in shared}
        # Said once more with the sizes that the layers before the mistake ask for.
        clearest = tried(model, failing[0].solved, assume)
        found = tuple(d for d in clearest.analysis.diagnostics if d.is_error and d.place in places)
        if found:
            return Checked(clearest.inputs, found, sure=shared)
    return Checked(None, why=_why_not([*trials, *fuller]))


def _trials(model: nn.Module, inputs: Iterable[Given], assume: str | None, deadline: float) -> Iterator[Trial]:
    for one in inputs:
        try:
            yield tried(model, one, assume)
        except BadInput:
            continue
        if time.process_time() > deadline:
            return


def _surely_wrong(trials: Sequence[Trial], fuller: Sequence[Trial]) -> tuple[list[Trial], frozenset[Any]]:
    """The guesses that could be right, and what all of them find, those too that give what a forward is not bound to be
    given.

    Right are those that the first layer took; among them, where there are any, those that no other layer complains of
    for the number of axes.
    """
    failed = [t for t in trials if t.verdict is Verdict.FAILS]
    accepted = [t for t in failed if t.was_accepted and "N" not in t.fixed]
    accepted = [t for t in accepted if not t.complains_of_rank] or accepted
    failing = [t for t in accepted or failed if t.sure]
    doubts = [
        t for t in (*trials, *fuller) if t.verdict is Verdict.FOLDS or (t.verdict is Verdict.UNKNOWN and t.was_accepted)
    ]
    if not failing or doubts:
        return failing, frozenset()
    required = [t.inputs.args for t in failing]
    alike = [t for t in fuller if t.inputs.args in required]
    return failing, frozenset.intersection(*(t.sure for t in (*failing, *alike))) | failing[0].typed


def _chained(first: Iterable[Given], rest: Callable[[], Iterator[Given]]) -> Iterator[Given]:
    yield from first
    yield from rest()


def _why_not(trials: list[Trial]) -> str:
    # What no layer took may be no input at all.
    unknown = next((t for t in trials if t.verdict is Verdict.UNKNOWN and t.was_accepted), None)
    if unknown is not None:
        return _unknown(unknown)
    folding = [t for t in trials if t.verdict is Verdict.FOLDS]
    alone = next((t for t in folding if t.fixed.get("N") == "1"), None)
    if alone is not None:
        return f"it runs for a batch of one alone, of those with inputs {', '.join(alone.inputs.shown())}"
    if folding:
        return "no input was found that keeps the batch"
    return _NOT_INFERRED


def _unknown(trial: Trial) -> str:
    refusal = next(r for r in trial.analysis.refusals if not r.supported)
    return f"cannot be analysed: {' '.join(refusal.message.split())}"
