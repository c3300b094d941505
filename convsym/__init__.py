"""Symbolic shapes, costs and shape errors of PyTorch models, for all input sizes at once.

>>> import convsym, torch
>>> a = convsym.analyze(torch.nn.Conv2d(3, 16, 3, stride=2, padding=1), "N 3 H W")
>>> a.outputs.shape
(N, 16, (H + 1)//2, (W + 1)//2)

Every public name is loaded when it is first used, so that `import convsym` imports neither torch nor sympy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis as Analysis
    from convsym.api import analyze as analyze
    from convsym.check.file import check_file as check_file
    from convsym.check.run import check_paths as check_paths
    from convsym.diagnostics import Diagnostic as Diagnostic
    from convsym.diagnostics import Severity as Severity
    from convsym.layers import check_formula as check_formula
    from convsym.layers import layer as layer
    from convsym.layers import layers_for as layers_for
    from convsym.layers import undo as undo
    from convsym.plugins import Plugin as Plugin
    from convsym.sizes.domain import Domain as Domain
    from convsym.sweeps import sweep as sweep
    from convsym.sweeps import sweep_targets as sweep_targets
    from convsym.trace.building import without_weights as without_weights
    from convsym.trace.errors import BadInput as BadInput
    from convsym.trace.loading import build_file as build_file

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "convsym.analysis.result",
    "BadInput": "convsym.trace.errors",
    "Diagnostic": "convsym.diagnostics",
    "Domain": "convsym.sizes.domain",
    "Plugin": "convsym.plugins",
    "Severity": "convsym.diagnostics",
    "analyze": "convsym.api",
    "build_file": "convsym.trace.loading",
    "check_file": "convsym.check.file",
    "check_paths": "convsym.check.run",
    "check_formula": "convsym.layers",
    "layer": "convsym.layers",
    "layers_for": "convsym.layers",
    "sweep": "convsym.sweeps",
    "sweep_targets": "convsym.sweeps",
    "undo": "convsym.layers",
    "without_weights": "convsym.trace.building",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'convsym' has no attribute {name!r}")
    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
