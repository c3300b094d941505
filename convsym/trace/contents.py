"""What a file holds, or what is to be taken for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_instead: ContextVar[tuple[str, str] | None] = ContextVar("instead", default=None)


@contextmanager
def holding(path: str, text: str | None) -> Iterator[None]:
    """Take a file to hold this text, whatever is on the disk; None changes nothing.

    Only the file that is asked for is meant; what imports it finds it as it is on the disk.
    """
    token = _instead.set(None if text is None else (os.path.abspath(path), text))
    try:
        yield
    finally:
        _instead.reset(token)


def contents(path: str) -> bytes | str:
    """The bytes of a file, undecoded, or the text that it is taken to hold.

    Raises OSError when it cannot be read.
    """
    instead = _instead.get()
    if instead is not None and instead[0] == os.path.abspath(path):
        return instead[1]
    with open(path, "rb") as stream:
        return stream.read()
