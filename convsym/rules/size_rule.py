"""What the rules about declared sizes share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from convsym.diagnostics import Diagnostic
from convsym.rules.rule import Rule, made_at

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.analysis.shortfalls import Shortfall


class SizeRule(Rule):
    """A rule about calls that some declared sizes make fail.

    Its claim, its lines and its kinds are those of the requirement that is not met, so a rule names its
    `counterparts`, the rules that report the same requirements where they fail at every size.
    """

    counterparts: ClassVar[tuple[type[Rule], ...]] = ()

    def read(self, analysis: Analysis) -> Iterator[Diagnostic]:
        """The diagnostics of a finished analysis."""
        return map(self.of_shortfall, filter(self.speaks_of, analysis.shortfalls))

    def speaks_of(self, found: Shortfall) -> bool:
        """Whether it is this rule that reports it."""
        return found.requirement is not None and any(found.requirement.kind in c.kinds for c in self.counterparts)

    def of_shortfall(self, found: Shortfall) -> Diagnostic:
        """Declared sizes that fail, as a diagnostic: both values there, where it holds, and what works instead."""
        if found.requirement is not None:
            claim = found.requirement.claim_at(found.witness)
        else:
            assert found.refusal is not None
            claim = f"forward raises {found.refusal.error}: {' '.join(found.refusal.message.split())}"
        where = f"{found.path}: " if found.path else ""
        return self.diagnostic(
            f"{where}{claim} (at {_sizes(found.witness)})",
            found.place or found.definition,
            made_at(found.place, found.definition),
            found.witness,
            self._way_out(found),
            found.path,
        )

    def _way_out(self, found: Shortfall) -> str:
        parts = [f"it holds where {found.holds}"]
        if found.nearest:
            parts.append(f"the nearest sizes that work: {' or '.join(map(_sizes, found.nearest))}")
        return "; ".join([*parts, self.help])


def _sizes(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name}={size}" for name, size in sizes.items())
