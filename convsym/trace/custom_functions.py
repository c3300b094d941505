"""Subclasses of torch.autograd.Function: their forward is traced, and their backward for what it costs."""

from __future__ import annotations

from types import CodeType, FunctionType
from typing import Any

import torch
from torch.utils.checkpoint import CheckpointFunction

from convsym.sizes.arithmetic import Size, total
from convsym.trace.checkpoints import reentrant
from convsym.trace.current import in_progress
from convsym.trace.tensors import SymbolicTensor
from convsym.trace.tracer import Tracer

APPLY: FunctionType = torch.autograd.Function.apply.__func__  # type: ignore[attr-defined]
_apply = FunctionType(APPLY.__code__, APPLY.__globals__, APPLY.__name__, APPLY.__defaults__, APPLY.__closure__)
_in_context = torch.autograd.function._SingleLevelFunction.setup_context


class _Context:
    """What forward and backward get for their context."""

    needs_input_grad: tuple[bool, ...] = ()
    saved_tensors: tuple[Any, ...] = ()

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """The older name of `saved_tensors`."""
        return self.saved_tensors

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        pass

    def mark_non_differentiable(self, *tensors: Any) -> None:
        pass

    def mark_dirty(self, *tensors: Any) -> None:
        pass

    def set_materialize_grads(self, value: bool) -> None:
        pass


def traced_apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
    """What `apply` of a subclass returns while a forward is traced."""
    tracer = in_progress()
    if tracer is None or not any(isinstance(a, torch.Tensor) for a in args):
        return _apply(cls, *args, **kwargs)
    if cls is CheckpointFunction:
        function, _, *given = args
        return reentrant(tracer, function, given)
    context = _Context()
    context.needs_input_grad = (False,) * len(args)
    # Autograd does not look inside: it keeps what the function says, and asks its backward.
    with torch.no_grad():
        if cls.setup_context is not _in_context:
            output = cls.forward(*args, **kwargs)
            cls.setup_context(context, args, output)
        else:
            output = cls.forward(context, *args, **kwargs)
    flops = _backward_flops(tracer, cls, context, args, output) if torch.is_grad_enabled() else 0
    tracer.record_function(cls.__name__, args, output, context.saved_tensors, flops)
    return output


class _Handing:
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        super  # noqa: B018  (so that the code has the cell of `__class__` that torch's has)
        from convsym.trace.custom_functions import traced_apply

        return traced_apply(cls, *args, **kwargs)


#: The code of `apply` while a forward is traced. `shake = ShakeDrop.apply` holds the function itself, so it is this that
#: is replaced in it; it runs among the names of torch's module and has its cell of `__class__`.
HANDING: CodeType = _Handing.apply.__code__


def _backward_flops(tracer: Tracer, cls: Any, context: _Context, args: Any, output: Any) -> Size | None:
    """The FLOPs of all gradients of one call; None where its backward cannot be followed, or they are not known."""
    made = output if isinstance(output, (tuple, list)) else (output,)
    gradients = [_gradient(tracer, t) for t in made]
    context.needs_input_grad = tuple(isinstance(a, torch.Tensor) and a.dtype.is_floating_point for a in args)
    mark, domain = tracer.recording.mark(), tracer.path.domain
    try:
        with torch.no_grad():
            cls.backward(context, *gradients)
    except Exception:
        return None
    finally:
        calls = tracer.recording.since(mark).calls
        # What a backward asks for is no condition of the forward.
        tracer.recording.cut(mark)
        tracer.path.domain = domain
    return total([call.cost.flops for call in calls]) if all(call.counted for call in calls) else None


def _gradient(tracer: Tracer, output: Any) -> Any:
    if not isinstance(output, SymbolicTensor):
        return None
    return tracer.passage.show(output.spec.with_shape(*output.spec.shape))
