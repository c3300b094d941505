"""What torch's functions do while a model is built without weights.

    parameters      on the meta device, each with a `Drawn` that tells its value if somebody reads it
    small tensors   real, as everything that a constructor computes with
    large fills     real memory that nobody has touched yet ("pending"); filled at the first use that is no fill, or
                    never, when it only becomes a parameter
    devices         every accelerator is the CPU: nothing is moved while nothing is there to move
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils.weak import WeakIdKeyDictionary

from convsym.trace.drawn import Drawn, Unread

EAGER_ELEMENTS = 1 << 10
_CPU = torch.device("cpu")
_HOST = ("cpu", "meta")
Handler = Callable[..., Any]


class Weightless(TorchFunctionMode):
    """The function mode of one `without_weights()` block."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: WeakIdKeyDictionary = WeakIdKeyDictionary()
        self.pending: WeakIdKeyDictionary = WeakIdKeyDictionary()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        handler = _HANDLERS.get(func)
        if handler is not None:
            return handler(self, func, args, kwargs)
        if kwargs and ("device" in kwargs or "pin_memory" in kwargs):
            kwargs = _on_host(kwargs)
        return self.apply(func, args, kwargs)

    def close(self) -> None:
        """Fill what is still pending: it belongs to the model now, as a buffer or an attribute."""
        for tensor in list(self.pending.keys()):
            self.settle(tensor)
        self.drawn.clear()

    # Parameters

    def parameter(self, original: Any, cls: type, data: Any, requires_grad: bool) -> Any:
        """A parameter like `data` that holds no weights."""
        if data is None or (type(data) is not torch.Tensor and type(data) is not nn.Parameter):
            return original(cls, data, requires_grad)
        drawn = self.drawn.get(data)
        if not data.is_meta:
            drawn = self.pending.pop(data, None) or Drawn.of(data.detach())
            data = _emptied(data)
        with torch._C.DisableTorchFunction():
            made = original(cls, data, requires_grad)
        if drawn is not None:
            self.drawn[made] = drawn
        return made

    def buffer(self, tensor: Any) -> Any:
        """A buffer is real, unless it was computed from weights."""
        drawn = self.drawn.get(tensor) if isinstance(tensor, torch.Tensor) and tensor.is_meta else None
        return drawn.value() if drawn is not None and drawn.plain else tensor

    # Reading, writing and computing

    def settle(self, tensor: torch.Tensor) -> None:
        """Fill a pending tensor now."""
        drawn = self.pending.pop(tensor, None)
        if drawn is not None:
            with torch._C.DisableTorchFunction(), torch.no_grad():
                torch.Tensor.data.__set__(tensor, drawn.value())  # type: ignore[attr-defined]

    def apply(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Any function that has no handler of its own."""
        tensors = _tensors(args, kwargs)
        if self.pending and func not in _SHAPE_ONLY:
            waiting = [t for t in tensors if t in self.pending]
            if waiting:
                later = self._later(func, args, kwargs, waiting)
                if later is not None:
                    return later
                for tensor in waiting:
                    self.settle(tensor)
        if any(t.is_meta for t in tensors) and func not in _SHAPE_ONLY:
            return self._lazily(func, args, kwargs, tensors)
        return func(*args, **kwargs)

    def _later(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], waiting: list[torch.Tensor]) -> Any:
        """Put off an element-wise operation with numbers on a pending tensor; None where it cannot be."""
        first = waiting[0]
        if args[0] is not first or any(isinstance(a, torch.Tensor) for a in (*args[1:], *kwargs.values())):
            return None
        if func in _IN_PLACE_WITH_NUMBERS:
            self.pending[first].then((func, args[1:], kwargs))
            return first
        if func in _WITH_NUMBERS and not first.requires_grad:
            source = self.pending[first].copied()
            made = func(_emptied(first), *args[1:], **kwargs)
            result = torch.empty_strided(made.shape, made.stride(), dtype=made.dtype)
            self.pending[result] = Drawn(lambda: func(source.value(), *args[1:], **kwargs))
            return result
        return None

    def _lazily(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[torch.Tensor]) -> Any:
        """Compute shapes only; the value can still be drawn. Where shapes do not suffice, draw."""
        writes = _is_in_place(func) and bool(args)
        if writes and not args[0].is_meta:
            return func(*self._real(args), **self._real(kwargs))
        if writes and func in _IN_PLACE_WITH_NUMBERS and len(tensors) == 1:
            return self._stepped(args[0], func, args, kwargs)
        try:
            result = func(*args, **kwargs)
        except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:
            return self._on_meta_or_drawn(func, args, kwargs, error)
        if writes:
            return self._stepped(result if result is not None else args[0], func, args, kwargs, result)
        return self._recorded(result, func, args, kwargs)

    def _on_meta_or_drawn(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> Any:
        meta_args, meta_kwargs = pytree.tree_map_only(torch.Tensor, _to_meta, (args, kwargs))
        try:
            result = func(*meta_args, **meta_kwargs)
        except (RuntimeError, NotImplementedError, TypeError, ValueError):
            try:
                drawn_args, drawn_kwargs = self._real(args), self._real(kwargs)
            except Unread:
                raise error from None
            return func(*drawn_args, **drawn_kwargs)
        if _is_in_place(func) and args and args[0].is_meta:
            return self._stepped(args[0], func, args, kwargs, result)
        return self._recorded(result, func, args, kwargs)

    def _recorded(self, result: Any, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        leaves = [result] if isinstance(result, torch.Tensor) else pytree.tree_leaves(result)
        made = [(i, t) for i, t in enumerate(leaves) if isinstance(t, torch.Tensor) and t.is_meta]
        if not made:
            return result
        if func in _ALIASES and (shared := self.drawn.get(args[0])) is not None:
            self.drawn[result] = shared
            return result
        from_args, from_kwargs = self._sources(args), self._sources(kwargs)
        for index, tensor in made:
            if tensor not in self.drawn:
                self.drawn[tensor] = Drawn(_computing(func, from_args, from_kwargs, index), plain=func in _LIKE)
        return result

    def _stepped(
        self, tensor: Any, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any = None
    ) -> Any:
        drawn = self.drawn.get(args[0])
        if drawn is not None:
            drawn.then((func, self._sources(args[1:]), self._sources(kwargs)))
        return tensor if result is None else result

    def _sources(self, arguments: Any) -> Any:
        """Arguments as a later computation needs them: lazy values instead of meta tensors."""

        def source(tensor: torch.Tensor) -> Any:
            if tensor.is_meta:
                known = self.drawn.get(tensor)
                return known.copied() if known is not None else Drawn(_no_value)
            return tensor

        return pytree.tree_map_only(torch.Tensor, source, arguments)

    def _real(self, arguments: Any) -> Any:
        def value(tensor: torch.Tensor) -> torch.Tensor:
            if not tensor.is_meta:
                return tensor
            known = self.drawn.get(tensor)
            if known is None:
                raise Unread
            return known.value()

        return pytree.tree_map_only(torch.Tensor, value, arguments)


def _no_value() -> torch.Tensor:
    raise Unread


def _computing(func: Any, args: Any, kwargs: Any, index: int) -> Callable[[], torch.Tensor]:
    from convsym.trace.drawn import real

    def compute() -> torch.Tensor:
        leaves = pytree.tree_leaves(func(*real(args), **real(kwargs)))
        made: torch.Tensor = leaves[index]
        return made

    return compute


def _emptied(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _to_meta(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.is_meta else _emptied(tensor)


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
    found = []
    for value in (*args, *kwargs.values()):
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple, dict)):
            found.extend(v for v in pytree.tree_leaves(value) if isinstance(v, torch.Tensor))
    return found


def _is_in_place(func: Any) -> bool:
    name: str = getattr(func, "__name__", "")
    if name.endswith("__"):
        return name in ("__setitem__",) or (name.startswith("__i") and name not in ("__index__", "__int__", "__invert__", "__iter__"))
    return name.endswith("_")


def _host(device: Any) -> Any:
    """The device itself where it is the CPU or meta, else the CPU."""
    if device is None or isinstance(device, torch.Tensor):
        return device
    kind = device.type if isinstance(device, torch.device) else str(device).partition(":")[0]
    return device if kind in _HOST else _CPU


def _on_host(kwargs: dict[str, Any]) -> dict[str, Any]:
    kwargs = dict(kwargs)
    if "device" in kwargs:
        kwargs["device"] = _host(kwargs["device"])
    kwargs.pop("pin_memory", None)
    return kwargs


# Handlers of single functions, each called as handler(mode, func, args, kwargs)


def _empty(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    kwargs = _on_host(kwargs)
    try:
        made = func(*args, **kwargs)
    except RuntimeError as error:
        if "allocate" not in str(error):
            raise
        made = func(*args, **kwargs | {"device": "meta"})
        mode.drawn[made] = Drawn(lambda: func(*args, **kwargs), plain=True)
        return made
    if not made.is_meta and made.numel() > EAGER_ELEMENTS:
        mode.pending[made] = Drawn(made.detach)
    return made


def _filled(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    kwargs = _on_host(kwargs)
    if kwargs.get("device") is not None or kwargs.get("out") is not None or kwargs.get("generator") is not None:
        return mode.apply(func, args, kwargs)
    try:
        shape = func(*args, **kwargs | {"device": "meta"})
    except (RuntimeError, NotImplementedError, TypeError):
        return mode.apply(func, args, kwargs)
    if shape.numel() <= EAGER_ELEMENTS or not shape.is_meta:
        return mode.apply(func, args, kwargs)
    try:
        made = torch.empty(shape.shape, dtype=shape.dtype, requires_grad=shape.requires_grad)
    except RuntimeError:
        mode.drawn[shape] = Drawn(lambda: func(*args, **kwargs), plain=True)
        return shape
    mode.pending[made] = Drawn(lambda: func(*args, **kwargs | {"requires_grad": False}))
    return made


def _fill(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    tensor = args[0] if args else kwargs.get("tensor")
    if not isinstance(tensor, torch.Tensor) or any(isinstance(a, torch.Tensor) for a in (*args[1:], *kwargs.values())):
        return mode.apply(func, args, kwargs)
    lazy = tensor.is_meta and tensor in mode.drawn
    if not lazy and tensor not in mode.pending:
        return mode.apply(func, args, kwargs)
    # The arguments are judged by torch itself, on a tensor without elements.
    func(torch.empty(0, dtype=tensor.dtype), *args[1:], **kwargs)
    shape, dtype = tensor.shape, tensor.dtype
    drawn = mode.drawn[tensor] if lazy else mode.pending[tensor]
    drawn.refill(lambda: torch.empty(shape, dtype=dtype), (func, args[1:], kwargs))
    return tensor


def _init(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    arguments = dict(zip(("tensor", "a", "mode", "nonlinearity", "generator"), args, strict=False)) | kwargs
    tensor = arguments.get("tensor")
    if not isinstance(tensor, torch.Tensor) or not (tensor.is_meta and tensor in mode.drawn or tensor in mode.pending):
        return mode.apply(func, args, kwargs)
    if func is nn.init.kaiming_uniform_:
        if 0 not in tensor.shape:
            nn.init._calculate_correct_fan(tensor, arguments.get("mode", "fan_in"))
            nn.init.calculate_gain(arguments.get("nonlinearity", "leaky_relu"), arguments.get("a", 0))
    del arguments["tensor"]
    shape, dtype = tensor.shape, tensor.dtype
    drawn = mode.drawn[tensor] if tensor.is_meta else mode.pending[tensor]
    drawn.refill(lambda: torch.empty(shape, dtype=dtype), (func, (), arguments))
    return tensor


def _to(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    tensor, rest = args[0], args[1:]
    if rest and isinstance(rest[0], torch.Tensor):
        rest = (rest[0].dtype, *rest[1:])
    if "other" in kwargs:
        kwargs = {k: v for k, v in kwargs.items() if k != "other"} | {"dtype": kwargs["other"].dtype}
    device = rest[0] if rest and isinstance(rest[0], (str, int, torch.device)) else kwargs.get("device")
    if device is None or (not tensor.is_meta and _host(device) is device):
        return mode.apply(func, (tensor, *rest), kwargs)
    if device is not None and str(device) == "meta":
        return mode.apply(func, (tensor, *rest), kwargs)
    kwargs = {k: v for k, v in kwargs.items() if k != "device"}
    rest = rest[1:] if rest and rest[0] is device else rest
    if rest and rest[0] is None:
        rest = ()
    kinds = [v for v in (*rest, kwargs.get("dtype")) if isinstance(v, torch.dtype)]
    if kinds and kinds[0] != tensor.dtype:
        return mode.apply(func, (tensor, kinds[0]), {})
    return mode.apply(torch.Tensor.clone, (tensor,), {}) if kwargs.get("copy") else tensor


def _stay(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    return args[0]


def _device(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    tensor = args[0]
    return _CPU if tensor.is_meta and tensor in mode.drawn else func(tensor)


def _is_meta(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    tensor = args[0]
    return tensor.is_meta and tensor not in mode.drawn


def _is_cpu(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    return func(*args) or args[0] in mode.drawn


def _plain(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    return func(*args, **kwargs)


def _get_data(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    tensor, made = args[0], func(args[0])
    if tensor.is_meta:
        drawn = mode.drawn.get(tensor)
        if drawn is not None:
            mode.drawn[made] = drawn
        return made
    mode.settle(tensor)
    return func(tensor)


def _set_data(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    tensor, value = args
    mode.pending.pop(tensor, None)
    if not isinstance(value, torch.Tensor) or tensor.is_meta == value.is_meta:
        if isinstance(value, torch.Tensor) and value.is_meta and value in mode.drawn:
            mode.drawn[tensor] = mode.drawn[value]
        elif isinstance(value, torch.Tensor):
            mode.settle(value)
        return func(tensor, value)
    if tensor.is_meta:
        mode.drawn[tensor] = mode.pending.pop(value, None) or Drawn.of(value.detach())
        return func(tensor, _emptied(value))
    return func(tensor, mode.drawn[value].value() if value in mode.drawn else value)


def _like(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    kwargs = _on_host(kwargs)
    if args and isinstance(args[0], torch.Tensor) and args[0].is_meta and args[0] in mode.drawn:
        kwargs.pop("device", None)
        made = func(*args, **kwargs)
        shape, dtype = made.shape, made.dtype
        rest = args[1:]
        name = getattr(func, "__name__", "")
        if name.startswith("new_"):
            mode.drawn[made] = Drawn(lambda: func(torch.empty(0, dtype=dtype), *rest, **kwargs), plain=True)
        else:
            mode.drawn[made] = Drawn(lambda: func(torch.empty(shape, dtype=dtype), *rest, **kwargs), plain=True)
        return made
    return mode.apply(func, args, kwargs)


def _functions(names: str, *spaces: Any) -> list[Any]:
    return [getattr(space, name) for name in names.split() for space in spaces if hasattr(space, name)]


def _getters(names: str) -> list[Any]:
    return [getattr(torch.Tensor, name).__get__ for name in names.split() if hasattr(torch.Tensor, name)]


_FILLS = "uniform_ normal_ random_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ fill_ zero_"
_NUMBERS = "add sub mul div true_divide clamp clamp_min clamp_max pow neg abs sqrt exp log tanh sigmoid erfinv"
_WITH_NUMBERS = frozenset(
    _functions(_NUMBERS + " __add__ __radd__ __sub__ __mul__ __rmul__ __truediv__ __neg__ __pow__", torch.Tensor)
    + _functions(_NUMBERS, torch)
)
_IN_PLACE_WITH_NUMBERS = frozenset(
    _functions(
        "add_ sub_ mul_ div_ clamp_ clamp_min_ clamp_max_ pow_ neg_ abs_ sqrt_ exp_ log_ tanh_ sigmoid_ erfinv_ "
        "__iadd__ __isub__ __imul__ __itruediv__",
        torch.Tensor,
    )
)
_ALIASES = frozenset(_functions("detach detach_ requires_grad_", torch.Tensor))
_LIKES = (
    "empty_like zeros_like ones_like full_like rand_like randn_like randint_like new_empty new_zeros new_ones new_full"
)
_LIKE = frozenset(_functions(_LIKES, torch, torch.Tensor))
_SHAPE_ONLY = frozenset(
    _functions(
        "dim ndimension size numel nelement stride storage_offset is_floating_point is_complex is_contiguous "
        "element_size requires_grad_ register_hook register_post_accumulate_grad_hook retain_grad __len__ __hash__ "
        "is_signed get_device has_names is_shared __repr__ is_inference is_same_size",
        torch.Tensor,
    )
    + _functions("is_floating_point is_complex numel is_tensor", torch)
)

_HANDLERS: dict[Any, Handler] = {
    **dict.fromkeys(
        _getters(
            "shape dtype ndim requires_grad is_leaf grad grad_fn layout is_sparse is_quantized is_cuda is_mps is_xpu "
            "is_nested names itemsize nbytes"
        ),
        _plain,
    ),
    **dict.fromkeys(_getters("device"), _device),
    **dict.fromkeys(_getters("is_meta"), _is_meta),
    **dict.fromkeys(_getters("is_cpu"), _is_cpu),
    **dict.fromkeys(_getters("data"), _get_data),
    torch.Tensor.data.__set__: _set_data,  # type: ignore[attr-defined]
    **dict.fromkeys(_SHAPE_ONLY, _plain),
    **dict.fromkeys(_functions("empty", torch), _empty),
    **dict.fromkeys(_functions("zeros ones full rand randn randint normal", torch), _filled),
    **dict.fromkeys(_functions(_FILLS, torch.Tensor), _fill),
    **dict.fromkeys(_LIKE, _like),
    **dict.fromkeys(_functions("kaiming_uniform_", nn.init), _init),
    **dict.fromkeys(_functions("to", torch.Tensor), _to),
    **dict.fromkeys(_functions("cuda cpu xpu pin_memory share_memory_", torch.Tensor), _stay),
}
