"""What the rules say of themselves, found without torch."""

from __future__ import annotations

import inspect
from typing import Any

from convsym.plugins import tables


def known_rules() -> list[type[Any]]:
    """The built-in rules and those of plug-ins, by code."""
    rules: list[type[Any]] = [rule for _, table in tables("rules") for rule in table]
    return sorted(rules, key=lambda rule: (not rule.code.startswith("CS"), rule.code))


def documentation(rule: type[Any]) -> str:
    """A rule's docstring, without its indentation."""
    return inspect.cleandoc(rule.__doc__ or "")


def title(rule: type[Any]) -> str:
    """The first paragraph of a rule's docstring, in one line."""
    return " ".join(documentation(rule).partition("\n\n")[0].split())
