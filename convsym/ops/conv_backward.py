"""What autograd keeps of convolutions, what their gradients cost, and the memory that their kernels take for themselves."""

from __future__ import annotations

import torch

from convsym.graph.backward import Backward, Gradient, Saved
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import TRUE, Condition, all_of, eq, le

_BLOCK = 8  # channels
_SMALL_KERNEL = 3
_SMALL_IMAGE = 20480  # elements, channels included


def of_convolution(
    read: Tensor, input: Tensor, weight: Tensor, output: Tensor, flops: Size, channels_last: bool = False
) -> Backward:
    """Autograd keeps what the kernel read and the weight; each of the two gradients costs what the forward costs.

    Where the kernel writes its result with `channels_last`, it is copied once more.
    """
    gradients = (Gradient((input,), flops), Gradient((weight,), flops))
    return Backward((Saved(read), Saved(weight)), gradients, workspace=_reordered(read, weight, output, channels_last))


def _reordered(read: Tensor, weight: Tensor, output: Tensor, channels_last: bool) -> tuple[tuple[Tensor, ...], ...]:
    """oneDNN computes on copies in blocks of channels: first of input and weight, then of the result.

    Images of few channels are read as they are, and so is everything that has its channels innermost.
    """
    if read.strides is not None:
        return ((weight.with_shape(*weight.shape),),)
    channels = read.shape[-(weight.rank - 1)] if read.rank >= weight.rank - 1 else 1
    few = isinstance(channels, int) and channels < _BLOCK
    given = () if few else (read.with_shape(*read.shape),)
    result = output.with_shape(*output.shape)
    return (*given, weight.with_shape(*weight.shape)), (result, result) if channels_last else (result,)


def on_small_images(
    read: Tensor, weight: Tensor, output: Tensor, is_dense: bool
) -> tuple[Condition, tuple[tuple[Tensor, ...], ...]] | None:
    """One small image and a small kernel are no work for oneDNN: torch lays the windows out as columns and multiplies.

    A kernel of one pixel needs no columns where it `is_dense`: without stride and padding. None where no image is small.
    """
    kernel = weight.shape[2:]
    large = all(isinstance(k, int) and k > _SMALL_KERNEL for k in kernel)
    if large or read.strides is not None or read.dtype != torch.float32:
        return None
    alone = eq(read.shape[0], 1) if read.rank == 4 else TRUE
    plain = all(k == 1 for k in kernel) and is_dense
    columns = output.with_shape(*weight.shape[1:], *output.shape[-2:])
    return all_of(alone, le(read.numel, _SMALL_IMAGE)), ((),) if plain else ((columns,),)
