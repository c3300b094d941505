"""Questions that formulas answer: python examples/questions.py

What it prints stands beside it in questions.txt.
"""

from __future__ import annotations

import numpy as np

import convsym
from unet import UNet


def about_a_unet() -> None:
    with convsym.without_weights():
        model = UNet().eval()
    unet = convsym.analyze(model, "N 3 H W")

    print("runs for      ", unet.domain)
    print("output        ", unet.outputs.shape)
    print("FLOPs         ", unet.flops)
    print("540 x 960?    ", unet.domain.contains(N=1, H=540, W=960))

    at = unet.at(N=1, H=544, W=960)
    print(f"544 x 960      {at.flops / 1e9:.0f} GFLOP, {at.parameters / 1e6:.1f} million parameters")

    # A formula can be asked at many sizes without running anything again.
    sides = np.array([128, 256, 512, 1024])
    for side, flops in zip(sides, unet.values("flops", N=1, H=sides, W=sides), strict=True):
        print(f"{side:5} x {side:<7} {flops / 1e9:8.1f} GFLOP")

    for question in (
        "down4.output.shape",
        "largest N with H = W = 512 and flops at most 10 TFLOP",
        "largest H with N = 1 and W = H and flops at most 1 TFLOP",
        "all H, W where down4.output = 7x7",
        "all H up to 100 where output.H = H",
        "output.shape[2:] == input.shape[2:]",
        "down4.output.H >= 2",
    ):
        print(f"\n{question}?\n  {unet.query(question)}")


def about_declared_sizes() -> None:
    with convsym.without_weights():
        model = UNet().eval()
    declared = convsym.analyze(model, "N 3 H W", assume="64 <= H <= 1024 and W % 16 == 0")
    for found in declared.diagnostics:
        print(f"\n{found.code}: {found.message}\n  {found.help}")


def about_layers() -> None:
    for step in ("225 -> 113", "113 -> 225", "H -> 2*H"):
        print(f"\n{step}?  {convsym.layers_for(step)[0]}")
    print(f"\nundo Conv2d(3, 16, 3, stride=2, padding=1):\n{convsym.undo('Conv2d(3, 16, 3, stride=2, padding=1)')}")
    print("\n(H - (k - 1)) / s?", convsym.check_formula("Conv2d(3, 16, 3, stride=2)", "(H - (k - 1)) / s"))


if __name__ == "__main__":
    about_a_unet()
    about_declared_sizes()
    about_layers()
