"""What autograd keeps, against torch's hooks on saved tensors: single operations, and what shares memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import convsym
from tests.analysis.training import saved_bytes

Forward = Callable[[torch.Tensor], Any]


class _Then(nn.Module):
    """A convolution, so that its output needs a gradient, and what comes after it."""

    def __init__(self, after: Forward) -> None:
        super().__init__()
        self.before = nn.Conv2d(3, 4, 1)
        self.after = after

    def forward(self, x: torch.Tensor) -> Any:
        x = self.before(x)
        # The tensor itself is returned too, so that its memory is not given out again.
        return x, self.after(x)


_WINDOW = torch.arange(1.0, 11.0)
_MATRIX = nn.Parameter(torch.ones(4, 2))
_KERNEL = nn.Parameter(torch.ones(5, 4, 2, 1))
_LENGTHS = [nn.Parameter(torch.ones(shape)) for shape in ((5, 1, 1, 1), (1, 4, 1, 1), ())]


class _Clipped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        ctx.save_for_backward(x > 0)
        return (x * 2).exp()

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return grad * ctx.saved_tensors[0]


_clipped = _Clipped.apply
_LAYERS: dict[str, nn.Module] = {
    type(layer).__name__ + note: layer
    for note, layer in (
        ("", nn.Conv2d(4, 6, 3)),
        (" 'same' with an odd pixel", nn.Conv2d(4, 6, 2, padding="same")),
        (" circular", nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular")),
        (" without bias", nn.ConvTranspose2d(4, 6, 3, groups=2, bias=False)),
        ("", nn.Linear(6, 3)),
        ("", nn.BatchNorm2d(4)),
        (" in evaluation", nn.BatchNorm2d(4).eval()),
        (" without weights", nn.BatchNorm2d(4, affine=False)),
        ("", nn.InstanceNorm2d(4)),
        (" with all", nn.InstanceNorm2d(4, affine=True, track_running_stats=True)),
        ("", nn.LayerNorm((5, 6))),
        ("", nn.RMSNorm(6)),
        ("", nn.GroupNorm(2, 4)),
        ("", nn.LocalResponseNorm(3)),
        ("", nn.MaxPool2d(2)),
        ("", nn.AvgPool2d(2)),
        (" to one", nn.AdaptiveAvgPool2d(1)),
        (" to four", nn.AdaptiveAvgPool2d(2)),
        ("", nn.AdaptiveMaxPool2d(2)),
        ("", nn.Dropout(0.1)),
        (" of nothing", nn.Dropout(0.0)),
        ("", nn.Dropout2d(0.1)),
        (" of one sample", nn.Dropout3d(0.1)),
        ("", nn.PixelShuffle(2)),
        ("", nn.Softmax(1)),
        ("", nn.LogSoftmax(1)),
        ("", nn.Softmin(1)),
        ("", nn.PReLU()),
        ("", nn.GLU(1)),
        ("", nn.ReflectionPad2d(1)),
        ("", nn.ZeroPad2d(1)),
        ("", nn.Upsample(scale_factor=2, mode="bilinear")),
        (" in evaluation", nn.RReLU().eval()),
        *(
            ("", layer())
            for layer in (
                nn.ReLU,
                nn.ReLU6,
                nn.ELU,
                nn.SELU,
                nn.CELU,
                nn.GELU,
                nn.SiLU,
                nn.Mish,
                nn.LeakyReLU,
                nn.Sigmoid,
                nn.Tanh,
                nn.Hardswish,
                nn.Hardsigmoid,
                nn.Hardtanh,
                nn.Hardshrink,
                nn.Softplus,
                nn.Softsign,
                nn.Softshrink,
                nn.Tanhshrink,
                nn.LogSigmoid,
                nn.RReLU,
            )
        ),
    )
}

_FUNCTIONS: dict[str, Forward] = {
    "a number times": lambda x: x * 2.0,
    "a product": lambda x: x * x.sigmoid(),
    "a product with a constant": lambda x: x * torch.ones(4, 1, 1),
    "a quotient": lambda x: x / (x + 1),
    "a number divided": lambda x: 1 / x,
    "a square": lambda x: x**2,
    "a power of a number": lambda x: 2**x,
    "a power": lambda x: (x + 1) ** (x + 2),
    "a sum": lambda x: x + x + 1,
    "bounds": lambda x: x.clamp(0, 1),
    "a choice": lambda x: torch.where(x > 0, x, 0.0),
    "a mask": lambda x: x.masked_fill(x > 0, 0.0),
    "a maximum along an axis": lambda x: x.max(1),
    "a maximum of all": lambda x: x.max(),
    "a median of all": lambda x: x.median(),
    "a running maximum": lambda x: x.cummax(1)[0],
    "both extremes": lambda x: x.aminmax(dim=1)[0],
    "elements in order": torch.msort,
    "amax": lambda x: x.amax(1),
    "a maximum of two": lambda x: torch.maximum(x + 1, x + 2),
    "var": lambda x: x.var(1),
    "std": lambda x: x.std(1),
    "mean": lambda x: x.mean((2, 3)),
    "norm": lambda x: x.norm(dim=1),
    "normalize": lambda x: F.normalize(x, dim=1),
    "logsumexp": lambda x: x.logsumexp(1),
    "cumprod": lambda x: x.cumprod(1),
    "positions": lambda x: x[:, torch.tensor([0, 1])],
    "a list of positions": lambda x: x[:, [0, 1]],
    "gather": lambda x: x.gather(1, x.argmax(1, keepdim=True)),
    "take": lambda x: x.take(torch.tensor([3, 1])),
    "take_along_dim": lambda x: x.take_along_dim(x.argmax(1, keepdim=True), 1),
    "index_add": lambda x: torch.zeros(2, 4, 5, 6).index_add(1, torch.tensor([0, 1, 2, 3]), x.float()),
    "scatter_reduce": lambda x: torch.zeros(2, 4, 5, 6).scatter_reduce(1, x.argsort(1), x.float(), "sum"),
    "a quotient that is added": lambda x: torch.addcdiv(x, x + 1, x.detach() + 2),
    "a hypotenuse": lambda x: torch.hypot(x + 1, x + 2),
    "hard choices": lambda x: F.gumbel_softmax(x, dim=1, hard=True),
    "means of areas": lambda x: F.interpolate(x, size=(2, 3), mode="area"),
    "cross entropy": lambda x: F.cross_entropy(x, torch.ones(2, 5, 6, dtype=torch.int64)),
    "smoothed labels": lambda x: F.cross_entropy(x, torch.ones(2, 5, 6, dtype=torch.int64), label_smoothing=0.1),
    "smoothed labels of weighted classes, not reduced": lambda x: F.cross_entropy(
        x, torch.ones(2, 5, 6, dtype=torch.int64), torch.ones(4), reduction="none", label_smoothing=0.1
    ),
    "nll_loss": lambda x: F.nll_loss(x, torch.ones(2, 5, 6, dtype=torch.int64), reduction="sum"),
    "a grid": lambda x: F.affine_grid(x[:, 0, :2, :3], [2, 1, 4, 4], align_corners=False),
    "a number of two parts": lambda x: torch.complex(x.float(), x.float() + 1).abs(),
    "a number of length and angle": lambda x: torch.polar(x.float(), x.float() + 1).real,
    "trace": lambda x: x[0, 0].trace(),
    "det": lambda x: torch.linalg.det((x @ x.mT).float()),
    "inv": lambda x: torch.linalg.inv((x @ x.mT).float() + torch.eye(5)),
    "qr": lambda x: torch.linalg.qr(x.float())[0],
    "svdvals": lambda x: torch.linalg.svdvals(x.float()),
    "eigh": lambda x: torch.linalg.eigh((x @ x.mT).float())[0],
    "solve": lambda x: torch.linalg.solve((x @ x.mT).float() + torch.eye(5), x.float()),
    "index_select": lambda x: x.index_select(1, torch.tensor([0, 1])),
    "topk": lambda x: x.topk(2, 1),
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "addcmul": lambda x: torch.addcmul(x, x + 1, x + 2),
    "a view": lambda x: x.flatten(2).transpose(1, 2).sigmoid(),
    "a part of a chunk": lambda x: x.chunk(2, 1)[0].exp() * x.chunk(2, 1)[1],
    "an expanded tensor": lambda x: x.mean(1, keepdim=True).expand(-1, 4, -1, -1).exp(),
    "detached": lambda x: x.detach().exp(),
    "written in place": lambda x: (x + 0).relu_(),
    "written in place, computed from the operand": lambda x: F.silu(x + 0, inplace=True),
    "written in place, computed from the result instead": lambda x: F.leaky_relu(x + 0, inplace=True),
    "written in place, random slopes": lambda x: F.rrelu(x + 0, training=True, inplace=True),
    "multiplied in place": lambda x: (x + 0).mul_(x),
    "a matrix product": lambda x: x @ x.transpose(2, 3),
    "a matrix product of what must be copied": lambda x: x.transpose(1, 2) @ x.permute(0, 2, 3, 1),
    "a product with one matrix": lambda x: x.transpose(1, 3) @ _MATRIX,
    "einsum": lambda x: torch.einsum("nchw,nkhw->nck", x, x + 1),
    "real signals to complex ones": lambda x: torch.fft.irfft2(torch.fft.rfft2(x) * 2),
    "a padded signal": lambda x: torch.fft.rfft(x, 9, dim=1),
    "a cut signal": lambda x: torch.fft.rfft(x, 3, dim=1),
    "complex signals": lambda x: torch.fft.ifft(torch.fft.fft(x)).real,
    "weights by length": lambda x: F.conv2d(x, torch._weight_norm(_KERNEL, _LENGTHS[0], 0)),
    "weights by length, along an inner axis": lambda x: F.conv2d(x, torch._weight_norm(_KERNEL, _LENGTHS[1], 1)),
    "weights by one length": lambda x: F.conv2d(x, torch._weight_norm(_KERNEL, _LENGTHS[2], -1)),
    "every product": lambda x: torch.kron(x, x + 1),
    "covariances": lambda x: torch.cov(x.flatten(1).flatten(1)),
    "correlations": lambda x: torch.corrcoef(x.flatten(1)),
    "a cosine": lambda x: F.cosine_similarity(x, x + 1, 1),
    "a distance": lambda x: F.pairwise_distance(x, x + 1),
    "distances of few rows": lambda x: torch.cdist(x, x + 1),
    "distances of many rows": lambda x: torch.cdist(
        x[:, :1].expand(-1, 30, -1, -1).flatten(2).mT[:, :30].mT, x.flatten(2)
    ),
    "frames": lambda x: torch.stft(x.flatten(1), 8, 2, return_complex=True),
    "frames under a window": lambda x: torch.stft(x.flatten(1), 8, 2, window=_WINDOW[:8], return_complex=True),
    "frames under a short window": lambda x: torch.stft(
        x.flatten(1), 8, 2, 6, _WINDOW[:6], pad_mode="constant", return_complex=True
    ),
    "frames under a learned window": lambda x: torch.stft(
        x.flatten(1), 5, 2, window=_LENGTHS[0].flatten(), pad_mode="replicate", return_complex=True
    ),
    "frames of nothing but the signal": lambda x: torch.stft(x.flatten(1), 8, 2, center=False, return_complex=True),
    "frames of a complex signal": lambda x: torch.stft(
        x.flatten(1) + 0j, 8, 2, window=_WINDOW[:8], return_complex=True, onesided=False
    ),
    "a signal from its frames": lambda x: torch.istft(
        torch.stft(x.flatten(1), 8, 2, pad_mode="constant", return_complex=True), 8, 2, window=_WINDOW[:8]
    ),
    "a signal from its frames, without a window": lambda x: torch.istft(
        torch.stft(x.flatten(1), 8, 2, pad_mode="constant", return_complex=True), 8, 2, length=50
    ),
    "a function of its own": lambda x: _Clipped.apply(x).exp(),
    "a function that was taken from its class before": lambda x: _clipped(x).exp(),
    "attention": lambda x: F.scaled_dot_product_attention(x, x, x),
    "attention over transposed heads": lambda x: F.scaled_dot_product_attention(
        *(x.transpose(1, 2) + i for i in range(3))
    ),
    "attention with one key for all heads": lambda x: F.scaled_dot_product_attention(x, x[:, :1], x[:, 1:2]),
    "attention with dropout": lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.5),
    "attention with a mask": lambda x: F.scaled_dot_product_attention(x, x, x, torch.ones(5, 5).log()),
    "attention with a mask of yes and no": lambda x: F.scaled_dot_product_attention(x, x, x, torch.ones(5, 5) > 0),
    "attention with a learned mask": lambda x: F.scaled_dot_product_attention(x, x, x, x[0, 0, :, :5]),
    "attention with a causal mask": lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    "attention to what needs no gradient": lambda x: F.scaled_dot_product_attention(x, x.detach(), x.detach()),
    "attention in double precision": lambda x: F.scaled_dot_product_attention(*(x.double() + i for i in range(3))),
    "attention in half precision": lambda x: F.scaled_dot_product_attention(*(x.bfloat16() + i for i in range(3))),
}


def assert_saved(model: nn.Module, in_autocast: bool = False) -> None:
    torch.manual_seed(0)
    analysis = convsym.analyze(model, "N 3 H W", autocast=torch.bfloat16 if in_autocast else None)
    assert not analysis.diagnostics
    assert analysis.unsaved == ()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=in_autocast):
        expected = saved_bytes(model, torch.rand(2, 3, 5, 6))
    assert analysis.at(N=2, H=5, W=6).saved_bytes == expected


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning", "ignore:Mismatch dtype between:UserWarning")
@pytest.mark.parametrize("in_autocast", [False, True])
@pytest.mark.parametrize("name", _LAYERS)
def test_a_layer_keeps_what_torch_keeps(name: str, in_autocast: bool) -> None:
    assert_saved(_Then(_LAYERS[name]), in_autocast)


@pytest.mark.parametrize("in_autocast", [False, True])
@pytest.mark.filterwarnings("ignore:A window was not provided")
@pytest.mark.parametrize("name", _FUNCTIONS)
def test_a_function_keeps_what_torch_keeps(name: str, in_autocast: bool) -> None:
    assert_saved(_Then(_FUNCTIONS[name]), in_autocast)


@pytest.mark.parametrize(
    "sizes", [{"N": 2, "H": 1, "W": 1}, {"N": 1, "H": 2, "W": 1}, {"N": 2, "H": 3, "W": 2}], ids=str
)
def test_axes_of_one_element_make_views_of_what_are_copies_elsewhere(sizes: dict[str, int]) -> None:
    model = _Then(lambda x: F.gelu(x.flatten(2).transpose(1, 2).reshape(-1, 4)))
    at = convsym.analyze(model, "N 3 H W").at(**sizes)
    assert at.saved_bytes == saved_bytes(model, torch.rand(sizes["N"], 3, sizes["H"], sizes["W"]))


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_a_layer_that_pads_into_a_copy_keeps_what_it_pads(mode: str) -> None:
    assert_saved(_Then(nn.Conv2d(4, 6, 3, padding=1, padding_mode=mode)))


@pytest.mark.parametrize(
    "as_wanted",
    [
        lambda made, x: made.to(x),
        lambda made, x: made.type_as(x),
        lambda made, x: made.expand_as(x),
        lambda made, x: made.view_as(x[:1]),
        lambda made, x: made * x.data,
        lambda made, x: made * torch.histc(x, 6),
        lambda made, x: made * torch.bucketize(x, torch.tensor([0.0, 1.0])),
    ],
)
def test_a_tensor_that_only_says_what_is_wanted_passes_no_gradient(as_wanted: Any) -> None:
    needs = []

    def after(x: torch.Tensor) -> torch.Tensor:
        made = as_wanted(torch.ones(1, 4, 5, 6), x)
        needs.append(made.requires_grad)
        return made.exp() * 2

    model = _Then(after)
    at = convsym.analyze(model.train(), "2 3 5 6")
    assert at.saved_bytes == saved_bytes(model, torch.rand(2, 3, 5, 6))
    assert not any(needs)


def test_what_is_computed_from_known_elements_counts_once() -> None:
    gate = nn.Parameter(torch.ones(4, 1, 1))
    model = _Then(lambda x: x.exp() * gate.sigmoid())
    model.register_parameter("gate", gate)
    at = convsym.analyze(model, "N 3 H W").at(N=2, H=5, W=6)
    assert at.saved_bytes == saved_bytes(model, torch.rand(2, 3, 5, 6))


def test_memory_that_several_calls_keep_counts_once() -> None:
    a = convsym.analyze(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1)), "N 3 H W")
    # The input, and the result of the activation, which the second convolution reads.
    assert str(a.saved_bytes) == "28*H*N*W"


def test_parameters_and_buffers_are_left_out() -> None:
    assert convsym.analyze(nn.Linear(4, 4).requires_grad_(False), "N 4").saved_bytes == 0
    assert str(convsym.analyze(nn.Linear(4, 4), "N 4").saved_bytes) == "16*N"
