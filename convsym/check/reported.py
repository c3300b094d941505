"""What came of one model, as a step of the report of its file."""

from __future__ import annotations

from convsym.check.checking import Checked
from convsym.check.discovery import Maker
from convsym.check.results import ModelReport, Step
from convsym.graph.place import Place


def reported(entry: str, place: Place | None, outcome: Checked, assumed: tuple[str, ...] = ()) -> Step:
    """A model that was checked, or could not be because of its inputs; `assumed` are the arguments that were guessed."""
    if outcome.inputs is None:
        return unchecked(entry, place, outcome.why, hint_for(entry), outcome)
    report = ModelReport(entry, place, outcome.inputs.shown(), outcome.inputs.source, assumed)
    return Step(report, (*outcome.diagnostics, *outcome.further))


def unchecked(entry: str, place: Place | None, why: str, hint: str, outcome: Checked | None = None) -> Step:
    """A model that was not checked, why, and how to have it checked."""
    return Step(ModelReport(entry, place, unchecked=why, hint=hint), outcome.diagnostics if outcome is not None else ())


def needing(maker: Maker, place: Place) -> Step:
    """A class or function of which nothing says how it is called."""
    example = f"{maker.name}({', '.join(f'{n}=...' for n in maker.needs)})"
    hint = f"write `# convsym: {example}: N 3 H W` above it"
    return unchecked(maker.name, place, f"needs {', '.join(maker.needs)}", hint)


def hint_for(entry: str) -> str:
    """What to write above a model so that it is checked."""
    called = f"{entry}: " if "(" in entry else ""
    return f"write `# convsym: {called}N 3 H W`, with its own sizes, above it"
