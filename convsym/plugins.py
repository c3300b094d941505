"""Plug-ins: packages that add operations, rules, report formats or devices through the tables the built-in ones use.

A plug-in names one `Plugin(...)` in its pyproject.toml:

    [project.entry-points."convsym.plugins"]
    torchvision = "convsym_torchvision:PLUGIN"

The built-in tables are a manifest of the same form, `BUILTIN`, and the first that is read. Whatever is wrong with a
plug-in, the rest of convsym goes on without that part of it, and `broken` says which part and why.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

GROUP = "convsym.plugins"
Table = tuple[Any, ...] | Callable[[], tuple[Any, ...]] | str

# The tables, and what an entry of each is used by. Its class is not asked for, because that would import torch.
ENTRIES = {
    "ops": ("name", "infer", "functions", "modules"),
    "rules": ("code", "name", "kinds", "severity", "read", "refuses", "__doc__"),
    "reports": ("name", "shows", "title", "render"),
    "devices": ("name", "flops", "bandwidth", "source"),
}


@dataclass(frozen=True)
class Plugin:
    """What a plug-in brings: each table a tuple, the place of one as "module:name", or a function that returns one.

    Places and functions are read when the table is needed, so that listing the plug-ins imports neither torch nor what
    the plug-in is for. `ops` are `OpRule`s, `rules` are lint rules, `reports` are `Format`s, `devices`
    are `Device`s; `convsym.extend` has all of them, and what they are written with.

    `package` names the package whose operations `ops` speak of: they are read once a model has imported it, so that a
    plug-in costs nothing where its package plays no part.

    >>> Plugin("torchvision", ops="convsym_torchvision.ops:RULES", package="torchvision").name
    'torchvision'
    """

    name: str
    ops: Table = ()
    rules: Table = ()
    reports: Table = ()
    devices: Table = ()
    package: str = ""

    def table(self, kind: str) -> tuple[Any, ...]:
        """One of the tables, loaded; raises whatever loading it raises."""
        held = getattr(self, kind)
        if isinstance(held, str):
            held = pkgutil.resolve_name(held)
        return tuple(held() if callable(held) else held)


BUILTIN = Plugin(
    "convsym",
    ops="convsym.ops:RULES",
    rules="convsym.rules:RULES",
    reports="convsym.reports:FORMATS",
    devices="convsym.analysis.roofline.devices:DEVICES",
)


@dataclass(frozen=True)
class BrokenPlugin:
    """What cannot be used of a plug-in, and why, as the end of a sentence: "it fails to load: ImportError: ..."."""

    name: str
    distribution: str
    reason: str

    @property
    def message(self) -> str:
        """The whole sentence.

        >>> BrokenPlugin("torchvision", "convsym-torchvision", "it is a dict, not a Plugin").message
        "plug-in 'torchvision' of convsym-torchvision: it is a dict, not a Plugin"
        """
        return f"plug-in {self.name!r} of {self.distribution}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Loaded:
    """A plug-in and the distribution that brought it."""

    plugin: Plugin
    distribution: str


@dataclass(frozen=True, eq=False)
class Filled:
    """The usable entries of one table, plug-in by plug-in, and what had to be left out."""

    entries: tuple[tuple[Plugin, tuple[Any, ...]], ...]
    broken: tuple[BrokenPlugin, ...]


class Installation:
    """The built-in manifest and some plug-ins, and the tables that they fill together, each loaded on first use."""

    def __init__(self, entries: Sequence[EntryPoint], extra: Sequence[Plugin] = ()) -> None:
        self._entries = tuple(entries)
        self._extra = tuple(extra)
        self._tables: dict[tuple[str, tuple[Loaded, ...]], Filled] = {}

    def and_also(self, *plugins: Plugin) -> Installation:
        """The same with further plug-ins."""
        return Installation(self._entries, (*self._extra, *plugins))

    @cached_property
    def found(self) -> tuple[tuple[Loaded, ...], tuple[BrokenPlugin, ...]]:
        """The manifests, the built-in one first, and what is no manifest."""
        good = {BUILTIN.name: Loaded(BUILTIN, BUILTIN.name)}
        broken: list[BrokenPlugin] = []
        candidates = [load(entry) for entry in self._entries]
        candidates += [Loaded(plugin, plugin.name) for plugin in self._extra]
        for made in candidates:
            if isinstance(made, BrokenPlugin):
                broken.append(made)
            elif made.plugin.name in good:
                first = good[made.plugin.name].distribution
                broken.append(BrokenPlugin(made.plugin.name, made.distribution, f"{first} has a plug-in of that name"))
            else:
                good[made.plugin.name] = made
        return tuple(good.values()), tuple(broken)

    def ready(self, kind: str = "ops") -> tuple[Loaded, ...]:
        """The manifests whose table of a kind is wanted now."""
        manifests = self.found[0]
        if kind != "ops":
            return manifests
        return tuple(m for m in manifests if not m.plugin.package or m.plugin.package in sys.modules)

    def table(self, kind: str) -> Filled:
        """One table, plug-in by plug-in, and what had to be left out of it."""
        key = kind, self.ready(kind)
        if key not in self._tables:
            entries: list[tuple[Plugin, tuple[Any, ...]]] = []
            broken: list[BrokenPlugin] = []
            taken: dict[Any, str] = {}
            for loaded in key[1]:
                items, reasons = _usable(loaded.plugin, kind, taken)
                entries.append((loaded.plugin, items))
                broken += [BrokenPlugin(loaded.plugin.name, loaded.distribution, reason) for reason in reasons]
            self._tables[key] = Filled(tuple(entries), tuple(broken))
        return self._tables[key]


def load(entry: EntryPoint) -> Loaded | BrokenPlugin:
    """The plug-in of an entry point; whatever its code does, the outcome is a value."""
    distribution = entry.dist.name if entry.dist is not None else entry.value.partition(":")[0]
    try:
        made = entry.load()
    except (Exception, SystemExit) as error:
        return BrokenPlugin(entry.name, distribution, f"it fails to load: {_said(error)}")
    if not isinstance(made, Plugin):
        return BrokenPlugin(entry.name, distribution, f"{entry.value} is a {type(made).__name__}, not a Plugin")
    return Loaded(made, distribution)


def _usable(plugin: Plugin, kind: str, taken: dict[Any, str]) -> tuple[tuple[Any, ...], list[str]]:
    """The entries of one table that can be used; `taken` says who speaks for what, and is added to."""
    try:
        table = plugin.table(kind)
    except (Exception, SystemExit) as error:
        return (), [f"its {kind} fail to load: {_said(error)}"]
    items: list[Any] = []
    reasons: list[str] = []
    for item in table:
        try:
            missing = next((name for name in ENTRIES[kind] if getattr(item, name, None) is None), None)
            claims = list(_claims(kind, item)) if missing is None else []
            rival = next((claim for claim in claims if claim in taken), None)
        except Exception as error:
            reasons.append(f"its {kind} hold {_shown(item)}, which cannot be read: {_said(error)}")
            continue
        if missing is not None:
            reasons.append(f"its {kind} hold {_shown(item)}, which has no {missing}")
        elif rival is not None:
            reasons.append(f"its {_shown(item)} speaks for {_shown(rival)}, as the {kind} of {taken[rival]} already do")
        else:
            taken.update(dict.fromkeys(claims, plugin.name))
            items.append(item)
    return tuple(items), reasons


def _claims(kind: str, item: Any) -> Iterator[Any]:
    """What only one entry of a table may speak for."""
    if kind == "ops":
        yield from item.functions
        yield from item.modules
    elif kind == "rules":
        yield item().code
    elif kind == "devices":
        yield f"the device {item.name}"
    else:
        yield f"the format {item.name} for {item.shows}"


def _shown(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    name = getattr(thing, "__name__", None) or getattr(thing, "name", None)
    return name if isinstance(name, str) else f"a {type(thing).__name__}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


_current: list[Installation] = []


def installation() -> Installation:
    """What is installed, found once in a process."""
    if not _current:
        _current.append(Installation(tuple(entry_points(group=GROUP))))
    return _current[-1]


@contextmanager
def installed(*plugins: Plugin) -> Iterator[Installation]:
    """Act as if these plug-ins were installed too."""
    _current.append(installation().and_also(*plugins))
    try:
        yield _current[-1]
    finally:
        _current.pop()


def tables(kind: str) -> Iterator[tuple[Plugin, tuple[Any, ...]]]:
    """The usable entries of one table ("ops", "rules", "reports" or "devices") of every plug-in, the built-in ones first."""
    yield from installation().table(kind).entries


def broken(*kinds: str) -> tuple[BrokenPlugin, ...]:
    """What is wrong with the installed plug-ins, in the manifests themselves and in these tables; by default in all."""
    here = installation()
    return (*here.found[1], *(found for kind in kinds or ENTRIES for found in here.table(kind).broken))
