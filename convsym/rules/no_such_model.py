"""CS003: no-such-model."""

from __future__ import annotations

from convsym.rules.rule import Rule


class NoSuchModel(Rule):
    """What was asked for is not there, or is no model.

    What it finds:

    A file or name that does not exist, an expression that is no Python, and an expression whose value is no
    nn.Module.

    Why it matters:

    Nothing is checked although somebody asked for it.
    """

    code = "CS003"
    name = "no-such-model"
    help = "name a class, an instance or a function that makes a model"
