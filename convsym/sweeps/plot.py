"""Draws tables of a sweep: a panel for each quantity, a line for each model and for each value of the other sizes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from convsym.sweeps.table import Sweep

#: More lines than this in one panel tell nothing apart.
MOST_LINES = 20


def plot(tables: Mapping[str, Sweep], path: str | os.PathLike[str]) -> None:
    """Write a picture of some tables, by the names of their models; the ending of the path says the format (svg, png, pdf).

    The size with the most values is along the horizontal axis; lines break where a model does not run.

    Raises ValueError when there is nothing to draw, too much, or no such format, and ImportError where matplotlib is
    missing.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    first = next(iter(tables.values()))
    along = max(first.sizes, key=lambda name: len(np.unique(first.sizes[name])))
    lines = [
        (_label(model if len(tables) > 1 else "", fixed), table, rows)
        for model, table in tables.items()
        for fixed, rows in _lines(table, along)
    ]
    if len(lines) > MOST_LINES:
        raise ValueError(f"{len(lines)} lines are too many to tell apart; give fewer values to all sizes but {along}")
    figure = Figure(figsize=(7, 1 + 2.6 * len(first.values)), layout="constrained")
    panels = figure.subplots(len(first.values), 1, squeeze=False, sharex=True)[:, 0]
    for panel, quantity in zip(panels, first.values, strict=True):
        for label, table, rows in lines:
            values = np.where(table.runs[rows], table.values[quantity][rows], np.nan).astype(float)
            panel.plot(table.sizes[along][rows], values, marker=".", label=label)
        panel.set_ylabel(quantity)
        panel.yaxis.set_major_formatter(EngFormatter())
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    panels[-1].set_xlabel(along)
    if any(label for label, _, _ in lines):
        panels[0].legend()
    figure.savefig(path)


def _lines(table: Sweep, along: str) -> list[tuple[dict[str, int], Any]]:
    """The rows of each combination of the other sizes; only sizes that vary tell the lines apart."""
    others = [name for name in table.sizes if name != along]
    if not others:
        return [({}, np.arange(len(table)))]
    columns = np.stack([table.sizes[name] for name in others], axis=1)
    varying = [len(np.unique(column)) > 1 for column in columns.T]
    return [
        (
            {name: int(value) for name, value, varies in zip(others, fixed, varying, strict=True) if varies},
            np.flatnonzero((columns == fixed).all(axis=1)),
        )
        for fixed in np.unique(columns, axis=0)
    ]


def _label(model: str, fixed: Mapping[str, int]) -> str:
    sizes = ", ".join(f"{name}={value}" for name, value in fixed.items())
    return f"{model} at {sizes}" if model and sizes else model or sizes
