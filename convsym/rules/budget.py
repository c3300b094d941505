"""What the rules about budgets are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from convsym.diagnostics import Diagnostic, Severity
from convsym.graph.place import Place
from convsym.rules.rule import Rule

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.rules.wanted import Budget, Wanted


class BudgetRule(Rule):
    """A rule that holds a model against the budgets of some quantities. Without a budget it says nothing."""

    opt_in: ClassVar[bool] = True
    quantities: ClassVar[tuple[str, ...]] = ()

    def is_asked(self, wanted: Wanted) -> bool:
        return bool(wanted.budgets)

    def answer(self, analysis: Analysis, wanted: Wanted) -> Iterator[Diagnostic]:
        # What a model costs that does not run is nobody's concern.
        for budget in wanted.budgets if analysis.cases else ():
            if budget.quantity in self.quantities:
                yield from self._held_against(budget, analysis)

    def _held_against(self, budget: Budget, analysis: Analysis) -> Iterator[Diagnostic]:
        name, quantity = type(analysis.model).__name__, budget.quantity.replace("_", " ")
        place, witness = class_line(analysis), dict(budget.sizes) or None
        try:
            value = _value(analysis, budget)
        except ValueError as error:
            yield replace(
                self.diagnostic(f"{name} has no {quantity} to hold: {error}", place), severity=Severity.WARNING
            )
            return
        uncounted = _not_counted(analysis, budget.quantity)
        if value > budget.limit:
            yield self.diagnostic(
                f"{name} has {'at least ' * bool(uncounted)}{value} {quantity}, over its budget {budget.text!r}",
                place,
                witness=witness,
            )
        elif uncounted:
            message = f"{name} has at least {value} {quantity}, and what {', '.join(uncounted)} cost is not known"
            yield replace(self.diagnostic(message, place, witness=witness), severity=Severity.WARNING)


def _value(analysis: Analysis, budget: Budget) -> int:
    if budget.quantity == "parameters" and not budget.sizes and isinstance(analysis.parameters, int):
        return analysis.parameters
    value = getattr(analysis.at(**budget.sizes), budget.quantity, None)
    if value is None:
        raise ValueError("it is not known")
    return int(value)


def _not_counted(analysis: Analysis, quantity: str) -> tuple[str, ...]:
    """The operations that a quantity leaves out, because what they add to it is not known."""
    if quantity == "saved_bytes":
        return analysis.unsaved
    return analysis.uncounted if quantity in ("flops", "macs") else ()


def class_line(analysis: Analysis) -> Place | None:
    """The line where the class of the model begins, as far as its forward tells."""
    code = getattr(type(analysis.model).forward, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code is not None else None
