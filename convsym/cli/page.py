"""How wide the terminal is, and whether it shows colour."""

from __future__ import annotations

import os
import shutil
import sys

from convsym.reports import Page

#: What a report is laid out for when it goes into a file or a pipe.
WIDTH = 120


def page() -> Page:
    """The page that standard output is: COLUMNS, NO_COLOR and FORCE_COLOR are followed."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((WIDTH, 24)).columns if terminal or "COLUMNS" in os.environ else WIDTH
    colour = not os.environ.get("NO_COLOR") and (terminal or bool(os.environ.get("FORCE_COLOR")))
    return Page(max(width, 40), colour)
