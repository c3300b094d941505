"""What a worker says through its pipe, read as far as it has come.

Whatever runs in the worker has the pipe too and may write to it, so reading neither waits for the rest of a message nor
takes what is none.
"""

from __future__ import annotations

import os
import pickle
import struct
from contextlib import suppress
from typing import Any

# As multiprocessing.connection.Connection writes its messages.
_LENGTH = struct.Struct("!i")
#: No report is longer.
_LONGEST = 1 << 28
_AT_ONCE = 1 << 20


class Answers:
    """The reading end of a pipe that a multiprocessing Connection writes messages to."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._read = b""
        self.closed = False

    def fileno(self) -> int:
        """The file descriptor."""
        return self._descriptor

    def close(self) -> None:
        """Close the pipe, once."""
        if not self.closed:
            self.closed = True
            os.close(self._descriptor)

    def take(self) -> list[Any]:
        """The messages that have come whole. At the end of the pipe, and at what is no message, it closes itself."""
        try:
            part = os.read(self._descriptor, _AT_ONCE)
        except BlockingIOError:
            return []
        except OSError:
            part = b""
        self._read += part
        messages = []
        while len(self._read) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._read)
            if not 0 <= length <= _LONGEST:
                part = b""
                break
            end = _LENGTH.size + length
            if len(self._read) < end:
                break
            with suppress(Exception):
                messages.append(pickle.loads(self._read[_LENGTH.size : end]))
            self._read = self._read[end:]
        if not part:
            self.close()
        return messages
