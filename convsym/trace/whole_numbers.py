"""Fractions where torch takes whole numbers only, such as `c / 2` in place of `c // 2`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from convsym.sizes import ratio
from convsym.sizes.ratio import Real, is_real


def fractions(value: Any) -> tuple[Real, ...]:
    """The numbers among arguments that are no integers, each once.

    >>> fractions(((2, 1.5), {"size": [4, 1.5]}))
    (1.5,)
    """
    return tuple(dict.fromkeys(_found(value)))


def _found(value: Any) -> Iterator[Real]:
    if is_real(value):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _found(part)
    elif isinstance(value, dict):
        yield from _found(tuple(value.values()))
    elif isinstance(value, slice):
        yield from _found((value.start, value.stop, value.step))


def rounded_down(value: Any) -> Any:
    """The same arguments with integers in the place of fractions.

    >>> rounded_down((2, [1.5, None]))
    (2, [1, None])
    """
    return ratio.floor(value) if is_real(value) else _with(rounded_down, value)


def _with(change: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(map(change, value))
    if isinstance(value, dict):
        return {name: change(part) for name, part in value.items()}
    if isinstance(value, slice):
        return slice(change(value.start), change(value.stop), change(value.step))
    return value
