"""Run as a script by any interpreter: starts the server there, with what convsym needs lent to it.

An interpreter that has torch and the project's packages need not have convsym. It gets convsym and its dependencies by
name, behind its own packages, and nothing else: what the project lacks is not to be found where convsym is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from importlib.util import find_spec
from types import ModuleType

LENT = ("convsym", "sympy", "mpmath", "islpy", "networkx", "numpy", "pathspec", "click", "rich", "typing_extensions")


class Lender:
    """Finds the lent packages in the folders of the interpreter that lends them."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = folders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package, where it is one of those."""
        return PathFinder.find_spec(name, self.folders, target) if path is None and name in LENT else None

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        """What is known of a lent package, such as its version."""
        if context.name not in LENT:
            return ()
        return MetadataPathFinder.find_distributions(
            DistributionFinder.Context(name=context.name, path=list(self.folders))
        )


def start(control: int, failure: str, folders: Sequence[str]) -> None:
    """Serve on the file descriptor `control`; without torch, say so in the words of `failure`."""
    # The folder of this script holds modules of convsym, which are nobody's top-level modules.
    del sys.path[0]
    sys.meta_path.append(Lender(folders))
    if find_spec("torch") is None:
        sys.exit(failure)
    from convsym.check.workers.server import main

    main(control)


if __name__ == "__main__":
    start(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
