"""What torch.autocast casts while a forward is traced: the operands of a call, before any rule sees them.

Which region is entered, and its dtype, torch knows itself: the traced code enters it as in a real run. A cast is a call of
its own, as it is for autograd, and what it makes lives as in torch: a copy of a parameter until the outermost region
ends, any other as long as the call runs or autograd keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from convsym.graph.backward import NOTHING
from convsym.ops.autocast import KEEPING_UNKNOWN, Cast, policy
from convsym.ops.catalogue import Infer, OpRule, Outcome, Site
from convsym.sizes.condition import FALSE
from convsym.trace.tensors import SymbolicTensor

if TYPE_CHECKING:
    from convsym.trace.tracer import Tracer

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
#: A rule, the function that was called (None for a layer), and its arguments.
Ruled = tuple[OpRule, Any, tuple[Any, ...], dict[str, Any]]
_HALF = (torch.float16, torch.bfloat16)


class Casts:
    """The casts of one run; `is_active` is whether the run is in a region of its device just now."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._device_type = tracer.device.type
        # By parameter, with the call that made it: a run that goes back cuts calls.
        self._kept: dict[int, list[tuple[int, Any]]] = {}

    @property
    def is_active(self) -> bool:
        return torch._C._is_any_autocast_enabled() and torch.is_autocast_enabled(self._device_type)

    def applied(self, rule: OpRule, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Ruled | None:
        """A call with its operands cast; None where torch's own steps are to be followed in place of the rule."""
        cast = self._policy(rule.name, func, args, kwargs)
        if cast is Cast.STEPS:
            return None
        if cast is Cast.LAST:
            rule = replace(rule, infer=partial(_in_lower, torch.get_autocast_dtype(self._device_type), rule.infer))
        if cast is Cast.LAST or rule.name in KEEPING_UNKNOWN:
            rule = replace(rule, infer=partial(_keeping_unknown, rule.infer))
        return rule, func, *self._cast_as(cast, rule.name, args, kwargs)

    def arguments(self, op: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The arguments of a call without a rule as the operation gets them."""
        return self._cast_as(self._policy(op, func, args, kwargs), op, args, kwargs)

    def _policy(self, op: str, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Cast | None:
        """What becomes of the operands of a call; nothing where it writes into one of its arguments."""
        return None if kwargs.get("out") is not None else policy(self._device_type, op, func, args, kwargs)

    def _cast_as(self, cast: Cast | None, op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        if cast in (None, Cast.STEPS, Cast.LAST):
            return args, kwargs
        if cast is Cast.REFUSED:
            self._refuse("{} is refused under autocast: its gradients overflow in lower precision", op)
            return args, kwargs
        if cast is Cast.RESULT:
            return args, self._with_dtype(args, kwargs)
        dtype = torch.float32 if cast is Cast.FLOAT32 else torch.get_autocast_dtype(self._device_type)
        if cast is Cast.WIDEST:
            dtype = self._widest(op, dtype, (args, kwargs))
        made: Arguments = self._cast((args, kwargs), dtype)
        return made

    def forget(self) -> None:
        """The outermost region has ended: what was kept of parameters goes."""
        self._kept.clear()

    def _widest(self, op: str, lower: torch.dtype, arguments: Arguments) -> torch.dtype:
        """float32 from the first operand on that has it; before, torch knows no other dtype than that of the region."""
        for operand in self._operands(arguments):
            if operand.dtype == torch.float32:
                return torch.float32
            if operand.dtype != lower:
                self._refuse("{} under autocast takes float32 and the dtype of its region alone", op)
        return lower

    def _refuse(self, template: str, op: str) -> None:
        self._tracer.site.require("dtype-mismatch", FALSE, template, op, help="call it in autocast(enabled=False)")

    def _with_dtype(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        is_chosen = kwargs.get("dtype") is not None or any(isinstance(a, torch.dtype) for a in args)
        first = next(self._operands((args[:1], kwargs)), None)
        return kwargs if is_chosen or first is None else {**kwargs, "dtype": torch.float32}

    def _operands(self, value: Any) -> Iterator[Any]:
        """The floating-point tensors in arguments, as what is known of them."""
        if isinstance(value, torch.Tensor):
            spec = self._tracer.passage.lift(value)
            if spec.dtype.is_floating_point and spec.dtype != torch.float64:
                yield spec
        elif isinstance(value, (tuple, list, dict)):
            parts: Iterable[Any] = value.values() if isinstance(value, dict) else value
            for part in parts:
                yield from self._operands(part)

    def _cast(self, value: Any, dtype: torch.dtype) -> Any:
        if isinstance(value, torch.Tensor):
            return self.of_tensor(value, dtype)
        if type(value) in (tuple, list):
            return type(value)(self._cast(part, dtype) for part in value)
        if type(value) is dict:
            return {name: self._cast(part, dtype) for name, part in value.items()}
        return value

    def of_tensor(self, tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """An operand in the dtype of the region."""
        operand = next(self._operands(tensor), None)
        if operand is None or operand.dtype == dtype:
            return tensor
        is_kept = operand.dtype == torch.float32 and dtype in _HALF and torch.is_autocast_cache_enabled()
        if not is_kept or not _is_trained_leaf(tensor):
            return self._made(tensor, dtype)
        calls = self._tracer.recording.calls
        for index, made in self._kept.get(id(tensor), ()):
            if index < len(calls) and calls[index].outputs[0] is made.spec:
                return made  # type: ignore[no-any-return]
        # Calls where autograd is on may read it later.
        with torch.enable_grad():
            made = self._made(tensor, dtype)
        self._kept.setdefault(id(tensor), []).append((len(calls) - 1, made))
        return made

    def _made(self, tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        made: torch.Tensor = self._tracer.call(torch.Tensor.to, (tensor, dtype), {})
        return made


def _in_lower(dtype: torch.dtype, infer: Infer, site: Site, *args: Any, **kwargs: Any) -> Outcome:
    outcome = infer(site, *args, **kwargs)
    is_cast = outcome.output.dtype == torch.float32
    return replace(outcome, output=outcome.output.as_dtype(dtype)) if is_cast else outcome


def _keeping_unknown(infer: Infer, site: Site, *args: Any, **kwargs: Any) -> Outcome:
    outcome = infer(site, *args, **kwargs)
    return replace(outcome, backward=replace(outcome.backward or NOTHING, saved=(), all_saved=False))


def _is_trained_leaf(tensor: torch.Tensor) -> bool:
    if isinstance(tensor, SymbolicTensor):
        return bool(getattr(tensor, "_is_param", False)) and not tensor.frozen
    with torch._C.DisableTorchFunction():
        return tensor.requires_grad and tensor.is_leaf and not tensor._is_view()
