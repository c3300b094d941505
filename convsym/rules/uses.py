"""Whether a block is wrong, or only how it is used: in the second case the lines that use it are where to look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from convsym.diagnostics import RelatedPlace
from convsym.graph.place import Place

if TYPE_CHECKING:
    from torch import nn

    from convsym.analysis.result import Analysis
    from convsym.trace.paths import Finding

#: What happens on a related line.
BLOCK_MADE = "its block is made here"
_MOST_SHOWN = 3


def uses(found: Finding, analysis: Analysis) -> tuple[RelatedPlace, ...]:
    """The lines that made the block of a layer that fails, where the same line makes layers that do not fail: outwards,
    up to the line of which all layers fail."""
    if found.layer is None or found.definition is None:
        return ()
    own = _chain(found.layer)
    right = list(_made_rightly(found.definition, analysis))
    shown = list(takewhile(lambda depth: any(other[:depth] == own[:depth] for other in right), range(1, len(own))))
    return tuple(RelatedPlace(own[d].file, own[d].line, own[d].column, BLOCK_MADE) for d in shown[:_MOST_SHOWN])


def made_through(found: Finding) -> tuple[Place, ...]:
    """The lines that called the one which made the layer, innermost first."""
    return _chain(found.layer)[1:] if found.layer is not None else ()


def _chain(layer: nn.Module) -> tuple[Place, ...]:
    from convsym.trace.building import definitions_of

    return definitions_of(layer)


def _made_rightly(definition: Place, analysis: Analysis) -> Iterator[tuple[Place, ...]]:
    """Where the layers of a line that do not fail were made, from the innermost line on."""
    layers = dict(analysis.model.named_modules())
    for way in analysis.ways:
        failing = {f.call for f in way.findings}
        for index, call in enumerate(way.calls):
            if call.definition == definition and index not in failing and call.path in layers:
                yield _chain(layers[call.path])
