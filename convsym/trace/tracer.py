"""Runs a forward once, with symbolic tensors, and records every operation.

call(function)          torch called a function, method or in-place form
  rule known            ops/ says shape, cost and requirements             _ruled
  torch's own Python    its body is run, and traced                        _inside
  nothing symbolic      torch computes it                                  _computed
  otherwise             torch's meta kernels are asked                     meta.infer
call_module(module)     an exact type of the catalogue is one operation, every other module is traced inside
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import FunctionType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.overrides import TorchFunctionMode, resolve_name

from convsym.graph.backward import Backward, Keeps, Saved
from convsym.graph.call import Call, LayerCall
from convsym.graph.place import Place
from convsym.graph.requirement import Requirement
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import Catalogue, OpRule, Outcome, is_in_place
from convsym.sizes.arithmetic import Size
from convsym.sizes.arithmetic import unknown as unknown_size
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, eq, negate
from convsym.sizes.truth import Truth
from convsym.trace import values
from convsym.trace.errors import Unsupported
from convsym.trace.frames import user_place
from convsym.trace.join import call_joined
from convsym.trace.lifetimes import Lifetimes
from convsym.trace.numbers import (
    SymbolicBool,
    SymbolicFloat,
    SymbolicInt,
    integer,
    real,
    size_of,
    truth,
)
from convsym.trace.paths import Finding, Path, Pin, Reason
from convsym.trace.shadows import as_builtin
from convsym.trace.tensors import SymbolicTensor

LAYERS = (nn.modules.conv._ConvNd, nn.Linear)
_PLAIN = frozenset({int, float, bool, str, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format})
_MOST_ELEMENTS_KEPT = 1 << 16
_MOST_ELEMENTS_OF_A_WEIGHT = 16


class Tracer(TorchFunctionMode):
    """One run of a forward along one path."""

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
        self.names = names
        self.definitions = definitions
        self.device = device
        self.calls: list[Call] = []
        self.layers: list[LayerCall] = []
        self.findings: list[Finding] = []
        self.unknowns: list[tuple[Any, Place | None]] = []
        self.inlining: Any = None
        self.first_inputs: dict[int, Tensor] = {}
        self.deepest = ""
        self.refused: list[Exception] = []
        self._modules: list[tuple[nn.Module, str]] = []
        self._leaf: nn.Module | None = None
        self.joined = False
        self.lifetimes = Lifetimes()
        self.times_called: dict[str, int] = {}
        self.called: list[str] = []
        self.calls_in_vain = 0
        self.lifted: dict[int, tuple[torch.Tensor, Tensor]] = {}
        self.overridden: dict[int, tuple[torch.Tensor, Tensor]] = {}

    # What rules ask (convsym.ops.catalogue.Site)

    @property
    def module(self) -> nn.Module | None:
        return self._leaf

    @property
    def training(self) -> bool:
        return self._modules[-1][0].training if self._modules else False

    def decide(self, condition: Condition) -> Truth:
        return self.path.domain.decide(condition)

    def holds(self, condition: Condition) -> bool:
        if condition is TRUE or condition is FALSE:
            return condition is TRUE
        return self.path.holds(condition, user_place())

    def unknown(self, minimum: int = 0) -> Size:
        made = unknown_size(f"u{len(self.unknowns)}", minimum)
        self.unknowns.append((made, user_place()))
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
        decided = self.path.domain.decide(condition)
        if decided is Truth.YES:
            return True
        requirement = Requirement(kind, condition, template, values, help, mend or {})
        place, path = user_place(), self.module_path
        if decided is Truth.NO:
            smallest = self.path.domain.smallest()
            self._found(Finding(requirement, place, self._definition(), path, smallest, len(self.calls), self._leaf))
            return False
        reason = Reason(requirement, place, path, self._definition())
        self.path.domain = self.path.domain.assume(condition, reason)
        return True

    def _found(self, finding: Finding) -> None:
        same = (finding.requirement.kind, finding.place, finding.path)
        if all((f.requirement.kind, f.place, f.path) != same for f in self.findings):
            self.findings.append(finding)

    # What symbolic numbers ask

    def decided(self, condition: Condition) -> bool | None:
        answer = self.path.domain.decide(condition)
        return None if answer is Truth.UNKNOWN else answer is Truth.YES

    def pin(self, size: Size) -> int:
        known = size_of(size)
        if known is not None:
            return int(known)
        sample = self.path.sample()
        value = int(values.evaluated(size, sample))
        self._pinned(size, value)
        return value

    def pin_real(self, value: Any) -> float:
        sample = self.path.sample()
        for symbol in sorted(value.free_symbols, key=str):
            self._pinned(symbol, sample[str(symbol)])
        return float(values.evaluated(value, sample))

    def _pinned(self, size: Any, value: int) -> None:
        condition, place = eq(size, value), user_place()
        if self.decide(condition) is Truth.YES:
            return
        self.path.pins.append(Pin(size, value, place))
        self.path.unexplored.append(self.path.domain.assume(negate(condition)))
        self.path.domain = self.path.domain.assume(condition, reason=Reason(None, place))

    # What symbolic tensors ask

    def value_of(self, tensor: SymbolicTensor) -> Any:
        """The one element of a tensor, as `.item()` gives it; unknown where it depends on the data."""
        self.require(
            "one-element",
            eq(tensor.spec.numel, 1),
            "only a tensor of one element has a value; this has {}",
            tensor.spec.numel,
        )
        if tensor.spec.data is not None:
            return values.element(tensor.spec.data)
        if tensor.spec.dtype == torch.bool:
            return truth(eq(self.unknown(0), 1))
        unknown = self.unknown(0)
        return real(unknown) if tensor.spec.dtype.is_floating_point else integer(unknown)

    def values_of(self, tensor: SymbolicTensor) -> Any:
        """The elements as nested lists, as `.tolist()` gives them."""
        if tensor.spec.data is not None:
            return values.nested(tensor.spec.data)
        shape = [self.pin(s) for s in tensor.spec.shape]
        return values.filled(shape, lambda: self.value_of(SymbolicTensor(Tensor((), tensor.spec.dtype), self.device)))

    def array_of(self, tensor: SymbolicTensor) -> Any:
        """The elements as a NumPy array."""
        if tensor.spec.data is None:
            raise Unsupported("the elements of a tensor that depends on the input are read as a NumPy array")
        return values.array(tensor.spec.data)

    def replace(self, tensor: torch.Tensor, value: Any) -> None:
        """Make a tensor stand for another value, as in-place operations and `out=` do."""
        spec = value if isinstance(value, Tensor) else self.lift(value)
        if isinstance(tensor, SymbolicTensor):
            tensor.spec, tensor._shape = spec, None
        else:
            self.overridden[id(tensor)] = (tensor, spec)

    # Calls of functions and methods

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.call(func, args, kwargs or {})

    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What torch is to return for a call of one of its functions."""
        entry = self.catalogue.functions.get(func)
        if entry is not None:
            return self._ruled(entry[0], func, args, kwargs, entry[1])
        if func is torch._C._set_grad_enabled:
            return func(*args, **kwargs)
        if isinstance(func, FunctionType):
            return self._inside(func, args, kwargs)
        return self._unruled(func, args, kwargs)

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
        target = kwargs.get("out")
        plain = [self._plain(a, inputs) for a in args]
        given = {k: self._plain(v, inputs) for k, v in kwargs.items() if k != "out"}
        outcome = rule.infer(self, *plain, **given)
        output = outcome.output
        if func is not None and values.may_fold(inputs):
            output = values.folded(self, func, args, kwargs, output, inputs)
        if target is None and in_place and args and isinstance(args[0], torch.Tensor):
            output = self._overwritten(inputs[0], output)
            self._record(rule.name, inputs, output, outcome, func, rule.keeps)
            self.replace(args[0], output)
            return args[0]
        self._record(rule.name, inputs, output, outcome, func, rule.keeps)
        return self._shown(output) if target is None else self._written(target, output)

    def _written(self, target: Any, output: Any) -> Any:
        pairs = zip(target, output, strict=True) if isinstance(target, (tuple, list)) else ((target, output),)
        for tensor, spec in pairs:
            self.replace(tensor, spec)
        return target

    def _overwritten(self, before: Tensor, output: Any) -> Tensor:
        """What is in a tensor's memory after an in-place operation."""
        assert isinstance(output, Tensor), f"an in-place operation gives {output}"
        if output.base is not None and output.base is before.storage:
            return output
        if len(output.shape) == len(before.shape):
            same = all_of(*(eq(a, b) for a, b in zip(output.shape, before.shape, strict=True)))
        else:
            same = FALSE
        self.require(
            "broadcast-mismatch",
            same,
            "an in-place operation cannot change the shape {} into {}",
            before.shape,
            output.shape,
            help="use the form that returns a new tensor",
        )
        return before.overwritten(output.data)

    def record_function(self, name: str, args: Any, output: Any, saved: Any) -> None:
        """Note that autograd takes what was just computed for one function, and what that keeps."""
        inputs = tuple(self.lift(a) for a in args if isinstance(a, torch.Tensor))
        made = [
            t for t in (output if isinstance(output, (tuple, list)) else (output,)) if isinstance(t, SymbolicTensor)
        ]
        before = [t.spec for t in made]
        for tensor in made:
            tensor.spec = tensor.spec.view(tensor.spec.shape, tensor.spec.strides)
        after = dict(zip(before, (t.spec for t in made), strict=True))
        kept = [self.lift(t) for t in saved if isinstance(t, torch.Tensor)]
        backward = Backward(tuple(Saved(after.get(t, t)) for t in kept))
        self._record(name, list(inputs), tuple(after.values()), Outcome(None, backward=backward), None)

    def _unruled(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if getattr(func, "__name__", "") in ("__get__", "__set__", "__delete__"):
            return self._attribute(func, args)
        inputs: list[Tensor] = []
        plain_args = [self._plain(a, inputs) for a in args]
        plain_kwargs = {k: self._plain(v, inputs) for k, v in kwargs.items() if k != "out"}
        if values.may_fold(inputs) and values.is_concrete((plain_args, plain_kwargs)):
            output = values.computed(self, func, args, kwargs)
            self._record(_name(func), inputs, output, Outcome(output), func)
            return self._shown(output)
        from convsym.trace import meta

        output, cost = meta.infer(self, func, plain_args, plain_kwargs)
        target = kwargs.get("out")
        if target is None and is_in_place(func) and args and isinstance(args[0], torch.Tensor):
            output = self._overwritten(inputs[0], output)
            self._record(_name(func), inputs, output, Outcome(output, cost), func)
            self.replace(args[0], output)
            return args[0]
        self._record(_name(func), inputs, output, Outcome(output, cost), func)
        return self._shown(output) if target is None else self._written(target, output)

    def _attribute(self, func: Any, args: tuple[Any, ...]) -> Any:
        name = func.__self__.__name__
        if func.__name__ == "__set__":
            if name == "data":
                self.replace(args[0], args[1])
                return None
        elif name == "device":
            return self.device
        elif name == "is_meta":
            return False
        elif isinstance(args[0], SymbolicTensor) or id(args[0]) in self.overridden:
            if name in ("T", "mT", "H", "mH", "real", "imag"):
                return getattr(self, f"_attribute_{name}")(args[0])
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args)

    def _attribute_T(self, tensor: Any) -> Any:
        return tensor.permute(*reversed(range(tensor.dim())))

    def _attribute_mT(self, tensor: Any) -> Any:
        return tensor.transpose(-2, -1)

    def _attribute_H(self, tensor: Any) -> Any:
        return tensor.conj().permute(*reversed(range(tensor.dim())))

    def _attribute_mH(self, tensor: Any) -> Any:
        return tensor.conj().transpose(-2, -1)

    def _attribute_real(self, tensor: Any) -> Any:
        return torch.view_as_real(tensor).select(-1, 0) if tensor.dtype.is_complex else tensor

    def _attribute_imag(self, tensor: Any) -> Any:
        return torch.view_as_real(tensor).select(-1, 1)

    def dispatched(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call that torch's C++ makes on a traced tensor, as an aten operator."""
        name = func._schema.name.partition("::")[2]
        tensor = args[0] if args else None
        if isinstance(tensor, SymbolicTensor):
            if name in ("sym_size", "size"):
                return tensor.size(*args[1:])
            if name in ("sym_stride", "stride"):
                return tensor.stride(*args[1:])
            if name in ("sym_numel", "numel"):
                return tensor.numel()
            if name in ("sym_storage_offset", "storage_offset"):
                return 0
            if name == "dim":
                return tensor.dim()
            if name in ("is_contiguous", "is_strides_like_format", "is_non_overlapping_and_dense", "sym_is_contiguous"):
                return tensor.spec.strides is None and name != "is_strides_like_format"
            if name in ("detach", "alias", "lift_fresh"):
                return tensor
        for space in (torch, torch.Tensor, torch._C._nn, torch.special, torch.fft, torch.linalg):
            function = getattr(space, name, None)
            if function is not None and function in self.catalogue.functions:
                return self.call(function, args, kwargs)
        return self._unruled(func, args, kwargs)

    # Calls of modules

    def call_module(self, module: nn.Module, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a module returns: from its rule when its exact type has one, else by tracing inside."""
        path = self.names.get(id(module)) or self.module_path
        index = self.times_called.get(path, 0)
        self.remember_called([path])
        self._modules.append((module, path))
        try:
            if isinstance(module, LazyModuleMixin) and args and isinstance(args[0], torch.Tensor):
                self.first_inputs.setdefault(id(module), self.lift(args[0]))
            entry = self.catalogue.modules.get(type(module))
            if entry is not None and _unhooked(module):
                rule, arguments = entry
                leaf_args, leaf_kwargs = arguments(module, *args, **kwargs)
                before, self._leaf = self._leaf, module
                try:
                    output = self._ruled(rule, None, leaf_args, leaf_kwargs)
                finally:
                    self._leaf = before
            else:
                output = self._inside_module(module, original, args, kwargs)
        except BaseException:
            # The innermost module comes first; the ones around it see the same exception later.
            self.deepest = self.deepest or path
            raise
        finally:
            self._modules.pop()
        if (
            isinstance(module, LAYERS)
            and args
            and isinstance(output, torch.Tensor)
            and isinstance(args[0], torch.Tensor)
        ):
            self.layers.append(LayerCall(path, index, self.lift(args[0]), self.lift(output), type(module).__name__))
        return output

    def remember_called(self, paths: list[str]) -> None:
        """Count one more call of each of these modules."""
        self.called += paths
        for path in paths:
            self.times_called[path] = self.times_called.get(path, 0) + 1

    def forget_called(self, kept: int) -> None:
        """Keep only the first so many calls of modules."""
        for path in self.called[kept:]:
            self.times_called[path] -= 1
        del self.called[kept:]

    def _inside_module(self, module: nn.Module, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def call() -> Any:
            return original(module, *args, **kwargs)

        # The whole forward is followed along every way by explore().
        return call() if len(self._modules) == 1 else call_joined(self, module, args, kwargs, call)

    @property
    def module_path(self) -> str:
        """The qualified name of the innermost module."""
        return self._modules[-1][1] if self._modules else ""

    def _definition(self) -> Place | None:
        return self.definitions.get(id(self._modules[-1][0])) if self._modules else None

    # Between what user code holds and what rules take

    def lift(self, tensor: torch.Tensor) -> Tensor:
        """What is known of any tensor: of a traced one its spec, of a parameter, buffer or constant its shape."""
        if type(tensor) is SymbolicTensor:
            return tensor.spec
        known = self.overridden.get(id(tensor)) or self.lifted.get(id(tensor))
        if known is not None:
            return known[1]
        with torch._C.DisableTorchFunction():
            if nn.parameter.is_lazy(tensor):
                spec = Tensor((), tensor.dtype)
            else:
                data = None
                # The elements of a weight are whatever training makes of them; only small ones steer a forward.
                most = _MOST_ELEMENTS_OF_A_WEIGHT if isinstance(tensor, nn.Parameter) else _MOST_ELEMENTS_KEPT
                if tensor.device.type == "cpu" and tensor.layout == torch.strided and tensor.numel() <= most:
                    data = tensor.detach()
                strides = None if tensor.is_contiguous() else tuple(tensor.stride())
                spec = Tensor(tuple(tensor.shape), tensor.dtype, strides, data)
        self.lifted[id(tensor)] = (tensor, spec)
        return spec

    def _plain(self, value: Any, inputs: list[Tensor]) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if isinstance(value, torch.Tensor):
            spec = self.lift(value)
            inputs.append(spec)
            return spec
        if kind is SymbolicInt:
            return value.size
        if isinstance(value, (tuple, list)):
            items = [self._plain(v, inputs) for v in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, torch.SymInt):
            return size_of(value)
        if isinstance(value, SymbolicFloat):
            return value.value
        if isinstance(value, SymbolicBool):
            return bool(value)
        if isinstance(value, dict):
            return {k: self._plain(v, inputs) for k, v in value.items()}
        if isinstance(value, slice):
            return slice(*(self._plain(v, inputs) for v in (value.start, value.stop, value.step)))
        size = size_of(value)
        return size if size is not None else as_builtin(value)

    def _shown(self, output: Any) -> Any:
        if type(output) is Tensor:
            return self.lifetimes.watched(SymbolicTensor(output, self.device), self.calls)
        if isinstance(output, (tuple, list)):
            shown = [self._shown(o) for o in output]
            if type(output) is list:
                return shown
            return tuple(shown) if type(output) is tuple else type(output)(shown)
        if isinstance(output, torch.Tensor):
            return output
        size = output if type(output) is int else None
        return output if size is not None or _is_plain(output) else integer(output)

    def _record(
        self, op: str, inputs: list[Tensor], output: Any, outcome: Outcome, func: Any, keeps: Keeps | None = None
    ) -> None:
        outputs = tuple(_tensors(output))
        if not outputs:
            return
        self.calls.append(
            Call(
                index=len(self.calls),
                op=op,
                path=self.module_path,
                inputs=tuple(inputs),
                outputs=outputs,
                parameters=outcome.parameters,
                cost=outcome.cost,
                place=user_place(),
                definition=self._definition() if self._leaf is not None else None,
                module=type(self._leaf).__name__ if self._leaf is not None else "",
                function=_qualified(func) if func is not None else "",
                grad=torch.is_grad_enabled(),
                declared=outcome.backward,
                keeps=keeps,
            )
        )


def _unhooked(module: nn.Module) -> bool:
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


def _is_plain(value: Any) -> bool:
    return type(value) in _PLAIN or not hasattr(value, "free_symbols")


def _tensors(output: Any) -> list[Tensor]:
    if type(output) is Tensor:
        return [output]
    if isinstance(output, (tuple, list)):
        return [t for o in output for t in _tensors(o)]
    return []
