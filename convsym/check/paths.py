"""What a run was asked for: files, folders, or one model of a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from convsym.check.configuration.keys import UNCONFIGURED, Configuration
from convsym.check.configuration.patterns import matches

_ENTRY = re.compile(r"(?P<file>.+?\.py):(?P<entry>.+)", re.DOTALL)


class NothingThere(ValueError):
    """What was given names no Python file; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file, and the model of it that was asked for, or None for all of them."""

    path: str
    entry: str | None = None


def targets(given: str, configuration: Configuration = UNCONFIGURED) -> Iterator[Target]:
    """The files that a path stands for, in order: itself, those of a folder, or one model of a file.

    Of a folder, those that the configuration includes, or all, without those that it excludes.

    Raises NothingThere when there is no such file, or no Python in the folder.

    >>> next(targets("examples/unet.py:UNet(3)"))
    Target(path='examples/unet.py', entry='UNet(3)')
    """
    match = _ENTRY.fullmatch(given)
    file, entry = (match["file"], match["entry"]) if match is not None else (given, None)
    path = Path(file)
    if path.is_dir():
        found = [one for one in sorted(_python_files(path)) if _is_meant(one, configuration)]
        if not found:
            raise NothingThere(f"there is no Python file in {file}")
        yield from (Target(str(one)) for one in found)
    elif path.is_file():
        yield Target(str(path), entry)
    else:
        raise NothingThere(f"there is no file {file}")


def _is_meant(file: Path, configuration: Configuration) -> bool:
    included = not configuration.include or matches(file, configuration.include, configuration.root)
    return included and not matches(file, configuration.exclude, configuration.root)


def _python_files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        here = Path(root)
        # What is hidden, cached or installed is not the user's own code.
        folders[:] = [f for f in folders if not f.startswith((".", "__")) and not (here / f / "pyvenv.cfg").exists()]
        # A pipe would be waited for, and a link may lead nowhere.
        yield from (here / file for file in files if file.endswith(".py") and (here / file).is_file())
