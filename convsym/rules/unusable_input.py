"""CS008: unusable-input."""

from __future__ import annotations

from convsym.rules.rule import Rule


class UnusableInput(Rule):
    """An input spec that cannot be used.

    What it finds:

    An input that is no spec (a spec is the sizes of one tensor, as in N 3 H W or N L:int64).

    Why it matters:

    Nothing is checked although somebody asked for it.
    """

    code = "CS008"
    name = "unusable-input"
    help = "write the sizes of each input, as in N 3 H W"
