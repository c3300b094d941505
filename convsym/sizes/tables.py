"""Tables of whole numbers."""

from __future__ import annotations

import numpy
import numpy.typing

Table = numpy.typing.NDArray[numpy.int64]

#: Floating-point numbers are exact up to this one.
_EXACT = 1 << 53


def matrix_product(a: Table, b: Table) -> Table:
    """The product of two matrices.

    It is computed in floating-point numbers, which is many times faster, where these are exact.

    >>> matrix_product(numpy.array([[1, 2]]), numpy.array([[3], [4]]))
    array([[11]])
    """
    most = abs(a).sum(axis=1).max(initial=0) * abs(b).max(initial=0)
    return (a.astype(float) @ b.astype(float)).astype(numpy.int64) if most < _EXACT else a @ b
