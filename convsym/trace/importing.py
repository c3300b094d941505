"""Imports of the project's own files: each runs statement by statement, without what trains, shows or stores.

A model file imports `utils`, and `utils` imports cv2, reads the command line and loads a data set at its top level. As
in the file itself, a statement that fails there matters to those who use its names, and to nobody else.
"""

from __future__ import annotations

import ast
import importlib.machinery
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType

from convsym.trace.contents import contents
from convsym.trace.slicing import Slices
from convsym.trace.statements import run_all


@dataclass(frozen=True)
class Imports:
    """What the imports of a check depend on: the files of the project that were read, and the files, without `.py`, or
    folders that would have been, had they been there."""

    read: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


class _ProjectLoader(importlib.machinery.SourceFileLoader):
    """Runs a file of the project; what it read is what a check of the project depends on."""

    read: list[str]

    def exec_module(self, module: ModuleType) -> None:
        """Run the statements of the file that define something."""
        path = self.get_filename(module.__name__)
        self.read.append(path)
        run_all(Slices(ast.parse(contents(path), path)).defining(), vars(module), path)


class _ProjectFinder:
    """Finds what lies in the project's folders, with a loader that runs it as above."""

    def __init__(self, roots: Sequence[str], found: Imports) -> None:
        self.folders = tuple(roots)
        self.roots = tuple(root + os.sep for root in roots)
        self.found = found

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module as Python finds it, where it is a source file of the project."""
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        origin = (spec.origin or "") if spec is not None else ""
        if not os.path.abspath(origin).startswith(self.roots) or "site-packages" in origin:
            own = [p for p in (self.folders if path is None else path) if (p + os.sep).startswith(self.roots)]
            self.found.absent.extend(os.path.join(folder, name.rpartition(".")[2]) for folder in own)
            return None
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader:
            return None
        loader = _ProjectLoader(spec.loader.name, spec.loader.path)
        loader.read = self.found.read
        spec.loader = loader
        return spec


@contextmanager
def project_imports(roots: Sequence[str]) -> Iterator[Imports]:
    """Import what lies in these folders statement by statement, and say which files that depends on."""
    found = Imports()
    finder = _ProjectFinder(roots, found)
    sys.meta_path.insert(0, finder)
    try:
        yield found
    finally:
        sys.meta_path.remove(finder)
