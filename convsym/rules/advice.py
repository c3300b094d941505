"""What the rules that give advice are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from convsym.diagnostics import Change, Diagnostic, RelatedPlace, Severity
from convsym.rules.rule import LAYER_MADE, Rule

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.analysis.result import Analysis
    from convsym.graph.call import Call


class Advice(Rule):
    """A rule about models that run, and could be better; asked only where the user selects it.

    A rule about single calls overrides `judge` and is done. Advice is given where it is right in every case of the
    forward and at every call of a layer, and not at all where the model holds something that could not be analysed:
    what is not known may be the reason for what looks odd.
    """

    severity: ClassVar[Severity] = Severity.ADVICE
    opt_in: ClassVar[bool] = True

    def read(self, analysis: Analysis) -> Iterator[Diagnostic]:
        if analysis.cases and all(refusal.supported for refusal in analysis.refusals):
            yield from self.advise(analysis)

    def advise(self, analysis: Analysis) -> Iterator[Diagnostic]:
        """The diagnostics of an analysis of a model that runs."""
        from convsym.analysis.flow import flows

        judged = [(self.groups(call), self.judge(flow, call)) for flow in flows(analysis) for call in flow.calls]
        refuted = {group for groups, found in judged if found is None for group in groups}
        for groups, found in judged:
            if found is not None and refuted.isdisjoint(groups):
                yield found

    def groups(self, call: Call) -> tuple[Any, ...]:
        """What a call stands for: advice about it has to be right for every call that shares one of these.

        They are the layer, and the line where it, and maybe others like it, are made; of a function the line.
        """
        made = (call.op, call.definition or call.place)
        return (made, (call.op, call.path)) if call.module else (made,)

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        """What is to be said about one call, or None."""
        raise NotImplementedError

    def of_call(self, call: Call, message: str, help: str = "", change: Change | None = None) -> Diagnostic:
        """Advice about one call."""
        where = f"{call.path}: " if call.path else ""
        made = call.definition
        related = (
            (RelatedPlace(made.file, made.line, made.column, LAYER_MADE),)
            if made is not None and made != call.place
            else ()
        )
        place = call.place or made
        return self.diagnostic(
            f"{where}{message}", place, related, help=help, path=call.path, changes=() if change is None else (change,)
        )
