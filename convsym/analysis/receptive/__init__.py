"""How much of the input an output pixel sees, and whether what a skip adds stands over the same pixels.

`field` has the arithmetic of windows along one axis, `rules` says what each operation does to the axes of a tensor,
`follow` goes through the calls of a model.
"""

from __future__ import annotations

from convsym.analysis.receptive.field import Field, Fields
from convsym.analysis.receptive.follow import Misaligned, misaligned, receptive_fields
from convsym.analysis.receptive.padding import padding_share

__all__ = ["Field", "Fields", "Misaligned", "misaligned", "padding_share", "receptive_fields"]
