"""What the rules about numbers of channels share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convsym.diagnostics import Change
from convsym.rules.rule import Rule, change_of_layer

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis
    from convsym.graph.call import Call
    from convsym.trace.paths import Finding

#: Requirements whose first two numbers are how many channels are expected, and how many are given.
_OF_CHANNELS = frozenset({"conv-channels", "conv-transpose-channels", "linear-features", "norm-features"})
_ARGUMENTS = ("out_channels", "out_features")


class ChannelRule(Rule):
    """A rule about a layer that is given another number of channels than it takes: it may be the one that is to change,
    or the layer that made what it is given."""

    def changes(self, found: Finding, analysis: Analysis) -> Iterator[Change]:
        yield from super().changes(found, analysis)
        of_maker = _change_of_maker(found, analysis)
        if of_maker is not None:
            yield of_maker


def _change_of_maker(found: Finding, analysis: Analysis) -> Change | None:
    """The number of channels with which the layer before would make what a layer expects; None where there is no other
    layer that made it alone, or no such number."""
    numbers = [v for v in found.requirement.values if isinstance(v, int)]
    if found.requirement.kind not in _OF_CHANNELS or len(numbers) < 2 or not numbers[1]:
        return None
    expected, given = numbers[:2]
    maker = _maker(found, analysis)
    layer = dict(analysis.model.named_modules()).get(maker.path) if maker is not None else None
    if maker is None or type(layer).__name__ != maker.module or maker.path == found.path:
        return None
    for argument in _ARGUMENTS:
        made = getattr(layer, argument, None)
        # What is flattened or shuffled in between gives a multiple of what was made.
        if isinstance(made, int) and made * expected % given == 0:
            return change_of_layer(maker, layer, argument, made * expected // given)
    return None


def _maker(found: Finding, analysis: Analysis) -> Call | None:
    from convsym.graph.sources import sources

    way = analysis.way_of(found)
    if way is None:
        return None
    made_by = sources(way.calls)[found.call]
    (one,) = made_by if len(made_by) == 1 else (None,)
    return None if one is None or isinstance(one, int) else one
