"""The convolutions that take one size to another, the usual ones first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from convsym.layers.window import Window
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import eq
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.spelling import SpellingError, names_in, parse_size
from convsym.sizes.truth import Truth
from convsym.trace.errors import BadInput

#: Kernels, strides and dilations up to these are looked at, and more where the sizes themselves ask for it.
LARGEST_KERNEL = 13
LARGEST_STRIDE = 8
LARGEST_DILATION = 4
#: A formula is tried at this many sizes before it is proved.
PROBES = 24


@dataclass(frozen=True)
class Wanted:
    """One step that a layer has to do: sizes in, sizes out, numbers or formulas in one symbol."""

    into: Size
    out: Size

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols in it; at most one."""
        return tuple(dict.fromkeys((*names_in(self.into), *names_in(self.out))))

    def probes(self) -> list[tuple[int, int]]:
        """The step at numbers, the largest first."""
        if not self.names:
            return [(evaluate(self.into, {}), evaluate(self.out, {}))]
        (name,) = self.names
        pairs = [
            (evaluate(self.into, {name: n}), evaluate(self.out, {name: n}))
            for n in (*range(PROBES, 0, -1), 2 * PROBES + 1)
        ]
        return [(n, m) for n, m in pairs if n >= 1 and m >= 1]


def layers_for(wanted: str, **fixed: int) -> tuple[Window, ...]:
    """The convolutions and transposed convolutions that do what is wanted, the usual ones first.

    `wanted` is a size and what shall come of it: "225 -> 113", several of them with commas between, or a formula that
    is to hold for every size of the input: "H -> 2*H", "H -> ceil(H/2)". `fixed` keeps arguments: kernel_size=4.

    >>> [str(found) for found in layers_for("113 -> 225")[:2]]
    ['ConvTranspose2d(c_in, c_out, 3, stride=2, padding=1)', 'ConvTranspose2d(c_in, c_out, 5, stride=2, padding=2)']

    Raises BadInput when nothing is wanted, or a name of `fixed` is no argument of a convolution.
    """
    steps = read_wanted(wanted)
    known = [f.name for f in fields(Window) if f.name not in ("transposed", "uneven")]
    for name in fixed:
        if name not in known:
            raise BadInput(f"a convolution has no {name}; its arguments are {', '.join(known)}")
    probes = [pair for step in steps for pair in step.probes()]
    if not probes:
        raise BadInput(f"{wanted!r} gives no size at all")
    found = [
        window
        for window in _candidates(*max(probes), fixed)
        if all(_does(window, n, m) for n, m in probes if _fits(window, n))
        and any(_fits(window, n) for n, _ in probes)
        and all(_proved(window, step) for step in steps)
    ]
    numbers = [pair for step in steps if not step.names for pair in step.probes()]
    return tuple(sorted(found, key=lambda window: unusual(window, numbers)))


def read_wanted(wanted: str) -> list[Wanted]:
    """The steps that are written: "225 -> 113", "H -> 2*H", "64x48 -> 32x24".

    Raises BadInput when there are none.
    """
    found = []
    for part in re.split(r"[,;]|\band\b", wanted):
        sides = re.split(r"->|→|=>", part)
        if len(sides) != 2:
            raise BadInput(f'{part.strip()!r} is no step from size to size; write it as in "225 -> 113" or "H -> 2*H"')
        into, out = (re.split(r"(?<=\d)\s*[x×]\s*(?=\d)", side.strip()) for side in sides)
        if len(into) != len(out):
            raise BadInput(f"{part.strip()!r} has {len(into)} sizes on one side and {len(out)} on the other")
        found += [Wanted(_size(a), _size(b)) for a, b in zip(into, out, strict=True)]
    for step in found:
        if len(step.names) > 1:
            raise BadInput(f"a step may speak of one size only, but here are {' and '.join(step.names)}")
    return found


