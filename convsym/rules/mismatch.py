"""What the rules about tensors of unlike sizes share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Change
from convsym.rules.rule import Rule, change_of_layer

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.trace.paths import Finding


class MismatchRule(Rule):
    """A rule about tensors that have to have the same size: a convolution may be what is to change."""

    def changes(self, found: Finding, analysis: Analysis) -> Iterator[Change]:
        from convsym.analysis.resized import resizing_arguments

        layers = dict(analysis.model.named_modules())
        for call, argument, value in resizing_arguments(analysis, found):
            layer = layers.get(call.path)
            change = change_of_layer(call, layer, argument, value) if layer is not None else None
            if change is not None:
                yield change
