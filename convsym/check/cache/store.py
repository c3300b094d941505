"""Where reports are kept: one file each, written whole or not at all.

Two runs at once, a kill at any moment, a damaged file or a folder that cannot be written cost at most the time that
the cache would have saved.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from convsym.check.cache.keys import digest, key
from convsym.check.cache.records import read, written
from convsym.check.configuration.keys import Configuration
from convsym.check.request import Request
from convsym.check.results import FileReport

#: After so many seconds without use a report is deleted.
KEPT = 30 * 24 * 3600
# A check that was stopped may go further next time.
_NOT_KEPT = frozenset({"CS011"})


def folder_for(configuration: Configuration) -> Path:
    """The folder that a configuration names, else CONVSYM_CACHE_DIR, else `convsym` in XDG_CACHE_HOME or ~/.cache."""
    if configuration.cache_dir is not None:
        return configuration.root / configuration.cache_dir
    own = os.environ.get("CONVSYM_CACHE_DIR")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "convsym"


class Cache:
    """The reports in a folder that were made with an interpreter."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.python = python

    def find(self, request: Request) -> FileReport | None:
        """The report of a request, if nothing that went into it has changed."""
        file = self._file(request)
        if file is None:
            return None
        try:
            first, second, report = file.read_text(encoding="utf-8").splitlines()
            if first != _sum(second + report):
                return None
            dependencies = json.loads(second)
            if not _are_as_they_were(dependencies):
                return None
            found = read(report)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        if time.time() - file.stat().st_mtime > KEPT / 30:
            with suppress(OSError):
                os.utime(file)
        return found

    def keep(self, request: Request, report: FileReport) -> None:
        """Keep a report, unless it may come out differently next time."""
        if request.allow_effects or any(d.code in _NOT_KEPT for d in report.diagnostics):
            return
        file = self._file(request)
        if file is None:
            return
        dependencies = {
            "read": {path: digest(os.path.abspath(path)) for path in report.read},
            "absent": list(report.absent),
        }
        second, line = json.dumps(dependencies), written(report)
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, f"{_sum(second + line)}\n{second}\n{line}\n")
            _tidy(file.parent)

    def _file(self, request: Request) -> Path | None:
        name = key(request, self.python)
        return self.folder / name[:2] / f"{name}.json" if name is not None else None


def _are_as_they_were(dependencies: dict[str, object]) -> bool:
    known, absent = dependencies["read"], dependencies["absent"]
    if not isinstance(known, dict) or not isinstance(absent, list):
        return False
    unchanged = all(digest(os.path.abspath(path)) == before for path, before in known.items())
    return unchanged and not any(os.path.exists(path) or os.path.exists(f"{path}.py") for path in absent)


def _write(file: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix="unfinished-")
    try:
        with open(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _tidy(folder: Path) -> None:
    """Delete what nobody has used for long, and what a killed run has left unfinished."""
    now = time.time()
    for entry in os.scandir(folder):
        age = now - entry.stat().st_mtime
        if age > KEPT or (entry.name.startswith("unfinished-") and age > 3600):
            with suppress(OSError):
                os.unlink(entry.path)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
