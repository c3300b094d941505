"""What is known of a tensor that depends on the input.

It has a `Field` for each axis that is a grid over the input and None for the others (batch, channels); or it is
`Lost.WHOLE`, where every element may depend on every pixel, or `Lost.UNKNOWN`, where that cannot be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeAlias

from convsym.analysis.receptive.field import Field
from convsym.graph.tensor import Tensor


class Lost(Enum):
    """What is known of a tensor whose axes are no grids over the input."""

    WHOLE = "every element may depend on the whole input"
    UNKNOWN = "what an element depends on is not known"


Axes: TypeAlias = tuple[Field | None, ...]
Seen: TypeAlias = Axes | Lost

#: The inputs of a call, each with what is known of it: None where it does not depend on the input.
Given: TypeAlias = Sequence[tuple[Tensor, Seen | None]]


def first(given: Given) -> Seen:
    """What is known of the first input."""
    seen = given[0][1] if given else None
    return Lost.UNKNOWN if seen is None else seen
