"""CS011: stopped-check."""

from __future__ import annotations

from convsym.diagnostics import Severity
from convsym.rules.rule import Rule


class StoppedCheck(Rule):
    """A file whose check was stopped before its end.

    What it finds:

    A file whose code takes more time or memory than it is allowed while it is loaded and its models are traced, or ends
    the process that it is checked in. Its models that were done by then are reported.

    Why it matters:

    The rest of the file was not checked. Other files are checked as if it were not there.
    """

    code = "CS011"
    name = "stopped-check"
    severity = Severity.WARNING
    help = "move what is not needed for the models out of the way of their import, or give it more time"
