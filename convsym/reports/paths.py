"""File names as a reader of the output wants them."""

from __future__ import annotations

from os.path import relpath


def shown_path(file: str) -> str:
    """The path from the working directory where that is shorter, else as it is.

    >>> import os
    >>> shown_path(os.path.join(os.getcwd(), "models.py"))
    'models.py'
    """
    try:
        relative = relpath(file)
    except ValueError:
        # On Windows there is no way from one drive to another.
        return file
    return relative if len(relative) < len(file) else file
