"""What a domain answers: YES, NO, or that it cannot say."""

from __future__ import annotations

from enum import Enum


class Truth(Enum):
    """YES: it holds for every member. NO: for none. UNKNOWN: for some, or nobody could tell.

    >>> Truth.YES is Truth.YES
    True
    >>> bool(Truth.UNKNOWN)
    Traceback (most recent call last):
    ...
    TypeError: UNKNOWN is neither true nor false: compare with `is Truth.YES` or `is Truth.NO`
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError(f"{self.name} is neither true nor false: compare with `is Truth.YES` or `is Truth.NO`")

    def __invert__(self) -> Truth:
        """The answer to the negated question."""
        return {Truth.YES: Truth.NO, Truth.NO: Truth.YES}.get(self, Truth.UNKNOWN)
