"""Installed packages that the files of a project import: imported once for all of them, ahead of time."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import sys
import sysconfig
import warnings
from collections.abc import Collection, Iterable
from contextlib import suppress

from convsym.trace.effects import no_effects
from convsym.trace.surroundings import may_be_shadowed
from convsym.trace.weights import no_weights_fetched

_STANDARD = sysconfig.get_path("stdlib") + os.sep


def installed_since(before: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The modules that have been imported since, and are of installed packages or of Python: names and files, in order.

    None where threads run besides this one, for they may be of such a module and would not live through a fork.
    """
    if _threads() > 1:
        return ()
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) if name not in before else None
        if isinstance(file, str) and ("site-packages" in file or file.startswith(_STANDARD)):
            found.append((name, file))
    return tuple(found)


def import_installed(modules: Iterable[tuple[str, str]]) -> None:
    """Import modules that are found at the files they were found at before; one that fails is left out."""
    names = []
    with warnings.catch_warnings(), no_effects(), no_weights_fetched():
        warnings.simplefilter("ignore")
        for name, file in modules:
            with suppress(Exception, SystemExit):
                spec = importlib.util.find_spec(name)
                if spec is not None and spec.origin == file:
                    importlib.import_module(name)
                    names.append(name)
    may_be_shadowed(names)
    # What the forks share is not to be looked through by each of them.
    gc.collect()
    gc.freeze()


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1
