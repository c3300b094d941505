"""Runs a forward once, with symbolic tensors, and records every operation.

call(function)          torch called a function, method or in-place form
  rule known            ops/ says shape, cost and requirements             _ruled
  torch's own Python    its body is run, and traced                        _inside
  nothing symbolic      torch computes it                                  call_without_rule
  otherwise             torch's meta kernels are asked                     meta.infer
call_module(module)     an exact type of the catalogue is one operation, every other module is traced inside
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import FunctionType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.overrides import TorchFunctionMode, resolve_name

from convsym.graph.backward import STARTS, Backward, Gradient, Keeps, Saved
from convsym.graph.call import Call
from convsym.graph.place import Place
from convsym.graph.tensor import Tensor
from convsym.ops.broadcast import mismatched
from convsym.ops.catalogue import Catalogue, OpRule, Outcome, is_in_place
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import FALSE, all_of, eq
from convsym.sizes.polynomial import NotASize
from convsym.trace import values
from convsym.trace.attributes import ASKED, attribute, is_attribute
from convsym.trace.autograd import Autograd
from convsym.trace.casts import Casts, Ruled
from convsym.trace.errors import Unsupported
from convsym.trace.frames import user_place
from convsym.trace.join import call_joined
from convsym.trace.module_stack import ModuleStack
from convsym.trace.passage import Passage
from convsym.trace.paths import Path
from convsym.trace.recording import Recording
from convsym.trace.site import TracedSite
from convsym.trace.tensors import SymbolicTensor
from convsym.trace.whole_numbers import fractions, rounded_down

LAYERS = (nn.modules.conv._ConvNd, nn.Linear)
_SPACES = (torch, torch.Tensor, torch._C._nn, torch.special, torch.fft, torch.linalg)


class Tracer(TorchFunctionMode):
    """One run of a forward along one path.

    `inlining` is the code of torch whose body is run just now, `deepest` the innermost module that raised, `joined`
    whether branches of a module went on as one, `apart` are the modules whose branches could not, and `calls_in_vain` counts
    the calls that were traced to find that out.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        path: Path,
        names: Mapping[int, str],
        definitions: Mapping[int, Place],
        device: torch.device,
    ) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.path = path
        self.device = device
        self.recording = Recording()
        self.modules = ModuleStack(names, definitions)
        self.passage = Passage(device, self.recording.calls)
        self.casts = Casts(self)
        self.autograd = Autograd(self.recording, self.passage, self.modules)
        self.site = TracedSite(path, self.recording, self.modules, self.passage, self.autograd)
        self.inlining: Any = None
        self.deepest = ""
        self.joined = False
        self.apart: set[nn.Module] = set()
        self.calls_in_vain = 0

    # Calls of functions and methods

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.call(func, args, kwargs or {})

    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What torch is to return for a call of one of its functions."""
        entry = self.catalogue.functions.get(func)
        if entry is not None:
            rule, in_place = entry
            if not in_place and self.casts.is_active:
                within = self.casts.applied(rule, func, args, kwargs)
                return self._ruled(*within) if within is not None else self._inside(func, args, kwargs)
            return self._ruled(rule, func, args, kwargs, in_place)
        if func is torch._C._set_grad_enabled:
            return func(*args, **kwargs)
        if isinstance(func, FunctionType):
            return self._inside(func, args, kwargs)
        return self.call_without_rule(func, args, kwargs)

    def _inside(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        before, self.inlining = self.inlining, func.__code__
        try:
            with self:
                return func(*args, **kwargs)
        finally:
            self.inlining = before

    def _ruled(
        self, rule: OpRule, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], in_place: bool = False
    ) -> Any:
        inputs: list[Tensor] = []
        plain_args, plain_kwargs = self._lowered(args, kwargs, inputs)
        try:
            outcome = rule.infer(self.site, *plain_args, **plain_kwargs)
        except NotASize:
            outcome = self._in_whole_numbers(rule, func, plain_args, plain_kwargs)
        inputs += self.site.taken_initialised()
        if kwargs.get("requires_grad") is True:
            outcome = replace(outcome, backward=STARTS)
        output = outcome.output
        if func is not None and values.may_fold(inputs):
            output = values.folded(self.passage.lift, func, args, kwargs, output, inputs)
            if outcome.backward is not None:
                known = dict(zip(_tensors(outcome.output), _tensors(output), strict=True))
                outcome = replace(outcome, backward=outcome.backward.exchanged(known))
        return self._returned(rule.name, func, args, kwargs, inputs, output, outcome, in_place, rule.keeps)

    def _in_whole_numbers(self, rule: OpRule, func: Any, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
        """What comes out where fractions among the arguments, which torch refuses, are rounded down."""
        given = fractions((args, kwargs))
        # A layer of the catalogue hands its arguments on to a function that takes whole numbers.
        if not given or not (func is None or self._refuses(func, args, kwargs)):
            raise
        self.site.require(
            "whole-number",
            FALSE,
            "{} takes whole numbers, but gets {}",
            rule.name,
            " and ".join(map(str, given)),
            help="divide with // in place of /, or round with int()",
        )
        return rule.infer(self.site, *rounded_down(args), **rounded_down(kwargs))

    def _refuses(self, func: Any, args: list[Any], kwargs: dict[str, Any]) -> bool:
        """Whether torch takes no arguments of these types."""
        from convsym.trace import meta

        try:
            meta.infer(self.site, func, args, kwargs)
        except TypeError:
            return True
        except (Unsupported, RuntimeError):
            pass
        return False

    def call_without_rule(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What torch is to return for a call of one of its functions that has no rule."""
        if is_attribute(func):
            return attribute(self, func, args)
        if self.casts.is_active and not is_in_place(func):
            args, kwargs = self.casts.arguments(_name(func), func, args, kwargs)
        inputs: list[Tensor] = []
        plain_args, plain_kwargs = self._lowered(args, kwargs, inputs)
        if values.may_fold(inputs) and values.is_concrete((plain_args, plain_kwargs)):
            output = values.computed(self.passage.lift, func, args, kwargs)
            self._record(_name(func), inputs, output, Outcome(output), func)
            return self.passage.show(output)
        from convsym.trace import meta

        output, cost = meta.infer(self.site, func, plain_args, plain_kwargs)
        return self._returned(_name(func), func, args, kwargs, inputs, output, Outcome(output, cost), is_in_place(func))

    def dispatched(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What torch's C++ gets for an aten operator that it calls on a traced tensor."""
        name = func._schema.name.partition("::")[2]
        if name in ASKED and isinstance(args[0], SymbolicTensor):
            return ASKED[name](*args)
        for space in _SPACES:
            function = getattr(space, name, None)
            if function is not None and function in self.catalogue.functions:
                return self.call(function, args, kwargs)
        return self.call_without_rule(func, args, kwargs)

    def _lowered(self, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[Tensor]) -> tuple[Any, Any]:
        lower = self.passage.lower
        return [lower(a, inputs) for a in args], {k: lower(v, inputs) for k, v in kwargs.items() if k != "out"}

    def _returned(
        self,
        op: str,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        inputs: list[Tensor],
        output: Any,
        outcome: Outcome,
        in_place: bool,
        keeps: Keeps | None = None,
    ) -> Any:
        target = kwargs.get("out")
        if target is None and in_place and args and isinstance(args[0], torch.Tensor):
            output = output if mismatched(output, inputs) else self._overwritten(inputs[0], output)
            self._record(op, inputs, output, outcome, func, keeps)
            self.passage.replace(args[0], output)
            return args[0]
        self._record(op, inputs, output, outcome, func, keeps)
        return self.passage.show(output) if target is None else self.passage.written(target, output)

    def _overwritten(self, before: Tensor, output: Any) -> Tensor:
        """What is in a tensor's memory after an in-place operation."""
        assert isinstance(output, Tensor), f"an in-place operation gives {output}"
        if output.base is not None and output.base is before.storage:
            return output
        if len(output.shape) == len(before.shape):
            same = all_of(*(eq(a, b) for a, b in zip(output.shape, before.shape, strict=True)))
        else:
            same = FALSE
        self.site.require(
            "broadcast-mismatch",
            same,
            "an in-place operation cannot change the shape {} into {}",
            before.shape,
            output.shape,
            help="use the form that returns a new tensor",
        )
        return before.overwritten(output.data)

    def start_gradient(self, tensor: SymbolicTensor) -> None:
        """Note that the model's code asks for the gradient of a tensor, which need not have one otherwise."""
        if len(self.modules) and not self.autograd.follows(tensor.spec):
            leaf = tensor.spec.overwritten(tensor.spec.data)
            self._record("requires_grad_", [tensor.spec], leaf, Outcome(leaf, backward=STARTS), None)
            tensor.stand_for(leaf)

    def record_function(self, name: str, args: Any, output: Any, saved: Any, backward_flops: Size | None) -> None:
        """Note that autograd takes what was just computed for one function, and what that keeps.

        `backward_flops` are those of all its gradients together, None where they are not known.
        """
        lift = self.passage.lift
        inputs = tuple(lift(a) for a in args if isinstance(a, torch.Tensor))
        made = [
            t for t in (output if isinstance(output, (tuple, list)) else (output,)) if isinstance(t, SymbolicTensor)
        ]
        before = [t.spec for t in made]
        for tensor in made:
            tensor.spec = tensor.spec.view(tensor.spec.shape, tensor.spec.strides)
        after = dict(zip(before, (t.spec for t in made), strict=True))
        kept = [lift(t) for t in saved if isinstance(t, torch.Tensor)]
        gradients = () if backward_flops is None else (Gradient((), backward_flops),)
        saved = tuple(Saved(after.get(t, t)) for t in kept)
        backward = Backward(saved, gradients, all_gradients=backward_flops is not None)
        self._record(name, list(inputs), tuple(after.values()), Outcome(None, backward=backward), None)

    # Calls of modules

    def call_module(self, module: nn.Module, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a module returns: from its rule when its exact type has one, else by tracing inside."""
        takes_tensor = bool(args) and isinstance(args[0], torch.Tensor)
        with self.modules.entered(module) as path:
            try:
                output = self._module_output(module, original, args, kwargs)
            except BaseException:
                # The innermost module comes first; the ones around it see the same exception later.
                self.deepest = self.deepest or path
                raise
        if takes_tensor and isinstance(module, LAYERS) and isinstance(output, torch.Tensor):
            taken, given = self.passage.lift(args[0]), self.passage.lift(output)
            self.recording.layer_called(path, taken, given, type(module).__name__)
        return output

    def _module_output(self, module: nn.Module, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        entry = self.catalogue.modules.get(type(module))
        if entry is not None and _is_unhooked(module):
            rule, arguments = entry
            written: Ruled = (rule, None, *arguments(module, *args, **kwargs))
            leaf = self.casts.applied(*written) if self.casts.is_active else written
            if leaf is not None:
                with self.modules.as_leaf(module):
                    return self._ruled(*leaf)

        def call() -> Any:
            return original(module, *args, **kwargs)

        # The whole forward is followed along every way by explore().
        return call() if len(self.modules) == 1 else call_joined(self, module, args, kwargs, call)

    def _record(
        self, op: str, inputs: list[Tensor], output: Any, outcome: Outcome, func: Any, keeps: Keeps | None = None
    ) -> None:
        outputs = tuple(_tensors(output))
        if not outputs:
            return
        leaf = self.modules.leaf
        self.recording.calls.append(
            Call(
                index=len(self.recording.calls),
                op=op,
                path=self.modules.path,
                inputs=tuple(inputs),
                outputs=outputs,
                parameters=outcome.parameters,
                cost=outcome.cost,
                place=user_place(),
                definition=self.modules.definition if leaf is not None else None,
                module=type(leaf).__name__ if leaf is not None else "",
                function=_qualified(func) if func is not None else "",
                grad=torch.is_grad_enabled(),
                declared=outcome.backward,
                keeps=keeps,
                checkpoint=self.recording.checkpoint,
            )
        )


def _is_unhooked(module: nn.Module) -> bool:
    if not (module._forward_hooks or module._forward_pre_hooks):
        return "forward" not in module.__dict__
    # A lazy layer's own hook only fills in what the rule infers.
    lazy = isinstance(module, LazyModuleMixin)
    return lazy and not module._forward_hooks and len(module._forward_pre_hooks) == 1


def _name(func: Any) -> str:
    return str(getattr(func, "__name__", None) or func).strip("_")


@cache
def _qualified(func: Any) -> str:
    return str(resolve_name(func) or _name(func))


def _tensors(output: Any) -> list[Tensor]:
    if type(output) is Tensor:
        return [output]
    if isinstance(output, (tuple, list)):
        return [t for o in output for t in _tensors(o)]
    return []
