"""`check_file`: one file in, its diagnostics out, in this process."""

from __future__ import annotations

import os
from collections.abc import Sequence

from convsym.check.examine import examine
from convsym.check.request import Request
from convsym.check.settle import settled
from convsym.diagnostics import Diagnostic
from convsym.rules.wanted import NOTHING_MORE, Wanted


def check_file(
    path: str | os.PathLike[str],
    entry: str | None = None,
    inputs: Sequence[str] | None = None,
    *,
    wanted: Wanted = NOTHING_MORE,
) -> list[Diagnostic]:
    """Check the models of a Python file.

    `entry` is an expression in the names of the file, as `build_file` takes it. Without one, every module class that
    can be built without arguments and is no part of another one is checked, and every module that the file makes at
    its top level. `inputs` are the specs of the model's inputs; without them they are inferred.
    `wanted` is what is asked of the models beyond that they run: advice, budgets.

    Whatever is wrong with the file is a diagnostic, never an exception.
    """
    return settled([examine(Request(os.fspath(path), entry, tuple(inputs or ()), wanted=wanted))]).diagnostics
