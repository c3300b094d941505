"""What every lint rule is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from convsym.diagnostics import Diagnostic, RelatedPlace, Severity
from convsym.graph.place import Place

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.trace.paths import Finding


class Rule:
    """One thing that is found, under one code.

    A rule that reports unmet requirements of operations names their kinds and is done. Another rule overrides `read`.
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

    def read(self, analysis: Analysis) -> Iterator[Diagnostic]:
        """The diagnostics of a finished analysis."""
        for found in analysis.findings:
            if found.requirement.kind in self.kinds:
                yield self.of_finding(found)

    def refuses(self, layer: str, arguments: Mapping[str, Any]) -> bool:
        """Whether a layer of torch refuses these constructor arguments because of what this rule finds."""
        return False

    def of_finding(self, found: Finding) -> Diagnostic:
        """A requirement that cannot be met, as a diagnostic."""
        where = f"{found.path}: " if found.path else ""
        return self.diagnostic(
            f"{where}{found.requirement.claim}{at_sizes(found)}",
            found.place or found.definition,
            (RelatedPlace(d.file, d.line, d.column, "the layer is made here"),)
            if (d := found.definition) is not None and found.definition != found.place
            else (),
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
    ) -> Diagnostic:
        """A diagnostic under this rule's code."""
        return Diagnostic(
            self.code, self.name, message, self.severity, place, related, witness, help or self.help, path
        )


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
