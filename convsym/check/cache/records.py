"""Reports as JSON, so that reading one can run nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from convsym.check.results import FileReport, ModelReport
from convsym.diagnostics import Diagnostic, Fix, RelatedPlace, Severity
from convsym.graph.place import Place

_TYPES = {kind.__name__: kind for kind in (FileReport, ModelReport, Diagnostic, RelatedPlace, Place, Fix)}
# What is only needed to find a fix has done its work.
_LEFT_OUT = frozenset({"changes"})


def written(report: FileReport) -> str:
    """A report in one line."""
    return json.dumps(_plain(report), separators=(",", ":"))


def read(line: str) -> FileReport:
    """The report that a line holds. Raises ValueError, KeyError or TypeError where it is none."""
    report = _restored(json.loads(line))
    if not isinstance(report, FileReport):
        raise TypeError("no report")
    return report


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        shown = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in _LEFT_OUT}
        return {"": type(value).__name__, **shown}
    if isinstance(value, Severity):
        return {"": "Severity", "value": value.value}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_restored(item) for item in value)
    if not isinstance(value, dict):
        return value
    kind = value.pop("", None)
    items = {key: _restored(item) for key, item in value.items()}
    if kind is None:
        return items
    return Severity(items["value"]) if kind == "Severity" else _TYPES[kind](**items)
