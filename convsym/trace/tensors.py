"""What user code holds for a tensor: a torch.Tensor without elements, whose sizes are symbolic.

A wrapper subclass passes every isinstance check and every C++ argument parser. Python code reaches it through
`__torch_function__`; what C++ code does with it (a scripted function, say) arrives at `__torch_dispatch__`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from convsym.graph.tensor import Tensor, contiguous_strides
from convsym.ops.arguments import axis
from convsym.sizes.arithmetic import Size
from convsym.trace.current import current, in_progress
from convsym.trace.numbers import integer
from convsym.trace.reading import array_of, value_of, values_of

_wrap = torch.Tensor._make_wrapper_subclass


class SymbolicTensor(torch.Tensor):
    """A tensor of the traced forward pass; `spec` says what is known of it.

    `frozen` is whether it was told to require no gradient, which matters of the parameters of open sizes.
    """

    frozen = False
    spec: Tensor
    _shape: torch.Size | None

    @staticmethod
    def __new__(cls, spec: Tensor, device: torch.device) -> SymbolicTensor:
        # The C++ sizes are placeholders; C++ code that reads them is sent to __torch_dispatch__.
        made: SymbolicTensor = _wrap(
            cls, (0,) * len(spec.shape), dtype=spec.dtype, device=device, dispatch_sizes_strides_policy="sizes"
        )
        made.spec = spec
        made._shape = None
        return made

    def __init__(self, spec: Tensor, device: torch.device) -> None:
        pass

    def stand_for(self, spec: Tensor) -> None:
        """Be another tensor from now on."""
        self.spec, self._shape = spec, None

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return current().call(func, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        return current().dispatched(func, args, kwargs or {})

    @property
    def shape(self) -> torch.Size:  # type: ignore[override]
        shape = self._shape
        if shape is None:
            shape = self._shape = torch.Size([integer(s) for s in self.spec.shape])
        return shape

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        return self.spec.dtype

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return current().device

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return len(self.spec.shape)

    def dim(self) -> int:
        return len(self.spec.shape)

    ndimension = dim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else integer(_along(self, "size", self.spec.shape, dim))

    def numel(self) -> Any:
        return integer(self.spec.numel)

    nelement = numel

    def element_size(self) -> int:
        return self.spec.dtype.itemsize

    def stride(self, dim: int | None = None) -> Any:
        strides = self.spec.strides or contiguous_strides(self.spec.shape)
        return tuple(map(integer, strides)) if dim is None else integer(_along(self, "stride", strides, dim))

    def storage_offset(self) -> int:
        return 0

    @property
    def requires_grad(self) -> bool:
        if getattr(self, "_is_param", False):
            return not self.frozen
        tracer = in_progress()
        return tracer is not None and tracer.autograd.requires_grad(self.spec)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> SymbolicTensor:
        self.frozen = not requires_grad
        tracer = in_progress()
        if requires_grad and tracer is not None and not getattr(self, "_is_param", False):
            tracer.start_gradient(self)
        return self

    @property
    def grad_fn(self) -> Any:  # type: ignore[override]
        tracer = in_progress()
        return None if tracer is None else tracer.autograd.grad_fn(self.spec)

    @property
    def is_leaf(self) -> bool:  # type: ignore[override]
        return self.grad_fn is None

    @property
    def grad(self) -> None:  # type: ignore[override]
        return None

    @property
    def is_cuda(self) -> bool:  # type: ignore[override]
        return bool(self.device.type == "cuda")

    @property
    def is_meta(self) -> bool:  # type: ignore[override]
        return False

    @property
    def is_sparse(self) -> bool:  # type: ignore[override]
        return False

    @property
    def is_quantized(self) -> bool:  # type: ignore[override]
        return False

    @property
    def is_nested(self) -> bool:  # type: ignore[override]
        return False

    @property
    def is_mkldnn(self) -> bool:  # type: ignore[override]
        return False

    @property
    def names(self) -> tuple[None, ...]:
        return (None,) * len(self.spec.shape)

    @property
    def data(self) -> Any:
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        current().passage.replace(self, value)

    @property
    def itemsize(self) -> int:  # type: ignore[override]
        return self.spec.dtype.itemsize

    def is_floating_point(self) -> bool:
        return self.spec.dtype.is_floating_point

    def is_complex(self) -> bool:
        return self.spec.dtype.is_complex

    def __len__(self) -> int:
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        return bool(value_of(current().site, self.spec))

    def __int__(self) -> int:
        return int(value_of(current().site, self.spec))

    __index__ = __int__

    def __float__(self) -> float:
        return float(value_of(current().site, self.spec))

    def item(self) -> Any:
        return value_of(current().site, self.spec)

    def tolist(self) -> Any:
        return values_of(current().site, self.spec)

    def numpy(self, *, force: bool = False) -> Any:
        return array_of(self.spec)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        array = array_of(self.spec)
        return array if dtype is None else array.astype(dtype)

    # torch says the same of `x @ y` and of `x.matmul(y)`; what was written is told apart here.

    def __matmul__(self, other: Any) -> Any:
        if not isinstance(other, torch.Tensor):
            return super().__matmul__(other)
        return current().call(torch.Tensor.__matmul__, (self, other), {})

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return str(self.spec)

    def __format__(self, spec: str) -> str:
        return str(self.spec)

    def __deepcopy__(self, memo: Any) -> SymbolicTensor:
        return self


def _along(tensor: SymbolicTensor, asked: str, sizes: tuple[Size, ...], dim: int) -> Size:
    """The one of the sizes that belongs to an axis; after an axis that is not there, any."""
    site = current().site
    at = axis(site, asked, dim, tensor.dim())
    return site.unknown(1) if at is None or not sizes else sizes[at]
