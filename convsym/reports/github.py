"""Diagnostics as workflow commands, which GitHub Actions shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convsym.diagnostics import Diagnostic, Severity, in_order
from convsym.graph.place import relative_path
from convsym.reports.format import Page

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}


def render(diagnostics: Sequence[Diagnostic], page: Page) -> str:
    """One command for each diagnostic; empty without any. The page plays no part."""
    return "".join(f"{command(found)}\n" for found in in_order(diagnostics))


def command(found: Diagnostic) -> str:
    """One diagnostic as a workflow command.

    >>> command(Diagnostic("CS101", "conv-input-channels", "64 channels, not 3", Severity.ERROR))
    '::error title=convsym CS101 (conv-input-channels)::64 channels, not 3'
    """
    properties: dict[str, str] = {"title": f"convsym {found.code} ({found.name})"}
    if found.place is not None:
        properties |= {"file": relative_path(found.place.file), "line": str(found.place.line)}
        if found.place.column:
            properties["col"] = str(found.place.column)
    text = "\n".join(filter(None, (found.message, found.sizes, found.help and f"help: {found.help}")))
    return f"::{LEVELS[found.severity]} {_listed(properties)}::{_escaped(text)}"


def _listed(properties: Mapping[str, str]) -> str:
    return ",".join(
        f"{name}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for name, value in properties.items()
    )


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
