"""What differs between two models, as a table, as markdown, and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from convsym.analysis.difference import Change, Difference, Value
from convsym.graph.tensor import Tensor
from convsym.reports import json, markdown
from convsym.reports.format import Page
from convsym.reports.section import Column, Section
from convsym.reports.shapes import plain, shape_text, tensor_text
from convsym.reports.summary import section_table
from convsym.reports.units import count, memory
from convsym.sizes.evaluate import evaluate
from convsym.sizes.text import pretty


@dataclass(frozen=True)
class Compared:
    """Two models that were compared: how each is called, what differs, and the sizes to give numbers at, if any."""

    before: str
    after: str
    difference: Difference
    at: Mapping[str, int] | None = None

    @property
    def title(self) -> str:
        """What is compared with what."""
        return f"{self.before} → {self.after}"


def render_table(compared: Compared, page: Page) -> str:
    """The difference for a terminal."""
    section = _section(compared)
    table = [section_table(section)] if section.rows else []
    return page.rendered(Text(section.title, style="bold"), Text(), *table, *map(Text, section.notes))


def render_markdown(compared: Compared, page: Page) -> str:
    """The difference as a section of a document; the page plays no part."""
    return markdown.section_text(_section(compared)) + "\n"


def render_json(compared: Compared, page: Page) -> str:
    """The difference as an object; the page plays no part."""
    found = compared.difference
    return json.dumped(
        {
            "before": compared.before,
            "after": compared.after,
            "changes": [_data(change, compared.at) for change in found.changes],
            "domain": list(found.domains),
            "lost": None if found.lost is None else dict(found.lost),
            "gained": None if found.gained is None else dict(found.gained),
        }
    )


def _section(compared: Compared) -> Section:
    columns = [Column("module"), Column("what"), Column("before", "formula"), Column("after", "formula")]
    columns += [Column("", "number")] if compared.at is not None else []
    rows: list[tuple[str, ...]] = []
    last = None
    for change in compared.difference.changes:
        name = (change.path or "the model") if change.path != last else ""
        cells = (name, change.what, *(_shown(change.what, v, compared.at) for v in (change.before, change.after)))
        rows.append((*cells, _percent(change, compared.at)) if compared.at is not None else cells)
        last = change.path
    return Section("changes", compared.title, tuple(columns), tuple(rows), tuple(_notes(compared.difference)))


def _notes(found: Difference) -> list[str]:
    if found.is_empty:
        return ["Nothing differs."]
    before, after = found.domains
    if before == after:
        return []
    notes = [f"It ran for {before}, and runs for {after}."]
    if found.lost is not None:
        notes.append(f"It no longer runs at {_sizes(found.lost)}.")
    if found.gained is not None:
        notes.append(f"It now runs at {_sizes(found.gained)} too.")
    return notes


def _sizes(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name}={size}" for name, size in sizes.items())


def _shown(what: str, value: Value, at: Mapping[str, int] | None) -> str:
    if value is None or isinstance(value, str):
        return value or "-"
    if isinstance(value, Tensor):
        return tensor_text(value) if at is None else shape_text([evaluate(size, at) for size in value.shape])
    if at is None:
        return pretty(value)
    number = evaluate(value, at)
    return memory(number) if what.endswith("bytes") else count(number)


def _percent(change: Change, at: Mapping[str, int] | None) -> str:
    if at is None or not _is_size(change.before) or not _is_size(change.after):
        return ""
    before, after = (evaluate(v, at) for v in (change.before, change.after))
    if before == after:
        return "0 %"
    return "new" if before == 0 else f"{100 * (after - before) / before:+.3g} %"


def _is_size(value: Value) -> bool:
    return value is not None and not isinstance(value, (str, Tensor))


def _data(change: Change, at: Mapping[str, int] | None) -> dict[str, Any]:
    data: dict[str, Any] = {"path": change.path, "what": change.what}
    for key, value in (("before", change.before), ("after", change.after)):
        if isinstance(value, Tensor):
            data[key] = [plain(size) for size in value.shape]
        else:
            data[key] = value if value is None or isinstance(value, str) else plain(value)
            if at is not None and _is_size(value):
                data[f"{key}_at"] = evaluate(value, at)
    return data
