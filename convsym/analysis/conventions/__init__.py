"""How other tools count the same calls, so that a user sees why two numbers differ; one file per tool.

Each table says what its tool counts for a call, as it was read in that version's behaviour; the numbers are held
against the tools themselves by `tests.benchmarks.against_counters`.
"""

from __future__ import annotations

from convsym.analysis.conventions.convention import Comparison, Convention, Counted, Line, compare
from convsym.analysis.conventions.fvcore import FVCORE
from convsym.analysis.conventions.ptflops import PTFLOPS
from convsym.analysis.conventions.thop import THOP

CONVENTIONS = (FVCORE, PTFLOPS, THOP)

__all__ = ["CONVENTIONS", "Comparison", "Convention", "Counted", "Line", "compare"]
