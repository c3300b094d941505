"""CS010: broken-plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Diagnostic, Severity
from convsym.rules.rule import Rule

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis


class BrokenPlugin(Rule):
    """A plug-in that cannot be used.

    What it finds:

    An installed plug-in of convsym that fails to load, a part of it that clashes with another, or a rule of its that
    fails on this model.

    Why it matters:

    What the plug-in would check or support is missing from this run.
    """

    code = "CS010"
    name = "broken-plugin"
    severity = Severity.WARNING
    help = "update or remove the package"

    def read(self, analysis: Analysis) -> Iterator[Diagnostic]:
        for refusal in analysis.refusals:
            if refusal.error == "BrokenRule":
                yield self.diagnostic(refusal.message, refusal.place, path=refusal.path)
