"""What a rule asks of the sizes at its call, and what symbolic numbers ask where user code compares or converts them.

Answers come from the domain of the path; what a path needs and cannot be decided narrows the domain or splits the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from convsym.graph.requirement import Requirement
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, Unknown
from convsym.sizes.arithmetic import unknown as unknown_size
from convsym.sizes.condition import FALSE, TRUE, Condition, eq, negate
from convsym.sizes.domain import Domain
from convsym.sizes.rounding import whole_quotient, written_alike
from convsym.sizes.simplify import settled
from convsym.sizes.truth import Truth
from convsym.trace import values
from convsym.trace.autograd import Autograd
from convsym.trace.current import current
from convsym.trace.frames import mistaken_place, user_place
from convsym.trace.module_stack import ModuleStack
from convsym.trace.numbers import size_of
from convsym.trace.passage import Passage
from convsym.trace.paths import Finding, Path, Pin, Reason, usual_sizes
from convsym.trace.recording import Recording

#: Requirements that odd sizes meet by chance, though what is written is wrong.
_HOLD_BY_CHANCE = frozenset({"broadcast-mismatch", "reshape-rest"})


class TracedSite:
    """The calls of one run along one path (convsym.ops.catalogue.Site)."""

    def __init__(
        self, path: Path, recording: Recording, modules: ModuleStack, passage: Passage, autograd: Autograd
    ) -> None:
        self.path = path
        self.passage = passage
        self.recording = recording
        self.modules = modules
        self.autograd = autograd
        self._initialised: list[Tensor] = []

    def initialised(self, parameter: Any, tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
        made = self.passage.initialised(parameter, tensor)
        casts = current().casts
        if casts.is_active and dtype is not None and made.dtype != dtype:
            made = self.passage.lift(casts.of_tensor(parameter, dtype))
        self._initialised.append(made)
        return made

    def taken_initialised(self) -> list[Tensor]:
        """The tensors of a lazy layer that its rule has just asked for."""
        taken, self._initialised = self._initialised, []
        return taken

    def requires_grad(self, tensor: Tensor) -> bool:
        return self.autograd.requires_grad(tensor)

    @property
    def module(self) -> nn.Module | None:
        return self.modules.leaf

    @property
    def training(self) -> bool:
        return self.modules.training

    def decide(self, condition: Condition) -> Truth:
        return self.path.domain.decide(condition)

    def decided(self, condition: Condition) -> bool | None:
        """Whether a condition holds, without a question; None where it holds for some sizes only."""
        answer = self.decide(condition)
        return None if answer is Truth.UNKNOWN else answer is Truth.YES

    def holds(self, condition: Condition) -> bool:
        if condition is TRUE or condition is FALSE:
            return condition is TRUE
        return self.path.holds(condition, user_place())

    def alike(self, *sizes: Size) -> tuple[Size, ...]:
        return written_alike(sizes, self.path.domain)

    def whole_quotient(self, size: Size, divisor: Size) -> Size | None:
        """How often one size holds another, where that is known to come out even here."""
        return whole_quotient(size, divisor, self.path.domain)

    def settled(self, size: Size) -> Size:
        return settled(size, self.path.domain)

    def unknown(self, minimum: int = 0) -> Size:
        made = unknown_size(f"u{len(self.recording.unknowns)}", minimum)
        self.recording.unknowns.append((made, user_place()))
        return made

    def require(
        self,
        kind: str,
        condition: Condition,
        template: str,
        *values: Any,
        help: str = "",
        mend: Mapping[str, Any] | None = None,
    ) -> bool:
        if condition is TRUE:
            return True
        decided = self.decide(condition)
        if decided is Truth.YES:
            return True
        requirement = Requirement(kind, condition, template, values, help, mend or {})
        if decided is Truth.NO:
            self._found(requirement, self.path.domain)
            return False
        reason = Reason(requirement, user_place(), self.modules.path, self.modules.definition)
        narrowed = self.path.domain.assume(condition, reason)
        if self.path.keeps_usual and kind in _HOLD_BY_CHANCE:
            if any(isinstance(s, Unknown) for value in values for s in getattr(value, "free_symbols", ())):
                return True  # What did not fit before is not to fit by chance from here on.
            if self._is_odd(narrowed):
                self._found(requirement, self.path.domain.assume(negate(condition)))
                return False
        self.path.domain = narrowed
        return True

    def _found(self, requirement: Requirement, failing: Domain) -> None:
        place, path, definition = mistaken_place(), self.modules.path, self.modules.definition
        smallest, call = failing.smallest(), len(self.recording.calls)
        is_rare = next(usual_sizes(failing), None) is None
        self.recording.found(Finding(requirement, place, definition, path, smallest, call, self.module, is_rare))

    def _is_odd(self, narrowed: Domain) -> bool:
        """Whether a narrowed domain has none of the usual sizes that there were."""
        usual = next(usual_sizes(narrowed), None)
        return usual is None and next(usual_sizes(self.path.domain), None) is not None

    def pin(self, size: Size) -> int:
        known = size_of(size)
        if known is not None:
            return int(known)
        value = int(values.evaluated(size, self._sample(size)))
        self._pinned(size, value)
        return value

    def pin_real(self, value: Any) -> float:
        """The number that a rational of sizes must be known as; each size in it is pinned."""
        sample = self._sample(value)
        for symbol in sorted(value.free_symbols, key=str):
            self._pinned(symbol, sample[str(symbol)])
        return float(values.evaluated(value, sample))

    def _sample(self, size: Any) -> dict[str, int]:
        """Values of what a size is made of; of what depends on the data the smallest."""
        unknowns = {str(s): s.minimum for s in size.free_symbols if isinstance(s, Unknown)}
        return {**unknowns, **self.path.sample()}

    def _pinned(self, size: Any, value: int) -> None:
        condition, place = eq(size, value), user_place()
        if self.decide(condition) is Truth.YES:
            return
        self.path.pins.append(Pin(size, value, place))
        self.path.unexplored.append(self.path.domain.assume(negate(condition)))
        self.path.domain = self.path.domain.assume(condition, reason=Reason(None, place))
