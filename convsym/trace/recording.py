"""What one run of a forward has met so far; a run that goes back to a module's call cuts it there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from convsym.graph.call import Call, Checkpoint, LayerCall
from convsym.graph.joint import Joint
from convsym.graph.place import Place
from convsym.graph.tensor import Tensor
from convsym.trace.paths import Finding

Unknown = tuple[Any, Place | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """How much a recording held at one moment."""

    calls: int
    layers: int
    findings: int
    unknowns: int
    joints: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded between a mark and a later moment."""

    calls: tuple[Call, ...]
    layers: tuple[LayerCall, ...]
    findings: tuple[Finding, ...]
    joints: tuple[Joint, ...] = ()


class Recording:
    """The calls of a run in their order, the layers among them, and what was found out on the way.

    `joints` are the modules among them whose ways went on as one, in their order, those inside of others left out.
    `checkpoint` is the innermost one that the run is inside of.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.layers: list[LayerCall] = []
        self.findings: list[Finding] = []
        self.unknowns: list[Unknown] = []
        self.joints: list[Joint] = []
        self.checkpoint: Checkpoint | None = None
        self._times_called: Counter[str] = Counter()

    def layer_called(self, path: str, taken: Tensor, given: Tensor, kind: str) -> None:
        """Note a call of a layer; `kind` is the name of its type."""
        self._add_layers([LayerCall(path, self._times_called[path], taken, given, kind)])

    def found(self, finding: Finding) -> None:
        """Note a requirement that fails, once for each place and module."""
        same = (finding.requirement.kind, finding.place, finding.path)
        if all((f.requirement.kind, f.place, f.path) != same for f in self.findings):
            self.findings.append(finding)

    def mark(self) -> Mark:
        """This moment, to go back to."""
        return Mark(len(self.calls), len(self.layers), len(self.findings), len(self.unknowns), len(self.joints))

    def since(self, mark: Mark) -> Recorded:
        """What was recorded after a mark."""
        return Recorded(
            tuple(self.calls[mark.calls :]),
            tuple(self.layers[mark.layers :]),
            tuple(self.findings[mark.findings :]),
            tuple(self.joints[mark.joints :]),
        )

    def cut(self, mark: Mark) -> None:
        """Forget what was recorded after a mark."""
        self._times_called.subtract(layer.path for layer in self.layers[mark.layers :])
        del self.calls[mark.calls :], self.layers[mark.layers :]
        del self.findings[mark.findings :], self.unknowns[mark.unknowns :], self.joints[mark.joints :]

    def extend(self, recorded: Recorded) -> None:
        """Go on as if this had been recorded now."""
        self.calls += recorded.calls
        self.findings += recorded.findings
        self.joints += recorded.joints
        self._add_layers(recorded.layers)

    def _add_layers(self, layers: list[LayerCall] | tuple[LayerCall, ...]) -> None:
        self.layers += layers
        self._times_called.update(layer.path for layer in layers)
