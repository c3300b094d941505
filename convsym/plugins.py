"""Plug-ins: packages that add operations, rules or report formats through the tables the built-in ones use.

A plug-in names one `Plugin(...)` in its pyproject.toml:

    [project.entry-points."convsym.plugins"]
    torchvision = "convsym_torchvision:PLUGIN"

The manifest holds tuples, or functions without arguments that return them, so that listing the plug-ins imports neither
torch nor what the plug-in is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convsym.ops.catalogue import OpRule

GROUP = "convsym.plugins"
Table = tuple[Any, ...] | Callable[[], tuple[Any, ...]]


@dataclass(frozen=True)
class Plugin:
    """What a plug-in brings: each table a tuple, or a function that returns one when it is needed.

    `ops` are `convsym.ops.catalogue.OpRule`s, `rules` are rule classes as in `convsym.rules`, `reports` are formats
    as in `convsym.reports`.
    """

    name: str
    ops: Table = ()
    rules: Table = ()
    reports: Table = ()

    def table(self, kind: str) -> tuple[Any, ...]:
        """One of the tables, loaded."""
        held = getattr(self, kind)
        return tuple(held() if callable(held) else held)


@dataclass(frozen=True)
class BrokenPlugin:
    """A plug-in that could not be loaded, and why, in one sentence."""

    name: str
    distribution: str
    reason: str


@cache
def loaded() -> tuple[tuple[Plugin, ...], tuple[BrokenPlugin, ...]]:
    """All installed plug-ins, and the broken ones."""
    good: list[Plugin] = []
    broken: list[BrokenPlugin] = []
    for entry in entry_points(group=GROUP):
        made = load(entry)
        if isinstance(made, Plugin):
            good.append(made)
        else:
            broken.append(made)
    return tuple(good), tuple(broken)


def load(entry: EntryPoint) -> Plugin | BrokenPlugin:
    """The plug-in of an entry point; whatever its code does, the outcome is a value."""
    distribution = entry.dist.name if entry.dist is not None else entry.value.partition(":")[0]
    try:
        made = entry.load()
    except Exception as error:
        return BrokenPlugin(entry.name, distribution, f"it fails to load: {type(error).__name__}: {error}")
    if not isinstance(made, Plugin):
        return BrokenPlugin(entry.name, distribution, f"{entry.value} is a {type(made).__name__}, not a Plugin")
    return made


def tables(kind: str) -> Iterator[tuple[Plugin, tuple[Any, ...]]]:
    """One table of every plug-in; a plug-in whose table fails to load is left out, and named by `broken`."""
    for plugin in loaded()[0]:
        try:
            table = plugin.table(kind)
        except Exception:
            continue
        yield plugin, table


def broken() -> tuple[BrokenPlugin, ...]:
    """Every plug-in that does not load, or of which a table does not."""
    found = list(loaded()[1])
    for plugin in loaded()[0]:
        for kind in ("ops", "rules", "reports"):
            try:
                plugin.table(kind)
            except Exception as error:
                reason = f"its {kind} fail to load: {type(error).__name__}: {error}"
                found.append(BrokenPlugin(plugin.name, plugin.name, reason))
    return tuple(found)


def plugin_ops() -> tuple[OpRule, ...]:
    """The operation rules of all plug-ins."""
    return tuple(rule for _, table in tables("ops") for rule in table)
