"""Questions that formulas answer: python examples/questions.py"""

from __future__ import annotations

import convsym
from unet import UNet


def main() -> None:
    with convsym.without_weights():
        model = UNet().eval()
    unet = convsym.analyze(model, "N 3 H W")

    print("runs for     ", unet.domain)
    print("output       ", unet.outputs.shape)
    print("FLOPs        ", unet.flops)
    print("540 x 960?   ", unet.domain.contains(N=1, H=540, W=960))

    at = unet.at(N=1, H=544, W=960)
    print(f"544 x 960     {at.flops / 1e9:.0f} GFLOP, {at.activation_bytes / 2**30:.2f} GiB of activations")

    # A formula can be asked at many sizes without running anything again.
    for side in (128, 256, 512, 1024):
        print(f"{side:5} x {side:<5} {unet.at(N=1, H=side, W=side).flops / 1e9:8.1f} GFLOP")


if __name__ == "__main__":
    main()
