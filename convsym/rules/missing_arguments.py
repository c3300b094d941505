"""CS004: missing-arguments."""

from __future__ import annotations

from convsym.rules.rule import Rule


class MissingArguments(Rule):
    """A model that cannot be built without arguments.

    What it finds:

    A class or factory function that was named without arguments and has parameters without defaults.

    Why it matters:

    Nothing is checked although somebody asked for it.
    """

    code = "CS004"
    name = "missing-arguments"
    help = "give the arguments, as in Net(in_channels=3)"
