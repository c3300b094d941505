"""CS009: unknown-input."""

from __future__ import annotations

from convsym.diagnostics import Severity
from convsym.rules.rule import Rule


class UnknownInput(Rule):
    """A model whose input shape cannot be inferred.

    What it finds:

    A model that was to be checked without an input spec, and whose first layers do not tell the rank and the channels
    of its input.

    Why it matters:

    The model was not checked.
    """

    code = "CS009"
    name = "unknown-input"
    severity = Severity.WARNING
    help = "give the input, as in --input 'N 3 H W'"
