"""CS001: syntax-error."""

from __future__ import annotations

from convsym.rules.rule import Rule


class SyntaxError(Rule):
    """A file that is no Python.

    What it finds:

    A file that Python's own parser refuses. Nothing else of it is checked.

    Why it matters:

    No import of the file can succeed.
    """

    code = "CS001"
    name = "syntax-error"
    help = "mend the syntax of this line"
