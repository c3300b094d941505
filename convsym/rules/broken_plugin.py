"""CS010: broken-plugin."""

from __future__ import annotations

from convsym.diagnostics import Severity
from convsym.rules.rule import Rule


class BrokenPlugin(Rule):
    """A plug-in that cannot be used.

    What it finds:

    An installed plug-in of convsym that fails to load, or a part of it that clashes with another.

    Why it matters:

    What the plug-in would check or support is missing from this run.
    """

    code = "CS010"
    name = "broken-plugin"
    severity = Severity.WARNING
    help = "update or remove the package"
