"""CS302: checkerboard-pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convsym.diagnostics import Diagnostic
from convsym.rules.advice import Advice

if TYPE_CHECKING:
    from convsym.analysis.flow import Flow
    from convsym.graph.call import Call


class CheckerboardPattern(Advice):
    """A transposed convolution that reaches some pixels through more taps than others.

    What it finds:

    A transposed convolution whose kernel is not a multiple of its stride (with dilation: whose taps do not fall on
    all positions between two strides equally often).

    Why it matters:

    Neighbouring output pixels are sums of different numbers of products, which shows as a checkerboard in what a
    decoder or generator draws (Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", 2016).

    Bad::

        class Net(nn.Module):
            input = "N 8 H W"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1)

            def forward(self, x):
                return self.up(x)

    Good::

        class Net(nn.Module):
            input = "N 8 H W"

            def __init__(self):
                super().__init__()
                self.up = nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1)

            def forward(self, x):
                return self.up(x)
    """

    code = "CS302"
    name = "checkerboard-pattern"
    help = "make kernel_size a multiple of stride, or enlarge by interpolation and convolve after it"

    def judge(self, flow: Flow, call: Call) -> Diagnostic | None:
        from convsym.sizes.windows import taps_per_output

        if not call.op.startswith("conv_transpose"):
            return None
        named = (call.parameters.get(name) for name in ("kernel_size", "stride", "dilation"))
        for kernel, stride, dilation in zip(*map(_numbers, named), strict=False):
            fewest, most = taps_per_output(kernel, stride, dilation)
            if fewest != most:
                return self.of_call(
                    call,
                    f"{call.module or 'the transposed convolution'} with kernel_size={kernel} and stride={stride} "
                    f"reaches some outputs along an axis through {most} of its taps, others through {fewest}",
                )
        return None


def _numbers(value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return values if all(type(v) is int for v in values) else ()
