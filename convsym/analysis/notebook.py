"""How a notebook and an interactive prompt show an analysis, and what they complete."""

from __future__ import annotations

import difflib
from html import escape
from typing import TYPE_CHECKING, Any, cast

from convsym.analysis.numbers import tensors_of
from convsym.query.quantities import quantities_of
from convsym.sizes.arithmetic import Size
from convsym.sizes.text import latex, pretty

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis

#: Modules beyond this many are left out of the table.
MOST_MODULES = 200


class Notebook:
    """One line at a prompt; in a notebook a table of totals, and the modules below it, folded."""

    def __repr__(self) -> str:
        analysis = cast("Analysis", self)
        inputs = ", ".join(analysis.inputs) or "no input"
        runs = f"{inputs} -> {_outputs(analysis)}; runs for {analysis.domain}" if analysis.cases else "runs for no size"
        return f"<analysis of {type(analysis.model).__name__}: {runs}>"

    def _repr_html_(self) -> str:
        analysis = cast("Analysis", self)
        title = f"<b>{escape(type(analysis.model).__name__)}</b>"
        rows = "".join(_row("td", name, shown) for name, shown in _facts(analysis))
        found = "".join(f"<li>{escape(str(diagnostic))}</li>" for diagnostic in analysis.diagnostics)
        return f"{title}<table>{rows}</table>{f'<ul>{found}</ul>' if found else ''}{_modules(analysis)}"

    def _repr_latex_(self) -> str:
        analysis = cast("Analysis", self)
        lines = [rf"\text{{{_label(name)}}} &= {latex(size)}" for name, size in _quantities(analysis)]
        return r"$\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}$"

    def _ipython_key_completions_(self) -> list[str]:
        return sorted({call.path for call in cast("Analysis", self).calls if call.path})

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            if hasattr(type(self), name):
                # It is there, and failed: once more, for its own error.
                return object.__getattribute__(self, name)
            near = difflib.get_close_matches(name, dir(self), 3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise AttributeError(f"an analysis has no {name!r}{hint}")

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name.startswith("_") or name.startswith("__"))


def _facts(analysis: Analysis) -> list[tuple[str, str]]:
    shapes = [("input", spec) for spec in analysis.inputs]
    shapes += [("output", _outputs(analysis)), ("runs for", str(analysis.domain) if analysis.cases else "no size")]
    return [*shapes, *((_label(name), pretty(size)) for name, size in _quantities(analysis))]


def _quantities(analysis: Analysis) -> list[tuple[str, Size]]:
    return [(quantity.name, getattr(analysis, quantity.name)) for quantity in quantities_of(analysis)]


def _label(name: str) -> str:
    return name.replace("_", " ").replace("flops", "FLOPs").replace("macs", "MACs")


def _outputs(analysis: Analysis) -> str:
    return ", ".join(" ".join(map(_axis, tensor.shape)) for tensor in tensors_of(analysis.outputs)) or "no tensor"


def _axis(size: Size) -> str:
    shown = pretty(size)
    return f"({shown})" if " " in shown else shown


def _modules(analysis: Analysis) -> str:
    totals = list(analysis.by_module.values())
    rows = [_row("th", "module", "class", "output", "parameters", "FLOPs")]
    for one in totals[:MOST_MODULES]:
        output = " ".join(map(_axis, one.output.shape)) if one.output is not None else ""
        rows.append(_row("td", one.path, one.kind, output, pretty(one.parameters), pretty(one.flops)))
    more = f"<p>and {len(totals) - MOST_MODULES} more</p>" if len(totals) > MOST_MODULES else ""
    return f"<details><summary>{len(totals)} modules</summary><table>{''.join(rows)}</table>{more}</details>"


def _row(cell: str, *texts: str) -> str:
    return "<tr>" + "".join(f"<{cell} style='text-align:left'>{escape(text)}</{cell}>" for text in texts) + "</tr>"
