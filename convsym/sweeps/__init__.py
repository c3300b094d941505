"""Quantities of models over ranges of sizes and constructor arguments.

`table` evaluates the formulas of one analysis, `targets` does so for models that are named, `plot` draws a table.
"""

from __future__ import annotations

from convsym.sweeps.table import QUANTITIES, Sweep, sweep
from convsym.sweeps.targets import Swept, sweep_targets

__all__ = ["QUANTITIES", "Sweep", "Swept", "sweep", "sweep_targets"]
