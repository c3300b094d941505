"""What single functions of torch do while a model is built without weights, and which are of one kind.

Each stand-in is called as stand_in(mode, function, args, kwargs).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from convsym.trace.drawn import Drawn

if TYPE_CHECKING:
    from convsym.trace.weightless import Weightless

EAGER_ELEMENTS = 1 << 10
_signature = cache(inspect.signature)
_CPU = torch.device("cpu")
_HOST = ("cpu", "meta")


def emptied(tensor: torch.Tensor) -> torch.Tensor:
    """A meta tensor of the same sizes, strides and dtype."""
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _host(device: Any) -> Any:
    """The device itself where it is the CPU or meta, else the CPU."""
    if device is None or isinstance(device, torch.Tensor):
        return device
    kind = device.type if isinstance(device, torch.device) else str(device).partition(":")[0]
    return device if kind in _HOST else _CPU


def on_host(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of a factory with every accelerator replaced by the CPU."""
    kwargs = dict(kwargs)
    if "device" in kwargs:
        kwargs["device"] = _host(kwargs["device"])
    kwargs.pop("pin_memory", None)
    return kwargs


def _empty(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    kwargs = on_host(kwargs)
    try:
        made = func(*args, **kwargs)
    except RuntimeError as error:
        if "allocate" not in str(error):
            raise
        made = func(*args, **kwargs | {"device": "meta"})
        mode.drawn[made] = Drawn(lambda: func(*args, **kwargs), plain=True)
        return made
    if not made.is_meta and made.numel() > EAGER_ELEMENTS:
        size, stride, dtype = made.shape, made.stride(), made.dtype
        mode.pending[made] = Drawn(lambda: torch.empty_strided(size, stride, dtype=dtype))
    return made


def _filled(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    kwargs = on_host(kwargs)
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
    return mode.fill(func, args, kwargs)


def _init(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    bound = _signature(func).bind(*args, **kwargs)
    tensor = bound.arguments.pop("tensor")
    if func is not nn.init.kaiming_uniform_ or 0 in tensor.shape:
        return mode.fill(func, (tensor,), bound.arguments)
    bound.apply_defaults()
    nn.init._calculate_correct_fan(tensor, bound.arguments["mode"])
    nn.init.calculate_gain(bound.arguments["nonlinearity"], bound.arguments["a"])
    lazy = mode.drawn.get(tensor) if tensor.is_meta else mode.pending.get(tensor)
    if lazy is None:
        return func(tensor, **bound.arguments)
    shape, dtype = tensor.shape, tensor.dtype
    lazy.refill(lambda: torch.empty(shape, dtype=dtype), (func, (), bound.arguments))
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
    mode.pending.pop(tensor)
    if not isinstance(value, torch.Tensor) or tensor.is_meta == value.is_meta:
        if isinstance(value, torch.Tensor) and value.is_meta and value in mode.drawn:
            mode.drawn[tensor] = mode.drawn[value]
        elif isinstance(value, torch.Tensor):
            mode.settle(value)
        return func(tensor, value)
    if tensor.is_meta:
        mode.drawn[tensor] = mode.pending.pop(value) or Drawn.of(value.detach())
        return func(tensor, emptied(value))
    return func(tensor, mode.drawn[value].value() if value in mode.drawn else value)


def _like(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    kwargs = on_host(kwargs)
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


def _deepcopy(mode: Weightless, func: Any, args: Any, kwargs: Any) -> Any:
    tensor, memo = args
    if not tensor.is_meta:
        mode.settle(tensor)
        return func(tensor, memo)
    if id(tensor) not in memo:
        made = tensor.detach().clone().requires_grad_(tensor.requires_grad)
        if tensor in mode.drawn:
            mode.drawn[made] = mode.drawn[tensor].copied()
        memo[id(tensor)] = made
    return memo[id(tensor)]


def _functions(names: str, *spaces: Any) -> list[Any]:
    return [getattr(space, name) for name in names.split() for space in spaces if hasattr(space, name)]


def _getters(names: str) -> list[Any]:
    return [getattr(torch.Tensor, name).__get__ for name in names.split() if hasattr(torch.Tensor, name)]


_FILLS = "uniform_ normal_ random_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ fill_ zero_"
_NUMBERS = "add sub mul div true_divide clamp clamp_min clamp_max pow neg abs sqrt exp log tanh sigmoid erfinv"
WITH_NUMBERS = frozenset(
    _functions(_NUMBERS + " __add__ __radd__ __sub__ __mul__ __rmul__ __truediv__ __neg__ __pow__", torch.Tensor)
    + _functions(_NUMBERS, torch)
)
IN_PLACE_WITH_NUMBERS = frozenset(
    _functions(
        "add_ sub_ mul_ div_ clamp_ clamp_min_ clamp_max_ pow_ neg_ abs_ sqrt_ exp_ log_ tanh_ sigmoid_ erfinv_ "
        "__iadd__ __isub__ __imul__ __itruediv__",
        torch.Tensor,
    )
)
INDEXING = frozenset({torch.Tensor.__getitem__, torch.Tensor.__setitem__})
ALIASES = frozenset(_functions("detach detach_ requires_grad_", torch.Tensor))
_LIKES = (
    "empty_like zeros_like ones_like full_like rand_like randn_like randint_like new_empty new_zeros new_ones new_full"
)
LIKE = frozenset(_functions(_LIKES, torch, torch.Tensor))
SHAPE_ONLY = frozenset(
    _functions(
        "dim ndimension size numel nelement stride storage_offset is_floating_point is_complex is_contiguous "
        "element_size requires_grad_ register_hook register_post_accumulate_grad_hook retain_grad __len__ __hash__ "
        "is_signed get_device has_names is_shared __repr__ is_inference is_same_size",
        torch.Tensor,
    )
    + _functions("is_floating_point is_complex numel is_tensor", torch)
)

STAND_INS: dict[Any, Callable[..., Any]] = {
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
    **dict.fromkeys(SHAPE_ONLY, _plain),
    **dict.fromkeys(_functions("empty", torch), _empty),
    **dict.fromkeys(_functions("zeros ones full rand randn randint normal", torch), _filled),
    **dict.fromkeys(_functions(_FILLS, torch.Tensor), _fill),
    **dict.fromkeys(LIKE, _like),
    **dict.fromkeys(_functions("kaiming_uniform_ uniform_ normal_ constant_", nn.init), _init),
    **dict.fromkeys(_functions("__deepcopy__", torch.Tensor), _deepcopy),
    **dict.fromkeys(_functions("to", torch.Tensor), _to),
    **dict.fromkeys(_functions("cuda cpu xpu pin_memory share_memory_", torch.Tensor), _stay),
}
