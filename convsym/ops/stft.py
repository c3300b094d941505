"""Short-time Fourier transforms: torch.stft and torch.istft."""

from __future__ import annotations

import torch

from convsym.graph.backward import Backward, Saved
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor, dtype_name
from convsym.ops.broadcast import result_dtype
from convsym.ops.catalogue import OpRule, Outcome, Site
from convsym.ops.elementwise import real_dtype, require_kind
from convsym.ops.strides import view_of
from convsym.sizes.arithmetic import Size, add, floor_div, multiply, subtract
from convsym.sizes.condition import FALSE, TRUE, all_of, eq, ge, gt, le, lt, ne


def stft(
    site: Site,
    input: Tensor,
    n_fft: Size,
    hop_length: Size | None = None,
    win_length: Size | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Outcome:
    """The transforms of overlapping frames of `input` (samples) or (batch, samples): (..., frequencies, frames).

    There are 1 + (samples - n_fft) // hop_length frames, of samples that `center` pads with n_fft // 2 on both sides.
    """
    hop = floor_div(n_fft, 4) if hop_length is None else hop_length
    complex_result = input.dtype.is_complex or (window is not None and window.dtype.is_complex)
    one_sided = (not complex_result) if onesided is None else onesided
    parameters = {"n_fft": n_fft, "hop_length": hop, "center": center, "onesided": one_sided}
    require_kind(site, "stft", input.dtype, "fc")
    site.require(
        "argument-value",
        FALSE if return_complex is None and not complex_result else TRUE,
        "stft of a real signal must be told whether to return complex numbers",
        help="pass return_complex=True",
    )
    site.require(
        "argument-value",
        FALSE if one_sided and complex_result else TRUE,
        "stft cannot give one side only of the spectrum of a complex signal",
        help="pass onesided=False",
    )
    if not site.require(
        "input-rank",
        TRUE if input.rank in (1, 2) else FALSE,
        "stft takes input of 1 or 2 axes, but gets shape {}",
        input.shape,
        help="give it (samples) or (batch, samples)",
    ):
        return Outcome(input, parameters=parameters)
    samples = input.shape[-1]
    if center:
        pad = floor_div(n_fft, 2)
        if pad_mode in ("reflect", "circular"):
            site.require(
                "padding-too-large",
                lt(pad, samples) if pad_mode == "reflect" else le(pad, samples),
                "stft pads {} samples on a side by pad_mode={}, but the signal has only {}",
                pad,
                repr(pad_mode),
                samples,
                help="use a smaller n_fft, another pad_mode, or center=False",
            )
        samples = add(samples, multiply(2, pad))
    site.require(
        "stft-frame",
        all_of(gt(n_fft, 0), le(n_fft, samples)),
        "stft takes frames of {} from a signal of {} samples",
        n_fft,
        samples,
        help="use a smaller n_fft, or a longer signal",
    )
    _require_window(site, "stft", n_fft, hop, win_length, window)
    frequencies = add(floor_div(n_fft, 2), 1) if one_sided else n_fft
    frames = _frames(site, samples, n_fft, hop)
    shape = (*input.shape[:-1], frequencies, frames)
    dtype = torch.complex128 if input.dtype in (torch.float64, torch.complex128) else torch.complex64
    inner: tuple[Size, ...] = (1, frequencies)
    strides = (multiply(frequencies, frames), *inner) if input.rank == 2 else inner
    output = view_of(Tensor(shape, dtype), shape, strides)
    backward = _kept_of_frames(input, window, n_fft, win_length, samples, frames, pad_mode if center else None)
    if not return_complex and not (return_complex is None and complex_result):
        parts = (*(multiply(2, stride) for stride in strides), 1)
        output = view_of(Tensor(shape, real_dtype(dtype)), (*shape, 2), parts)
    return Outcome(output, Cost(elementwise=output.numel), parameters, backward)


def _kept_of_frames(
    input: Tensor,
    window: Tensor | None,
    n_fft: Size,
    win_length: Size | None,
    samples: Size,
    frames: Size,
    pad_mode: str | None,
) -> Backward:
    """What autograd keeps of a transform: what was padded by its own elements, the window, and the frames.

    Frames are views of the padded signal, or of the signal itself, until a window is laid over them. One that is shorter
    than a frame is padded itself, and so is made where there is none.
    """
    batch = input.shape[:-1]
    padded = input if pad_mode is None else input.with_shape(*batch, samples)
    saved = [Saved(input, (input,))] if pad_mode in ("reflect", "replicate") else []
    read = padded
    is_short = win_length is not None and win_length != n_fft
    if window is not None or is_short:
        laid = Tensor((n_fft,), input.dtype) if window is None else window
        laid = laid.with_shape(n_fft) if is_short else laid
        wanted = () if window is None else (window,)
        saved += [Saved(laid, (input,)), *([Saved(padded, wanted)] if wanted else [])]
        read = Tensor((*batch, frames, n_fft), result_dtype(input, laid))
    # The transform of complex numbers keeps nothing.
    return Backward((*saved, *(() if read.dtype.is_complex else (Saved(read),))))


def _frames(site: Site, samples: Size, n_fft: Size, hop: Size) -> Size:
    if isinstance(hop, int) and hop < 1:
        return site.unknown(1)
    return add(floor_div(subtract(samples, n_fft), hop), 1)


def _require_window(
    site: Site, op: str, n_fft: Size, hop: Size, win_length: Size | None, window: Tensor | None
) -> None:
    length = n_fft if win_length is None else win_length
    site.require(
        "stft-frame",
        gt(hop, 0),
        "{} has hop_length={}, which must be at least 1",
        op,
        hop,
        help="give a hop_length, or a larger n_fft",
    )
    site.require(
        "stft-frame",
        all_of(gt(length, 0), le(length, n_fft)),
        "{} has win_length={}, which must lie between 1 and n_fft={}",
        op,
        length,
        n_fft,
        help="make the window at most as long as the frame",
    )
    if window is not None:
        site.require(
            "stft-window",
            all_of(TRUE if window.rank == 1 else FALSE, eq(window.shape[0] if window.rank else 1, length)),
            "{} takes a window of {} samples, but gets shape {}",
            op,
            length,
            window.shape,
            help="make the window win_length long",
        )


def istft(
    site: Site,
    input: Tensor,
    n_fft: Size,
    hop_length: Size | None = None,
    win_length: Size | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: Size | None = None,
    return_complex: bool = False,
) -> Outcome:
    """The signal (samples) or (batch, samples) whose frames have the transforms `input` (..., frequencies, frames)."""
    hop = floor_div(n_fft, 4) if hop_length is None else hop_length
    parameters = {"n_fft": n_fft, "hop_length": hop, "center": center}
    site.require(
        "dtype-mismatch",
        TRUE if input.dtype in (torch.complex64, torch.complex128) else FALSE,
        "istft takes complex numbers, but gets {}",
        dtype_name(input.dtype),
        help="use torch.view_as_complex",
    )
    if not site.require(
        "input-rank",
        TRUE if input.rank in (2, 3) else FALSE,
        "istft takes input of 2 or 3 axes, but gets shape {}",
        input.shape,
        help="give it (frequencies, frames) or (batch, frequencies, frames)",
    ):
        return Outcome(input, parameters=parameters)
    *batch, frequencies, frames = input.shape
    # Unless it is told, torch sees by the number of frequencies whether they are one side only.
    one_sided = site.holds(ne(frequencies, n_fft)) if onesided is None else onesided
    wanted = add(floor_div(n_fft, 2), 1) if one_sided else n_fft
    site.require(
        "argument-value",
        FALSE if return_complex and one_sided else TRUE,
        "istft cannot make a complex signal from one side of a spectrum",
        help="pass onesided=False",
    )
    site.require(
        "stft-frame",
        eq(frequencies, wanted),
        "istft with n_fft={} takes {} frequencies, but gets {}",
        n_fft,
        wanted,
        frequencies,
        help="use the n_fft that the spectrum was made with",
    )
    site.require("stft-frame", ge(frames, 1), "istft needs at least one frame, but gets {}", frames)
    _require_window(site, "istft", n_fft, hop, win_length, window)
    span = n_fft if win_length is None else win_length
    is_short = span != n_fft
    site.require(
        "stft-frame",
        le(hop, span),
        "istft has hop_length={}, which must be at most win_length={}",
        hop,
        span,
        help="make frames overlap",
    )
    samples = add(n_fft, multiply(hop, subtract(frames, 1)))
    if length is not None:
        samples = length
    elif center:
        samples = subtract(samples, multiply(2, floor_div(n_fft, 2)))
    dtype = input.dtype if return_complex else real_dtype(input.dtype)
    output = Tensor((*batch, samples), dtype)
    # A window that is learned is squared, laid out and divided by; what that keeps is not stated.
    is_learned = window is not None and site.requires_grad(window)
    whole = Tensor((add(n_fft, multiply(hop, subtract(frames, 1))),), real_dtype(input.dtype))
    laid = whole.with_shape(n_fft) if window is None or is_short else window
    backward = None if is_learned else Backward((Saved(laid), Saved(whole)))
    return Outcome(output, Cost(elementwise=input.numel), parameters, backward)


RULES = (OpRule("stft", stft, (torch.stft,)), OpRule("istft", istft, (torch.istft, torch.Tensor.istft)))
