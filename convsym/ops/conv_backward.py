"""What autograd keeps of convolutions, what their gradients cost, and the memory that their kernels take for themselves."""

from __future__ import annotations

import torch

from convsym.graph.backward import Backward, Gradient, Saved, Tensors
from convsym.graph.tensor import Tensor
from convsym.sizes.arithmetic import Size, ceil_div, multiply, subtract
from convsym.sizes.condition import TRUE, Condition, all_of, eq, le

_BLOCK = 8  # channels
_SMALL_KERNEL = 3
_SMALL_IMAGE = 20480  # elements, channels included


def of_convolution(
    read: Tensor,
    input: Tensor,
    weight: Tensor,
    output: Tensor,
    flops: Size,
    channels_last: bool = False,
    fills_blocks: bool = False,
) -> Backward:
    """Autograd keeps what the kernel read and the weight; each of the two gradients costs what the forward costs.

    Where the kernel writes its result with `channels_last`, it is copied once more. It `fills_blocks` of channels where
    they are in one group, or each in one of its own.
    """
    gradients = (Gradient((input,), flops), Gradient((weight,), flops))
    saved = (Saved(read), Saved(weight))
    if fills_blocks and read.strides is None:
        copies, result, more = _in_full_blocks(read, weight, output)
        return Backward(saved, gradients, workspace=((*copies, *more), (result,)), copied=(*copies, result))
    return Backward(saved, gradients, workspace=_reordered(read, weight, output, channels_last))


def _reordered(read: Tensor, weight: Tensor, output: Tensor, channels_last: bool) -> tuple[tuple[Tensor, ...], ...]:
    """oneDNN computes on copies in blocks of channels: first of input and weight, then of the result.

    Images of few channels are read as they are, and so is everything that has its channels innermost.
    """
    if read.strides is not None:
        return ((weight.with_shape(*weight.shape),),)
    given = () if _are_few(_channels(read, weight)) else (read.with_shape(*read.shape),)
    result = output.with_shape(*output.shape)
    return (*given, weight.with_shape(*weight.shape)), (result, result) if channels_last else (result,)


def _in_full_blocks(read: Tensor, weight: Tensor, output: Tensor) -> tuple[Tensors, Tensor, Tensors]:
    """Copies of input and weight, and of the result, of a convolution in one group or in one for each channel.

    There the last block is a full one too. While input and weight are copied the blocks of the result are there already
    and its plain form is not: last is what they hold more than that.
    """
    channels, made = _channels(read, weight), weight.shape[0]
    few, apart = _are_few(channels), weight.shape[1] != channels
    kernel = (_full(made), weight.shape[1] if few or apart else _full(weight.shape[1]), *weight.shape[2:])
    copies = (*(() if few else (_of_channels(read, weight, _full(channels)),)), weight.with_shape(*kernel))
    more = () if _full(made) == made else (_of_channels(output, weight, subtract(_full(made), made)),)
    return copies, _of_channels(output, weight, _full(made)), more


def _channels(image: Tensor, weight: Tensor) -> Size:
    axes = weight.rank - 1
    return image.shape[-axes] if image.rank >= axes else 1


def _of_channels(image: Tensor, weight: Tensor, channels: Size) -> Tensor:
    at = image.rank - weight.rank + 1
    return image.with_shape(*image.shape[:at], channels, *image.shape[at + 1 :]) if at >= 0 else image


def _are_few(channels: Size) -> bool:
    return isinstance(channels, int) and channels < _BLOCK


def _full(channels: Size) -> Size:
    return multiply(_BLOCK, ceil_div(channels, _BLOCK))


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
