"""Where memory is laid out otherwise than in general: along an axis of one element no stride matters.

A permuted tensor with such axes may lie in order after all, so that a view does for what is a copy at other sizes.
"""

from __future__ import annotations

from collections.abc import Iterable

from convsym.graph.call import Call
from convsym.sizes.arithmetic import Size


def sizes_across_strides(calls: Iterable[Call]) -> frozenset[Size]:
    """The sizes of permuted tensors that are not known as numbers: where one of them is 1, layouts may differ."""
    tensors = (t for call in calls for t in (*call.inputs, *call.outputs) if t.strides is not None)
    return frozenset(size for t in tensors for size in t.shape if not isinstance(size, int))