def _size(text: str) -> Size:
    # "2H" is how it is written on paper.
    spelled = re.sub(r"(?<![\w.])(\d+)(?=[A-Za-z_(])", r"\1*", text)
    try:
        return parse_size(spelled)
    except SpellingError as error:
        raise BadInput(str(error)) from None


def _candidates(n: int, m: int, fixed: Mapping[str, int]) -> Iterator[Window]:
    """Windows that take n to m, whatever they do to other sizes."""
    ratio = max(-(-n // m), -(-m // n))
    strides = sorted({*range(1, LARGEST_STRIDE + 1), ratio - 1, ratio, ratio + 1} - {0})
    for stride in [fixed["stride"]] if "stride" in fixed else strides:
        kernels = {*range(1, LARGEST_KERNEL + 1), stride, 2 * stride, 2 * stride - 1}
        for kernel in [fixed["kernel_size"]] if "kernel_size" in fixed else sorted(kernels):
            most = LARGEST_DILATION if kernel > 1 else 1
            for dilation in [fixed["dilation"]] if "dilation" in fixed else range(1, most + 1):
                for window in (*_conv(n, m, kernel, stride, dilation), *_transposed(n, m, kernel, stride, dilation)):
                    if all(getattr(window, name) == value for name, value in fixed.items()):
                        yield window


def _conv(n: int, m: int, kernel: int, stride: int, dilation: int) -> Iterator[Window]:
    reach = dilation * (kernel - 1) + 1
    # (n + 2p - reach) // stride + 1 == m bounds 2p from both sides.
    least = (m - 1) * stride + reach - n
    for padding in range(max(0, -(-least // 2)), min((least + stride - 1) // 2, reach - 1) + 1):
        yield Window(False, kernel, stride, padding, dilation)


def _transposed(n: int, m: int, kernel: int, stride: int, dilation: int) -> Iterator[Window]:
    reach = dilation * (kernel - 1) + 1
    for output_padding in range(max(stride, dilation)):
        twice = (n - 1) * stride + reach + output_padding - m
        if twice >= 0 and twice % 2 == 0 and twice // 2 <= reach - 1:
            yield Window(True, kernel, stride, twice // 2, dilation, output_padding)


def _fits(window: Window, size: int) -> bool:
    return window.out(size) >= 1 if not window.transposed else True


def _does(window: Window, n: int, m: int) -> bool:
    return window.out(n) == m


def _proved(window: Window, step: Wanted) -> bool:
    """Whether it does the step at every size that it takes."""
    if not step.names:
        return True
    return domain_of(window, step).decide(eq(window.out(step.into), step.out)) is Truth.YES


def domain_of(window: Window, step: Wanted) -> Domain:
    """The sizes at which a window takes the input of a step."""
    return Domain.positive(step.names).assume(window.runs(step.into))


def unusual(window: Window, steps: Sequence[tuple[int, int]] = ()) -> tuple[int, ...]:
    """How far a window is from what networks are made of, the lower the more usual, for single steps in numbers."""
    kernel, stride, reach = window.kernel_size, window.stride, window.reach
    left_over = max(((n + window.total_padding - reach) % stride for n, _ in steps), default=0)
    patches = kernel == stride and window.padding == window.output_padding == 0 and (window.transposed or not left_over)
    centred = {(reach - 1) // 2, (reach - stride + 1) // 2, (reach - stride) // 2}
    off_centre = min(abs(window.padding - p) for p in centred)
    overlap = 1 if kernel == 2 * stride else abs(kernel - 3)
    score = 8 * (window.dilation - 1) + 2 * off_centre + 2 * window.output_padding
    score += 0 if patches else overlap + 4 * (kernel < stride)
    # A network's usual strides are 1 and 2, and it keeps a size by convolutions that are not transposed.
    score += (stride > 2) + 2 * (window.transposed and stride == 1)
    if not window.transposed:
        # What is left over at the end is not looked at, and over a single place there is no stride to speak of.
        score += 4 * (left_over > 1)
        score += 12 * (stride > 1 and any(m == 1 for _, m in steps))
    return score, kernel, window.padding
