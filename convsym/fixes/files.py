"""Files replaced in one step."""

from __future__ import annotations

import contextlib
import os
import tempfile


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file in one step: whoever reads it, or a stop at any moment, finds what was there or what is new.

    A link keeps pointing to the file that is replaced, and that keeps its permissions. Raises OSError when it cannot be
    written, and leaves everything as it was.
    """
    target = os.path.realpath(path)
    mode = _mode(target)
    handle, made = tempfile.mkstemp(prefix=".convsym-", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(made, mode)
        os.replace(made, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(made)
        raise


def _mode(target: str) -> int:
    try:
        return os.stat(target).st_mode & 0o7777
    except FileNotFoundError:
        # The only way to learn the mask is to set it.
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
