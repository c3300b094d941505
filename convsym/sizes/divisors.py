"""Ways to share a number out over factors."""

from __future__ import annotations

import math
from collections.abc import Iterator

import sympy

#: A union with more parts than this is not built.
MOST_PARTS = 500


class TooMany(Exception):
    """There are more ways than anybody would want to look at."""


def divisors(number: int) -> Iterator[int]:
    """All divisors of a positive number, ascending."""
    small = [d for d in range(1, math.isqrt(number) + 1) if number % d == 0] if number < 10**12 else []
    if not small:
        raise TooMany
    yield from small
    yield from (number // d for d in reversed(small) if d * d != number)


def ceiling_steps(value: int) -> Iterator[int]:
    """The least i for every value of ``ceil(value / i)``."""
    if value > MOST_PARTS**2 // 4:
        raise TooMany
    i = 1
    while i < value:
        yield i
        # The next i that needs less of the other factor.
        i = (value - 1) // (-(-value // i) - 1) + 1 if -(-value // i) > 1 else value
        if -(-value // i) == 1:
            break
    yield value


def floor_steps(value: int) -> Iterator[int]:
    """The greatest i for every positive value of ``value // i``."""
    if value > MOST_PARTS**2 // 4:
        raise TooMany
    i = 1
    while i <= value:
        i = value // (value // i)
        yield i
        i += 1


def prime_powers(number: int) -> Iterator[tuple[int, int]]:
    """The primes of a number with their exponents."""
    return iter(sympy.factorint(number).items())


def compositions(total: int, places: int) -> Iterator[tuple[int, ...]]:
    """All ways to write the total as that many summands, zeros included."""
    if places == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, places - 1):
            yield (first, *rest)
