"""What every lint rule is made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from convsym.diagnostics import Change, Diagnostic, RelatedPlace, Severity
from convsym.graph.place import Place
from convsym.rules.uses import BLOCK_MADE, made_through, uses

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.graph.call import Call
    from convsym.rules.wanted import Wanted
    from convsym.trace.paths import Finding


#: What happens on a related line.
LAYER_MADE = "the layer is made here"


class Rule:
    """One thing that is found, under one code.

    A rule that reports unmet requirements of operations names their kinds and is done. Another rule overrides `read`,
    or `answer` where it depends on what the user asks for. One that is `opt_in` is asked only where it is selected.
    `refuses` says of a layer's constructor arguments whether they show the same mistake, so that an error that torch
    raises while a model is built gets the same code as one that would show when it runs. The docstring of a rule is
    its documentation: a title, what it finds, why it matters, a `Bad` and a `Good` model. The models take `torch`,
    `nn` and `F` (torch.nn.functional) as imported, and say their input in an attribute.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    kinds: ClassVar[tuple[str, ...]] = ()
    help: ClassVar[str] = "change the layer, or what is given to it"
    opt_in: ClassVar[bool] = False

    def is_asked(self, wanted: Wanted) -> bool:
        """Whether an `opt_in` rule is to be asked."""
        return self.code.startswith(wanted.select) or self.name in wanted.select

    def answer(self, analysis: Analysis, wanted: Wanted) -> Iterator[Diagnostic]:
        """The diagnostics of a finished analysis, with what the user asks beyond that the model runs."""
        yield from self.read(analysis)

    def read(self, analysis: Analysis) -> Iterator[Diagnostic]:
        """The diagnostics of a finished analysis."""
        for found in analysis.findings:
            if found.requirement.kind in self.kinds:
                one = self.of_finding(found)
                related = (*one.related, *uses(found, analysis))
                yield replace(one, related=related, changes=tuple(self.changes(found, analysis)))

    def changes(self, found: Finding, analysis: Analysis) -> Iterator[Change]:
        """The arguments of which another value would meet a requirement, the likeliest first."""
        own = change_of(found)
        if own is not None:
            yield own

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        """Whether a layer of torch refuses these constructor arguments because of what this rule finds."""
        return False

    def mends(self, layer: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """For constructor arguments that `refuses` them: the one to change and its value, where one is obvious."""
        return {}

    def of_finding(self, found: Finding) -> Diagnostic:
        """A requirement that cannot be met, as a diagnostic."""
        where = f"{found.path}: " if found.path else ""
        return self.diagnostic(
            f"{where}{found.requirement.claim}{at_sizes(found)}",
            found.place or found.definition,
            made_at(found.place, found.definition, BLOCK_MADE if found.layer is None else LAYER_MADE),
            found.smallest,
            found.requirement.help,
            found.path,
        )

    def diagnostic(
        self,
        message: str,
        place: Place | None,
        related: tuple[Place, ...] = (),
        witness: Mapping[str, int] | None = None,
        help: str = "",
        path: str = "",
        changes: tuple[Change, ...] = (),
    ) -> Diagnostic:
        """A diagnostic under this rule's code."""
        return Diagnostic(
            self.code, self.name, message, self.severity, place, related, witness, help or self.help, path, changes
        )


def change_of(found: Finding) -> Change | None:
    """What would meet a requirement, if one argument with a plain value does."""
    if len(found.requirement.mend) != 1:
        return None
    ((argument, wanted),) = found.requirement.mend.items()
    if not _is_plain(wanted):
        return None
    layer = found.layer
    if layer is not None and argument in (names := constructor_arguments(type(layer))):
        given = getattr(layer, argument, None)
        if found.definition is None or not _is_plain(given):
            return None
        kind = type(layer).__name__
        position = names.index(argument)
        return Change(found.definition, kind, argument, position, given, wanted, made_through(found), found.path)
    return Change(found.place, "", argument, None, None, wanted) if found.place is not None else None


def change_of_layer(call: Call, layer: object, argument: str, wanted: Any) -> Change | None:
    """Another value for an argument that a layer was made with."""
    if call.definition is None:
        return None
    kind = type(layer)
    position = constructor_arguments(kind).index(argument)
    given = getattr(layer, argument)
    # A layer keeps the bias that it was asked for as a parameter.
    given = given is not None if argument == "bias" else given
    return Change(call.definition, kind.__name__, argument, position, given, wanted, path=call.path)


def constructor_arguments(layer: type) -> list[str]:
    """The names of the arguments that a layer is made with, in their order."""
    return list(inspect.signature(layer).parameters)


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return type(value) in (int, bool, str)


def made_at(place: Place | None, definition: Place | None, label: str = LAYER_MADE) -> tuple[RelatedPlace, ...]:
    """The line where a layer or block is made, unless it is the line that is shown anyway."""
    if definition is None or definition == place:
        return ()
    return (RelatedPlace(definition.file, definition.line, definition.column, label),)


def at_sizes(found: Finding) -> str:
    """The smallest sizes that fail, in brackets, where the values of the claim depend on sizes."""
    values = found.requirement.values
    if not found.smallest or not any(_has_symbols(v) for v in values):
        return ""
    return " (at " + ", ".join(f"{name}={size}" for name, size in found.smallest.items()) + ")"


def _has_symbols(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_has_symbols, value))
    return bool(getattr(value, "free_symbols", None))
