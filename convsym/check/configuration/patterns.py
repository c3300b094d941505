"""Which files a pattern means: patterns as in .gitignore, relative to the folder of the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pathspec


def matches(path: str | os.PathLike[str], patterns: Iterable[str], root: Path) -> bool:
    """Whether a file, or a folder it lies in, is meant by any of the patterns.

    >>> matches("nets/old/unet.py", ["old/"], Path())
    True
    """
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    return not relative.startswith("../") and _compiled(tuple(patterns)).match_file(relative)


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines(patterns)
