"""Whether a block is wrong, or only how it is used: in the second case the lines that use it are where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convsym.diagnostics import RelatedPlace
from convsym.graph.place import Place

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.trace.paths import Finding

_MOST_SHOWN = 3


def uses(found: Finding, analysis: Analysis) -> tuple[RelatedPlace, ...]:
    """The lines that made the block of a layer that fails, where the same line makes layers that do not fail."""
    if found.definition is None or not _is_used_rightly(found.definition, analysis):
        return ()
    return tuple(
        RelatedPlace(p.file, p.line, p.column, "its block is made here") for p in made_through(found)[:_MOST_SHOWN]
    )


def made_through(found: Finding) -> tuple[Place, ...]:
    """The lines that called the one which made the layer, innermost first."""
    from convsym.trace.building import definitions_of

    return definitions_of(found.layer)[1:] if found.layer is not None else ()


def _is_used_rightly(definition: Place, analysis: Analysis) -> bool:
    return any(
        call.definition == definition and index not in failing
        for way in analysis.ways
        for failing in [{f.call for f in way.findings}]
        for index, call in enumerate(way.calls)
    )
