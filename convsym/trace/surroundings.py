"""What a file finds around it while it runs: the search path, its package, the command line."""

from __future__ import annotations

import argparse
import importlib
import importlib.machinery
import os
import sys
import types
import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from convsym.trace.effects import Seen, no_effects
from convsym.trace.importing import Imports, project_imports
from convsym.trace.weights import no_weights_fetched

_ROOT_SIGNS = (".git", "pyproject.toml", "setup.py", "setup.cfg", ".hg")
_imported: set[str] = set()


def roots_of(path: str) -> list[str]:
    """The folders that a file may import from: its own, the one its package lies in, the repository's."""
    folder = os.path.dirname(os.path.abspath(path))
    found = [folder]
    above = folder
    while os.path.isfile(os.path.join(above, "__init__.py")):
        above = os.path.dirname(above)
    found.append(above)
    while os.path.dirname(above) != above:
        if any(os.path.exists(os.path.join(above, sign)) for sign in _ROOT_SIGNS):
            found.extend([above, os.path.join(above, "src")])
            break
        above = os.path.dirname(above)
    return [f for f in dict.fromkeys(found) if os.path.isdir(f)]


def package_of(path: str, level: int) -> tuple[str, list[tuple[str, str]]]:
    """The package that a file's relative imports start from, and its folders from the outermost in.

    A folder counts as a package when it has an `__init__.py`, and also when a relative import of the file climbs
    over it (`level` dots climb over `level` folders).
    """
    folder = os.path.dirname(os.path.abspath(path))
    parts: list[str] = []
    while os.path.isfile(os.path.join(folder, "__init__.py")) or len(parts) < level:
        parent, name = os.path.split(folder)
        if not name.isidentifier():
            break
        parts.insert(0, name)
        folder = parent
    folders = [(".".join(parts[: i + 1]), os.path.join(folder, *parts[: i + 1])) for i in range(len(parts))]
    return ".".join(parts), folders


@dataclass(frozen=True)
class Witnessed:
    """What code did inside `surroundings`, as far as it has run: what it imported of the project, what it read, and
    what it tried to do to the world."""

    imports: Imports
    seen: Seen


@contextmanager
def surroundings(path: str, allow_effects: bool = False) -> Iterator[Witnessed]:
    """Let code run as if its file had been started as a script, and put everything back afterwards.

    The code may read what it likes and change nothing, unless `allow_effects`; see `convsym.trace.effects`.
    """
    kept = sys.path[:], sys.argv[:], os.getcwd()
    default_dtype, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    modules = set(sys.modules)
    roots = roots_of(path)
    sys.path[:0] = [r for r in roots if r not in sys.path[: len(roots)]]
    sys.argv[:] = [path]
    _forget_others()
    watched: AbstractContextManager[Seen] = nullcontext(Seen()) if allow_effects else no_effects(roots)
    try:
        with (
            warnings.catch_warnings(),
            _lenient_arguments(),
            _one_device(),
            no_weights_fetched(),
            project_imports(roots) as imports,
            watched as seen,
        ):
            warnings.simplefilter("ignore")
            yield Witnessed(imports, seen)
    finally:
        _imported.update(name for name in set(sys.modules) - modules if _lies_in(name, roots))
        sys.path[:], sys.argv[:] = kept[0], kept[1]
        if os.getcwd() != kept[2]:
            os.chdir(kept[2])
        torch.set_default_dtype(default_dtype)
        torch.set_grad_enabled(gradients)


def may_be_shadowed(names: Iterable[str]) -> None:
    """Take note of modules that were imported ahead of time: a project may have others of these names."""
    _imported.update(names)


def import_package(folders: list[tuple[str, str]]) -> None:
    """Import the packages that a file lies in; one whose own code fails becomes an empty one at the same place."""
    for name, folder in folders:
        if name in sys.modules:
            continue
        # A file in a package may have the name of the package.
        sys.path.insert(0, os.path.dirname(folders[0][1]))
        try:
            importlib.import_module(name)
        except KeyboardInterrupt:
            raise
        except BaseException:
            package = types.ModuleType(name)
            package.__path__ = [folder]
            sys.modules[name] = package
            _imported.add(name)
        finally:
            del sys.path[0]


def forget_package(name: str) -> None:
    """Forget a package, all of it, so that it is imported anew."""
    top = name.partition(".")[0]
    for module in [m for m in sys.modules if m == top or m.startswith(top + ".")]:
        del sys.modules[module]
        _imported.discard(module)


def _lies_in(name: str, roots: list[str]) -> bool:
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return any(file.startswith(root + os.sep) for root in roots) and "site-packages" not in file


def _forget_others() -> None:
    """Forget project modules that the present search path finds elsewhere: two projects may each have a `utils`."""
    for name in sorted(_imported):
        module = sys.modules.get(name)
        if module is None or "." in name:
            continue
        found = importlib.machinery.PathFinder.find_spec(name)
        if found is None or found.origin != getattr(module, "__file__", None):
            for other in [n for n in _imported if n == name or n.startswith(name + ".")]:
                sys.modules.pop(other, None)
                _imported.discard(other)


@contextmanager
def _lenient_arguments() -> Iterator[None]:
    """Let argparse give its defaults, None where an argument is required: there is no command line to read."""
    original = argparse.ArgumentParser.parse_known_args

    def parse(self: argparse.ArgumentParser, args: Any = None, namespace: Any = None) -> Any:
        if args is None:
            for action in self._actions:
                action.required = False
                if not action.option_strings and action.nargs is None:
                    action.nargs = "?"
        return original(self, args, namespace)

    argparse.ArgumentParser.parse_known_args = parse  # type: ignore[method-assign]
    try:
        yield
    finally:
        argparse.ArgumentParser.parse_known_args = original  # type: ignore[method-assign]


@contextmanager
def _one_device() -> Iterator[None]:
    """Let the default device be what it is: there is no other one here."""
    original = torch.set_default_device
    torch.set_default_device = lambda device: None
    try:
        yield
    finally:
        torch.set_default_device = original
