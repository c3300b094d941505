"""What the names of a question stand for in one case of an analysis."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from convsym.graph.call import Call
from convsym.graph.tensor import Tensor
from convsym.query.quantities import quantities_of
from convsym.query.question import QuestionError
from convsym.query.wording import as_written
from convsym.sizes.arithmetic import Size, floor_div, symbol, total

if TYPE_CHECKING:
    from convsym.analysis.result import Analysis, Case

#: Axes that a tensor's sizes may be asked for by: position from the front, or from the back.
AXES = {"batch": 0, "channels": 1, "height": -2, "width": -1, "length": -1}
_LETTERS = {2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}
_TENSOR = ("shape", "size", "numel", "bytes", *AXES, "N", "C", "H", "W")
_MODULE = ("output", "input", "flops", "macs", "elementwise", "parameters")


@dataclass(frozen=True)
class Module:
    """A module of the model, by its path; the root's is empty."""

    path: str


class Scope:
    """The names of one case: its input sizes, the quantities of the analysis, its tensors and modules."""

    def __init__(self, analysis: Analysis, case: Case) -> None:
        self.case = case
        self._analysis = analysis

    @property
    def names(self) -> list[str]:
        """All names that a question may begin with."""
        sizes = self._analysis.declared.symbols
        tops = {path.partition(".")[0] for path in self._paths if path}
        return list(dict.fromkeys((*sizes, *self._quantities, "output", "input", "model", *sorted(tops))))

    @cached_property
    def _paths(self) -> Mapping[str, Any]:
        return dict(self._analysis.model.named_modules())

    @cached_property
    def _quantities(self) -> tuple[str, ...]:
        return tuple(q.name for q in quantities_of(self._analysis))

    def named(self, name: str) -> Any:
        """What a name stands for: a size, a tensor, several of them, or a module.

        Raises QuestionError, with the nearest names, where it stands for nothing.
        """
        name = as_written(name)
        if name in self._analysis.declared.symbols:
            return symbol(name)
        if name in self._quantities:
            return self.case.domain.simplify(getattr(self._analysis, name))
        if name in ("output", "outputs"):
            return self.case.simplest.outputs
        if name in ("input", "inputs"):
            inputs = self.case.simplest.inputs
            return inputs[0] if len(inputs) == 1 else inputs
        if name in ("model", "self"):
            return Module("")
        if name in self._paths:
            return Module(name)
        if name in AXES and len(self.case.inputs) == 1:
            return self._of_tensor(self.case.inputs[0], name)
        raise QuestionError(f"there is no {name!r} to ask for{_nearest(name, self.names)}")

    def part(self, whole: Any, name: str) -> Any:
        """An attribute of a tensor, a module or a result with names.

        Raises QuestionError, with what there is, where it has none of that name.
        """
        if isinstance(whole, Tensor):
            return self._of_tensor(whole, name)
        if isinstance(whole, Module):
            return self._of_module(whole, as_written(name))
        if isinstance(whole, Mapping) and name in whole:
            return whole[name]
        found = (
            getattr(whole, name, None) if isinstance(whole, tuple) and name in getattr(whole, "_fields", ()) else None
        )
        if found is None:
            there = list(whole) if isinstance(whole, Mapping) else list(getattr(whole, "_fields", ()))
            hint = _nearest(name, map(str, there)) if there else "; several are counted, as in output[0]"
            raise QuestionError(f"there is no {name!r} in what the forward returns{hint}")
        return found

    def item(self, whole: Any, index: Any) -> Any:
        """An entry of a shape or of a result.

        Raises QuestionError where there is none.
        """
        try:
            if isinstance(whole, (tuple, list, Mapping)):
                return whole[index]
        except (IndexError, KeyError):
            there = f"{len(whole)} entries" if not isinstance(whole, Mapping) else ", ".join(map(str, whole))
            raise QuestionError(f"there is no entry {index!r}; there are {there}") from None
        raise QuestionError(
            f"[{index!r}] does not go with a {type(whole).__name__.lower()}; try output.shape[{index!r}]"
        )

    def _of_tensor(self, tensor: Tensor, name: str) -> Any:
        if name == "shape":
            return tensor.shape
        if name == "size":
            return tensor.shape[2:]
        if name in ("numel", "bytes"):
            return getattr(tensor, name)
        letters = _LETTERS.get(tensor.rank, "")
        place = letters.index(name) if name in letters else AXES.get(name)
        if place is None or not -tensor.rank <= place < tensor.rank:
            shape = ", ".join(map(str, tensor.shape))
            raise QuestionError(f"a tensor of shape ({shape}) has no {name!r}{_nearest(name, _TENSOR)}")
        return tensor.shape[place]

    def _of_module(self, module: Module, name: str) -> Any:
        path = f"{module.path}.{name}" if module.path else name
        if path in self._paths:
            return Module(path)
        if name == "parameters":
            return self._analysis.by_module[module.path].parameters
        if name in _MODULE:
            return _of_calls(self._calls(module.path), module.path, name)
        shown = f"the module {module.path!r}" if module.path else "the model"
        parts = [p[len(module.path) :].lstrip(".") for p in self._paths if p.rpartition(".")[0] == module.path and p]
        raise QuestionError(f"{shown} has no {name!r}{_nearest(name, (*parts, *_MODULE))}")

    def _calls(self, path: str) -> list[Call]:
        calls = self.case.simplest.calls
        return [c for c in calls if not path or c.path == path or c.path.startswith(path + ".")]


def _of_calls(calls: list[Call], path: str, name: str) -> Tensor | Size:
    if not calls:
        raise QuestionError(f"the module {path!r} is not called, so it has no {name}")
    if name == "output":
        return calls[-1].output
    if name == "input":
        return calls[0].input
    if name == "elementwise":
        return total([c.cost.elementwise for c in calls])
    flops = total([c.cost.flops for c in calls])
    return flops if name == "flops" else floor_div(flops, 2)


def _nearest(name: str, known: Iterable[str]) -> str:
    everything = list(dict.fromkeys(known))
    near = difflib.get_close_matches(name, everything, 3, 0.5)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; there are {', '.join(everything[:12])}" + (", ..." if len(everything) > 12 else "")
