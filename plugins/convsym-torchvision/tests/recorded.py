"""Calls of torchvision's operators, and what its compiled CPU kernels made of them.

The kernels load only beside the build of torch that they were made for, so their verdicts are kept in recorded.jsonl.
`python tests/recorded.py` draws the calls and records the verdicts anew; run it where the kernels load.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

try:
    from torchvision import ops
except RuntimeError:
    # Beside another build of torch, the operators that torchvision registers fakes for are missing.
    _declared = torch.library.Library("torchvision", "FRAGMENT")
    for _name in ("nms", "qnms"):
        _declared.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision import ops

FILE = Path(__file__).with_name("recorded.jsonl")


@dataclass(frozen=True)
class Call:
    """A call of `torchvision.ops.<name>` or of a layer of that name made with `layer`.

    Tensors are written as "2 8 6 6" or "2 8 6 6:float64". `verdict` is a list of such texts, for what is returned, or
    one text, for how it is refused.
    """

    name: str
    inputs: list[Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    layer: dict[str, Any] | None = None
    verdict: Any = None

    @property
    def target(self) -> Callable[..., Any]:
        """The function, or the layer."""
        found = getattr(ops, self.name)
        return found if self.layer is None else found(**self.layer)


def tensors(value: Any) -> Any:
    """Texts as tensors of ones; everything else as it is."""
    if isinstance(value, str):
        shape, _, dtype = value.partition(":")
        return torch.ones([int(n) for n in shape.split()], dtype=getattr(torch, dtype or "float32"))
    if isinstance(value, list):
        return [tensors(v) for v in value]
    if isinstance(value, dict):
        return {k: tensors(v) for k, v in value.items()}
    return value


def text(tensor: torch.Tensor) -> str:
    """A tensor as text."""
    dtype = "" if tensor.dtype == torch.float32 else f":{str(tensor.dtype).removeprefix('torch.')}"
    return " ".join(map(str, tensor.shape)) + dtype


def recorded() -> list[Call]:
    """All calls with their verdicts."""
    return [Call(**json.loads(line)) for line in FILE.read_text().splitlines()]


class Draw(random.Random):
    """Arguments that mostly fit together, and sometimes do not."""

    def maybe(self, chance: float) -> bool:
        """True so often."""
        return self.random() < chance

    def off(self, size: int) -> int:
        """The size itself, or one beside it."""
        return max(size + self.choice((-2, -1, 1, 3)), 0) if self.maybe(0.025) else size

    def tensor(self, *shape: int, dtype: str = "") -> str:
        """A tensor of about that shape: now and then an axis is lost, or the dtype is another."""
        shape = tuple(map(self.off, shape))
        if self.maybe(0.01):
            shape = shape[1:]
        if self.maybe(0.01):
            shape = (*shape, 1)
        if self.maybe(0.015):
            dtype = self.choice(("float64", "int64", "float16"))
        return " ".join(map(str, shape)) + (f":{dtype}" if dtype else "")

    def dtype(self) -> str:
        """The dtype of all operands of a call."""
        return "" if self.maybe(0.8) else self.choice(("float64", "float16", "int32", "bfloat16"))


def _regions(draw: Draw, name: str) -> Call:
    dtype = draw.dtype()
    by_position = name.startswith("ps_")
    bins = draw.choice((1, 2, 2, 3, [2, 1], [1, 3], [2, 2], [2, 2, 2]))
    if draw.maybe(0.05):
        bins = draw.choice(([2], 0, -1))
    height, width = bins[:2] if isinstance(bins, list) and len(bins) > 1 else (bins, bins)
    channels = draw.randint(0 if draw.maybe(0.1) else 1, 3)
    if by_position and isinstance(height, int) and isinstance(width, int):
        channels *= abs(height * width)
    counts = [draw.randint(0, 3) for _ in range(draw.randint(1, 3))]
    if draw.maybe(0.5):
        boxes: Any = [draw.tensor(count, 4, dtype=dtype) for count in counts]
        boxes = [] if draw.maybe(0.03) else boxes
    else:
        boxes = draw.tensor(counts[0], 5, dtype=dtype)
    # The kernels read beyond the end of a map without pixels, which now and then goes well.
    inputs = [draw.tensor(4, channels, draw.randint(3, 6), draw.randint(3, 6), dtype=dtype), boxes]
    arguments: dict[str, Any] = {"output_size": bins}
    if draw.maybe(0.5):
        arguments["spatial_scale"] = 0.5
    if name.endswith("align") and draw.maybe(0.5):
        arguments["sampling_ratio"] = draw.choice((-1, 0, 2))
    return Call(name, inputs, arguments)


def _suppression(draw: Draw, name: str) -> Call:
    count, dtype = draw.randint(0, 5), "float64" if draw.maybe(0.2) else ""
    if name == "batched_nms" and draw.maybe(0.4):
        count = draw.choice((999, 1000, 1001, 1100))
    inputs = [draw.tensor(count, 4, dtype=dtype), draw.tensor(count, dtype=dtype)]
    if name == "batched_nms":
        inputs.append(draw.tensor(1 if draw.maybe(0.1) else count, dtype="int64"))
    return Call(name, inputs, {"iou_threshold": 0.5})


def _deformable(draw: Draw, name: str) -> Call:
    dtype = draw.dtype()
    batch = 0 if draw.maybe(0.05) else draw.randint(1, 3)
    groups, offset_groups, per_group = draw.randint(1, 2), draw.randint(1, 2), draw.randint(1, 3)
    channels, out = per_group * groups, groups * draw.randint(1, 2)
    offset_groups = offset_groups if channels % offset_groups == 0 or draw.maybe(0.1) else 1
    kernel = [draw.randint(1, 3), draw.randint(1, 3)]
    stride, padding, dilation = draw.randint(1, 3), draw.randint(0, 2), draw.randint(1, 2)
    spatial = [draw.randint(1, 7), draw.randint(1, 7)]
    sizes = [
        max(int((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1, 0)
        for n, k in zip(spatial, kernel, strict=True)
    ]
    taps = kernel[0] * kernel[1]
    x = draw.tensor(batch, channels, *spatial, dtype=dtype)
    offset = draw.tensor(batch, 2 * taps * offset_groups, *sizes, dtype=dtype)
    mask = draw.tensor(batch, taps * offset_groups, *sizes, dtype=dtype)
    window: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation}
    if draw.maybe(0.08):
        broken = draw.choice(tuple(window))
        window[broken] = draw.choice((-1, 0, [1, 1, 1], [1]))
    if name == "DeformConv2d":
        window = {k: v if isinstance(v, int) else 1 for k, v in window.items()}
        layer = {"in_channels": channels, "out_channels": out, "kernel_size": kernel, "groups": groups, **window}
        return Call(name, [x, offset, *([mask] if draw.maybe(0.4) else [])], {}, layer)
    arguments: dict[str, Any] = {k: v for k, v in window.items() if draw.maybe(0.9)}
    if draw.maybe(0.4):
        arguments["mask"] = mask
    if draw.maybe(0.5):
        arguments["bias"] = draw.tensor(out, dtype=dtype)
    return Call(name, [x, offset, draw.tensor(out, per_group, *kernel, dtype=dtype)], arguments)


def _layer(draw: Draw, name: str) -> Call:
    function = {
        "RoIAlign": "roi_align",
        "RoIPool": "roi_pool",
        "PSRoIAlign": "ps_roi_align",
        "PSRoIPool": "ps_roi_pool",
    }
    call = _regions(draw, function[name])
    layer = {"spatial_scale": 0.5, **call.arguments}
    if name.endswith("Align"):
        layer.setdefault("sampling_ratio", 2)
    return Call(name, call.inputs, {}, layer)


def _multiscale(draw: Draw, name: str) -> Call:
    dtype = "float64" if draw.maybe(0.2) else ""
    channels, edge = draw.randint(1, 4), draw.choice((8, 16))
    features = {
        level: draw.tensor(4, channels, edge >> shift, edge >> shift, dtype=dtype)
        for shift, level in enumerate("abc"[: draw.randint(1, 3)])
    }
    names = [level for level in "abcd" if draw.maybe(0.8)]
    boxes = [draw.tensor(draw.randint(0, 3), 4, dtype=dtype) for _ in range(2)]
    images = [] if draw.maybe(0.05) else [[32, 32], [32, 24]]
    layer = {"featmap_names": names, "output_size": draw.choice((2, [2, 3])), "sampling_ratio": draw.choice((-1, 2))}
    return Call(name, [features, [] if draw.maybe(0.03) else boxes, images], {}, layer)


DRAWN: dict[str, Callable[[Draw, str], Call]] = {
    **dict.fromkeys(("roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool"), _regions),
    **dict.fromkeys(("nms", "batched_nms"), _suppression),
    **dict.fromkeys(("deform_conv2d", "DeformConv2d"), _deformable),
    **dict.fromkeys(("RoIAlign", "RoIPool", "PSRoIAlign", "PSRoIPool"), _layer),
    "MultiScaleRoIAlign": _multiscale,
}


def drawn(each: int, seed: int = 0) -> Iterator[Call]:
    """So many calls of each operator."""
    draw = Draw(seed)
    for name, make in DRAWN.items():
        for _ in range(each):
            yield make(draw, name)


def verdict(call: Call) -> Any:
    """What the compiled kernels make of a call, in a process of its own: some calls divide by zero and end it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, json.dumps(_run(call)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return json.loads(said) if said else "the process ends"


def _run(call: Call) -> Any:
    try:
        with torch.no_grad():
            output = call.target(*tensors(call.inputs), **tensors(call.arguments))
        return [text(output)]
    except Exception as error:
        message = (str(error).strip() or "no message").splitlines()[0]
        return f"{type(error).__name__}: {message.partition('. Got')[0][:80]}"


def main() -> None:
    from torchvision.extension import _assert_has_ops

    _assert_has_ops()
    torch.set_num_threads(1)
    lines = []
    for call in drawn(30):
        entry = {k: v for k, v in vars(call).items() if v not in (None, {})}
        lines.append(json.dumps(entry | {"verdict": verdict(call)}))
    FILE.write_text("\n".join(dict.fromkeys(lines)) + "\n")


if __name__ == "__main__":
    main()
