"""Elements of small tensors that are known before a model runs.

Position grids, window indices and lists of feature map sizes are computed by ordinary tensor operations from numbers
that the analysis knows. Such elements are a torch.Tensor where they are numbers, a NumPy object array where some of
them are symbolic sizes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from convsym.graph.tensor import Tensor
from convsym.sizes.evaluate import evaluate
from convsym.trace.numbers import SymbolicBool, SymbolicFloat, SymbolicInt, largest, smallest

Lift = Callable[[torch.Tensor], Tensor]

_MOST_ELEMENTS = 1 << 16
_MOST_SYMBOLIC = 1 << 10
_RANDOM = frozenset(
    getattr(space, name)
    for space in (torch, torch.Tensor)
    for name in [
        "rand",
        "randn",
        "randint",
        "randperm",
        "normal",
        "bernoulli",
        "multinomial",
        "rand_like",
        "randn_like",
        "randint_like",
        "dropout",
        "uniform_",
        "normal_",
        "random_",
        "bernoulli_",
        "exponential_",
        "geometric_",
        "cauchy_",
        "log_normal_",
        "empty",
        "empty_like",
        "new_empty",
        "empty_strided",
        "alpha_dropout",
        "feature_dropout",
    ]
    if hasattr(space, name)
)


def evaluated(value: Any, sample: dict[str, int]) -> Any:
    """The number that a size or a rational expression is at one member of the domain."""
    if isinstance(value, (int, float)):
        return value
    try:
        return evaluate(value, sample)
    except (TypeError, ValueError):
        return float(value.subs({s: sample[str(s)] for s in value.free_symbols}))


def may_fold(inputs: list[Tensor]) -> bool:
    """Whether the elements of every tensor of a call are known."""
    return all(tensor.data is not None for tensor in inputs)


def is_concrete(value: Any) -> bool:
    """Whether arguments hold no symbolic size."""
    if isinstance(value, (tuple, list)):
        return all(map(is_concrete, value))
    if isinstance(value, dict):
        return all(map(is_concrete, value.values()))
    if isinstance(value, Tensor):
        return isinstance(value.data, torch.Tensor)
    if isinstance(value, slice):
        return is_concrete((value.start, value.stop, value.step))
    return not hasattr(value, "free_symbols")


def folded(lift: Lift, func: Any, args: Any, kwargs: Any, output: Any, inputs: list[Tensor]) -> Any:
    """The output of a rule, with its elements where they can be known; an operand that is handed on stays itself."""
    if any(output is given for given in inputs):
        return output
    shapes = _leaves(output)
    if not shapes or func in _RANDOM or any(_too_large(t) for t in shapes):
        return output
    if all(isinstance(t.data, torch.Tensor) for t in inputs) and is_concrete_call(args, kwargs):
        made = computed(lift, func, args, kwargs)
        return _sharing(made, output) if made is not None else output
    return _symbolic(lift, func, args, kwargs, output)


def is_concrete_call(args: Any, kwargs: Any) -> bool:
    """Whether no number among raw arguments is symbolic."""
    if isinstance(args, (tuple, list)):
        return all(is_concrete_call(a, None) for a in args) and (kwargs is None or is_concrete_call(kwargs, None))
    if isinstance(args, dict):
        return all(is_concrete_call(a, None) for a in args.values())
    if isinstance(args, slice):
        return is_concrete_call((args.start, args.stop, args.step), None)
    return not isinstance(args, (SymbolicInt, SymbolicFloat, SymbolicBool))


def _too_large(tensor: Tensor) -> bool:
    numel = tensor.numel
    return not isinstance(numel, int) or numel > _MOST_ELEMENTS


def _leaves(output: Any) -> list[Tensor]:
    if type(output) is Tensor:
        return [output]
    if isinstance(output, (tuple, list)):
        return [t for o in output for t in _leaves(o)]
    return []


def computed(lift: Lift, func: Any, args: Any, kwargs: Any) -> Any:
    """Run a torch function on known elements; None where torch does not take them."""

    def actual(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            data = lift(value).data
            if data is None:
                return value
            # In-place forms must not write into a constant of the model.
            return data.clone() if isinstance(data, torch.Tensor) else torch.as_tensor(data.tolist())
        if isinstance(value, (tuple, list)) and not isinstance(value, torch.Size):
            items = [actual(v) for v in value]
            return items if isinstance(value, list) else tuple(items)
        return value

    plain = {k: actual(v) for k, v in kwargs.items() if k not in ("device", "out", "pin_memory")}
    try:
        with torch._C.DisableTorchFunction(), torch.no_grad():
            given = [actual(a) for a in args if not isinstance(a, torch.device)]
            made = func(*given, **plain)
            # An assignment to items gives nothing back.
            return _as_specs(given[0] if made is None and given else made)
    except (RuntimeError, TypeError, IndexError, NotImplementedError):
        return None


def _sharing(made: Any, output: Any) -> Any:
    """Computed tensors in the memory that a rule says they lie in."""
    if isinstance(made, Tensor) and isinstance(output, Tensor):
        return made if output.base is None else replace(made, base=output.base)
    if type(made) is type(output) and isinstance(made, (tuple, list)) and len(made) == len(output):
        parts = [_sharing(m, o) for m, o in zip(made, output, strict=True)]
        return parts if type(made) is list else tuple(parts) if type(made) is tuple else type(made)(parts)
    return made


def _as_specs(result: Any) -> Any:
    if isinstance(result, torch.Tensor):
        strides = None if result.is_contiguous() else tuple(result.stride())
        small = result.numel() <= _MOST_ELEMENTS
        return Tensor(tuple(result.shape), result.dtype, strides, result if small else None)
    if isinstance(result, (tuple, list)):
        made = [_as_specs(r) for r in result]
        return made if type(result) is list else tuple(made) if type(result) is tuple else type(result)(made)
    return result


def element(data: Any) -> Any:
    """The Python number of a one-element array."""
    if isinstance(data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return data.item()
    return data.reshape(-1)[0]


def nested(data: Any) -> Any:
    """The elements as nested lists of Python numbers."""
    if isinstance(data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return data.tolist()
    return data.tolist()


def array(data: Any) -> Any:
    """The elements as a NumPy array."""
    if isinstance(data, torch.Tensor):
        with torch._C.DisableTorchFunction():
            return data.numpy()
    return data


def filled(shape: list[int], make: Callable[[], Any]) -> Any:
    """Nested lists of a shape, each element made anew."""
    return make() if not shape else [filled(shape[1:], make) for _ in range(shape[0])]


def known(elements: Any, dtype: torch.dtype) -> Tensor:
    """A tensor of known elements, given as nested lists of numbers and symbolic numbers."""
    data = np.array(elements, dtype=object)
    return Tensor(tuple(int(n) for n in data.shape), dtype, data=data)


def _symbolic(lift: Lift, func: Any, args: Any, kwargs: Any, output: Any) -> Any:
    """The elements of an operation on symbolic elements, for what models compute with sizes."""
    operation = _ON_OBJECTS.get(getattr(func, "__name__", "").strip("_"))
    if operation is None or not isinstance(output, Tensor):
        return output
    numel = output.numel
    if not isinstance(numel, int) or numel > _MOST_SYMBOLIC:
        return output

    def objects(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            data = lift(value).data
            return np.array(nested(data), dtype=object) if isinstance(data, torch.Tensor) else data
        if isinstance(value, (tuple, list)):
            return type(value)(objects(v) for v in value) if type(value) in (tuple, list) else list(map(objects, value))
        return value

    try:
        result = operation(*map(objects, args), **{k: objects(v) for k, v in kwargs.items() if k not in _IGNORED})
        data = np.asarray(result, dtype=object)
    except (TypeError, ValueError, IndexError, AttributeError, KeyError):
        return output
    if data.shape != tuple(output.shape):
        return output
    if not output.dtype.is_floating_point and output.dtype != torch.bool:
        data = np.frompyfunc(_whole, 1, 1)(data) if data.size else data
        data = np.asarray(data, dtype=object)
    return replace(output, data=data)


_IGNORED = frozenset({"dtype", "device", "out", "non_blocking", "copy", "requires_grad", "memory_format"})


def _whole(value: Any) -> Any:
    return value if isinstance(value, SymbolicInt) else math.trunc(value)


def _along(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def over(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        axis = tuple(dim) if isinstance(dim, list) else dim
        return reduce(x, axis=axis, keepdims=keepdim)

    return over


def _same(x: Any, *_: Any, **__: Any) -> Any:
    return x


def _divided(a: Any, b: Any, rounding_mode: str | None = None) -> Any:
    if rounding_mode == "floor":
        return a // b
    return _TOWARDS_ZERO(a / b) if rounding_mode == "trunc" else a / b


def _assigned(x: Any, index: Any, value: Any) -> Any:
    made = np.array(x, dtype=object)
    made[index] = value.item() if isinstance(value, np.ndarray) and not value.ndim else value
    return made


def _swapped(x: Any, first: int, second: int) -> Any:
    return np.swapaxes(x, first, second)


def _permuted(x: Any, *dims: Any) -> Any:
    return np.transpose(x, dims[0] if isinstance(dims[0], (tuple, list)) else dims)


_TOWARDS_ZERO = np.frompyfunc(math.trunc, 1, 1)
_LARGEST, _SMALLEST = np.frompyfunc(largest, 2, 1), np.frompyfunc(smallest, 2, 1)
_ON_OBJECTS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "radd": lambda a, b: b + a,
    "sub": lambda a, b: a - b,
    "rsub": lambda a, b: b - a,
    "mul": lambda a, b: a * b,
    "multiply": lambda a, b: a * b,
    "rmul": lambda a, b: b * a,
    "div": _divided,
    "divide": _divided,
    "true_divide": lambda a, b: a / b,
    "truediv": lambda a, b: a / b,
    "floordiv": lambda a, b: a // b,
    "floor_divide": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,
    "neg": lambda a: -a,
    "maximum": _LARGEST,
    "minimum": _SMALLEST,
    "sum": _along(np.sum),
    "prod": _along(np.prod),
    "max": _along(_LARGEST.reduce),
    "amax": _along(_LARGEST.reduce),
    "min": _along(_SMALLEST.reduce),
    "amin": _along(_SMALLEST.reduce),
    "cumsum": lambda x, dim: np.cumsum(x, axis=dim),
    "cat": lambda xs, dim=0: np.concatenate(xs, axis=dim),
    "stack": lambda xs, dim=0: np.stack(xs, axis=dim),
    "flip": lambda x, dims: np.flip(x, dims),
    "getitem": lambda x, index: x[index],
    "setitem": _assigned,
    "select": lambda x, dim, index: np.take(x, index, axis=dim),
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "view": lambda x, *shape: x.reshape(*shape),
    "reshape": lambda x, *shape: x.reshape(*shape),
    "flatten": lambda x: x.reshape(-1),
    "ravel": lambda x: x.reshape(-1),
    "t": lambda x: x.T,
    "transpose": _swapped,
    "permute": _permuted,
    "squeeze": lambda x, dim=None: np.squeeze(x, dim),
    "new_zeros": lambda x, *shape: np.zeros(shape[0] if isinstance(shape[0], (tuple, list)) else shape, dtype=object),
    "to": _same,
    "long": _same,
    "int": _same,
    "float": _same,
    "type": _same,
    "clone": _same,
    "detach": _same,
    "contiguous": _same,
    "cpu": _same,
    "ceil": np.frompyfunc(math.ceil, 1, 1),
    "floor": np.frompyfunc(math.floor, 1, 1),
    "trunc": _TOWARDS_ZERO,
    "fix": _TOWARDS_ZERO,
    "abs": np.frompyfunc(abs, 1, 1),
    "absolute": np.frompyfunc(abs, 1, 1),
    "unbind": list,
    "tensor": lambda data: np.array(data, dtype=object),
    "as_tensor": lambda data: np.array(data, dtype=object),
    "new_tensor": lambda x, data: np.array(data, dtype=object),
}
