"""The Python that loads a project's code: the one that was asked for, the project's own, or this one."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from convsym.check.workers.bootstrap import LENT

#: What an interpreter without torch says.
NO_TORCH = "no torch"


class NoInterpreter(Exception):
    """The Python that is to load the code cannot; the message is one sentence."""


def interpreter(asked: str | None, folder: str | os.PathLike[str]) -> str:
    """The Python to be used: `asked`, a file or a virtual environment, else the nearest `.venv` at or above the folder.

    Raises NoInterpreter when what was asked for is no Python.
    """
    if asked is not None:
        path = Path(asked)
        found = next((p for p in (path, *_pythons(path)) if p.is_file() and os.access(p, os.X_OK)), None)
        if found is None:
            raise NoInterpreter(f"{asked} is no Python interpreter and no virtual environment")
        return str(found)
    here = Path(folder).absolute()
    for above in (here, *here.parents):
        own = above / ".venv"
        found = next((p for p in _pythons(own) if p.is_file() and os.access(p, os.X_OK)), None)
        if found is not None:
            return sys.executable if own.resolve() == Path(sys.prefix).resolve() else str(found)
    return sys.executable


def _pythons(environment: Path) -> tuple[Path, ...]:
    return environment / "bin" / "python", environment / "Scripts" / "python.exe"


def lent_paths() -> list[str]:
    """The folders that convsym and what it needs lie in."""
    found: dict[str, None] = {}
    for name in LENT:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            found[os.path.dirname(os.path.dirname(os.path.abspath(spec.origin)))] = None
    return list(found)


def explained(python: str, failure: str) -> str:
    """Why the server did not start in an interpreter, as one sentence that says what to do."""
    if failure == NO_TORCH:
        return (
            f"{python} has no torch, so it cannot load the models; install it there or name another one with --python"
        )
    if "No module named 'islpy" in failure or "islpy" in failure:
        return (
            f"{python} is another Python than the {sys.version_info[0]}.{sys.version_info[1]} that convsym is installed"
            " for; install convsym there as well"
        )
    return f"{python} cannot load the models: {failure}"
