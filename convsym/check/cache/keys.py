"""What goes into a report, as digests: the request and the file, convsym itself, what is installed, what was read."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import lru_cache
from pathlib import Path

import convsym
from convsym.check.request import Request


def key(request: Request, python: str) -> str | None:
    """A digest of everything that is known before a request is answered; None where the file cannot be read."""
    content = digest(os.path.abspath(request.path))
    if content is None:
        return None
    # Places in a report are written as the path was given, which means something else in another folder.
    parts = (repr(request), os.getcwd(), content, _own(), installed(python), sys.version, python)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@lru_cache(maxsize=4096)
def digest(path: str) -> str | None:
    """A digest of what a file holds, read once in a run; None where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return _digest(stream.read())
    except OSError:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=1)
def _own() -> str:
    """convsym as it is installed, or as it is being worked on."""
    folder = Path(convsym.__file__).parent
    states = sorted((str(p), s.st_size, s.st_mtime_ns) for p in folder.rglob("*.py") for s in [p.stat()])
    return _digest(repr((convsym.__version__, states)).encode())


@lru_cache(maxsize=4)
def installed(python: str) -> str:
    """The distributions that an interpreter finds, with their versions: torch, plug-ins, and what models import."""
    if os.path.abspath(python) == os.path.abspath(sys.executable):
        folders = [Path(p) for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    else:
        prefix = Path(os.path.abspath(python)).parent.parent
        folders = [*prefix.glob("lib/python3*/site-packages"), prefix / "Lib" / "site-packages"]
    names = [
        p.name for folder in folders if folder.is_dir() for p in folder.iterdir() if p.suffix in (".dist-info", ".pth")
    ]
    return _digest(repr(sorted(names)).encode())
