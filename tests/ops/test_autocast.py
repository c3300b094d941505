"""What torch.autocast does to operations, against torch's dispatcher.

On the CPU the calls are run; for CUDA they go through torch's dispatcher with tensors that have no elements.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F
from torch.utils import _pytree as pytree

import convsym
from convsym.graph.tensor import Tensor
from convsym.ops.autocast import POLICIES
from convsym.ops.catalogue import NAMESPACES
from convsym.trace.autocast import Region, inside
from tests.ops.oracle import rules

LOWER = {"cpu": torch.bfloat16, "cuda": torch.float16}
#: What only torch itself calls.
INTERNAL = {"convolution", "cudnn_convolution", "cudnn_convolution_transpose", "fake_quantize_per_tensor_affine"}


class Make:
    """Makes the operands of a call."""

    def __init__(self, device: str, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype

    def __call__(self, *shape: int) -> torch.Tensor:
        return torch.ones(*shape, device=self.device, dtype=self.dtype)

    def zeros(self, *shape: int) -> torch.Tensor:
        return torch.zeros(*shape, device=self.device, dtype=torch.int64)


CALLS: dict[str, Callable[[Make], Any]] = {
    "linear": lambda x: F.linear(x(2, 3), x(4, 3), x(4)),
    "conv": lambda x: F.conv2d(x(1, 2, 5, 5), x(3, 2, 3, 3)),
    "transposed conv": lambda x: F.conv_transpose1d(x(1, 2, 5), x(2, 3, 3)),
    "matmul": lambda x: x(2, 3) @ x(3),
    "mm in place": lambda x: x(2, 4).addmm_(x(2, 3), x(3, 4)),
    "mv": lambda x: torch.mv(x(2, 3), x(3)),
    "addr": lambda x: torch.addr(x(2, 3), x(2), x(3)),
    "outer": lambda x: torch.outer(x(2), x(3)),
    "einsum": lambda x: torch.einsum("ij,jk->ik", x(2, 3), x(3, 4)),
    "einsum without a contraction": lambda x: torch.einsum("ij,ik->ijk", x(2, 3), x(2, 4)),
    "einsum of one": lambda x: torch.einsum("ij->i", x(2, 3)),
    "tensordot": lambda x: torch.tensordot(x(2, 3), x(3, 4), 1),
    "inner": lambda x: torch.inner(x(2, 3), x(4, 3)),
    "dot": lambda x: torch.dot(x(3), x(3)),
    "vecdot": lambda x: torch.linalg.vecdot(x(2, 3), x(2, 3)),
    "multi_dot": lambda x: torch.linalg.multi_dot([x(2, 3), x(3, 4), x(4, 2)]),
    "matrix_power": lambda x: torch.matrix_power(x(3, 3), 2),
    "pinv": lambda x: torch.linalg.pinv(x(3, 2)),
    "pinv of what equals its transpose": lambda x: torch.linalg.pinv(x(3, 3), hermitian=True),
    "bilinear": lambda x: F.bilinear(x(2, 3), x(2, 4), x(5, 3, 4)),
    "attention": lambda x: F.scaled_dot_product_attention(x(1, 2, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4)),
    "prelu": lambda x: F.prelu(x(2, 3), x(3)),
    "softmax": lambda x: F.softmax(x(2, 3), 1),
    "softmax in double precision": lambda x: F.softmax(x(2, 3), 1, dtype=torch.float64),
    "log_softmax": lambda x: x(2, 3).log_softmax(1),
    "softmin": lambda x: F.softmin(x(2, 3), 1),
    "gumbel_softmax": lambda x: F.gumbel_softmax(x(2, 3)),
    "layer_norm": lambda x: F.layer_norm(x(2, 4), (4,)),
    "group_norm": lambda x: F.group_norm(x(2, 4, 5), 2),
    "rms_norm": lambda x: F.rms_norm(x(2, 4), (4,)),
    "batch_norm": lambda x: F.batch_norm(x(2, 4, 5), None, None, training=True),
    "local_response_norm": lambda x: F.local_response_norm(x(2, 4, 5, 5), 2),
    "norm": lambda x: x(2, 3).norm(dim=1),
    "normalize": lambda x: F.normalize(x(2, 3)),
    "cosine_similarity": lambda x: F.cosine_similarity(x(2, 3), x(2, 3)),
    "pairwise_distance": lambda x: F.pairwise_distance(x(2, 3), x(2, 3)),
    "cdist": lambda x: torch.cdist(x(2, 3), x(4, 3)),
    "exp": lambda x: x(2, 3).exp(),
    "exp in place": lambda x: x(2, 3).exp_(),
    "exp into out": lambda x: torch.exp(x(2, 3), out=x(2, 3)),
    "sqrt": lambda x: x(2, 3).sqrt(),
    "power": lambda x: x(2, 3) ** 2,
    "power of a number": lambda x: 2 ** x(2, 3),
    "square": lambda x: x(2, 3).square(),
    "quotient": lambda x: x(2, 3) / 2,
    "number divided": lambda x: 1 / x(2, 3),
    "softplus": lambda x: F.softplus(x(2, 3)),
    "gelu": lambda x: F.gelu(x(2, 3)),
    "sum": lambda x: x(2, 3).sum(1),
    "mean": lambda x: x(2, 3).mean(1),
    "prod": lambda x: x(2, 3).prod(),
    "cumsum": lambda x: x(2, 3).cumsum(1),
    "logsumexp": lambda x: x(2, 3).logsumexp(1),
    "var": lambda x: x(2, 3).var(1),
    "cat": lambda x: torch.cat([x(2, 3), x(2, 3).float()]),
    "stack of halves": lambda x: torch.stack([x(2, 3), x(2, 3).half()]),
    "addcmul": lambda x: torch.addcmul(x(2, 3), x(2, 3).float(), x(2, 3)),
    "double precision": lambda x: F.linear(x(2, 3).double(), x(4, 3).double()),
    "integers": lambda x: x.zeros(2, 3).sum(),
    "scatter_add": lambda x: x(3, 2).scatter_add(0, x.zeros(1, 2), x(1, 2).float()),
    "grid_sample": lambda x: F.grid_sample(x(1, 2, 4, 4, 4), x(1, 3, 3, 3, 3), align_corners=False),
    "nearest": lambda x: F.interpolate(x(1, 2, 4, 4), scale_factor=2),
    "bilinear resizing": lambda x: F.interpolate(x(1, 2, 4, 4), scale_factor=2, mode="bilinear"),
    "by area": lambda x: F.interpolate(x(1, 2, 4, 4), scale_factor=0.5, mode="area"),
    "by area in 3d": lambda x: F.interpolate(x(1, 2, 4, 4, 4), None, 0.5, "area"),
    "zeros around": lambda x: F.pad(x(1, 2, 4, 4), (1, 1, 1, 1)),
    "reflection": lambda x: F.pad(x(1, 2, 4, 4), (1, 1, 1, 1), "reflect"),
    "reflection in 3d": lambda x: F.pad(x(1, 2, 4, 4, 4), (1,) * 6, mode="reflect"),
    "replication in 3d": lambda x: F.pad(x(1, 2, 4, 4, 4), (1,) * 6, "replicate"),
    "circular padding": lambda x: F.pad(x(1, 2, 4, 4), (1, 1, 1, 1), "circular"),
    "avg_pool2d": lambda x: F.avg_pool2d(x(1, 2, 4, 4), 2),
    "avg_pool3d": lambda x: F.avg_pool3d(x(1, 2, 4, 4, 4), 2),
    "max_pool3d": lambda x: F.max_pool3d(x(1, 2, 4, 4, 4), 2),
    "max_pool3d with indices": lambda x: F.max_pool3d(x(1, 2, 4, 4, 4), 2, return_indices=True),
    "fft": lambda x: torch.fft.fft(x(4).float()),
    "mse_loss": lambda x: F.mse_loss(x(2, 3), x(2, 3)),
    "cross_entropy": lambda x: F.cross_entropy(x(2, 3), x.zeros(2)),
    "binary_cross_entropy": lambda x: F.binary_cross_entropy(x(2, 3), x(2, 3)),
    "binary_cross_entropy_with_logits": lambda x: F.binary_cross_entropy_with_logits(x(2, 3), x(2, 3)),
    "soft_margin_loss": lambda x: F.soft_margin_loss(x(2, 3), x(2, 3)),
    "a loss without a rule": lambda x: F.cosine_embedding_loss(x(2, 3), x(2, 3), x(2)),
    "an operation without a rule": lambda x: torch.renorm(x(2, 3), 2, 0, 1.0),
    "steps without a rule": lambda x: F.lp_pool2d(x(1, 2, 4, 4), 2, 2),
    "gaussian loss": lambda x: F.gaussian_nll_loss(x(2, 3), x(2, 3), 1.0),
    "inverse": lambda x: torch.linalg.inv(x(3, 3).float() + torch.eye(3, device=x.device)),
    "layer of its own": lambda x: nn.Softmax(1)(x(2, 3)),
}


class _Calling(nn.Module):
    def __init__(self, call: Callable[[Make], Any], make: Make) -> None:
        super().__init__()
        self.call, self.make = call, make

    def forward(self, x: torch.Tensor) -> Any:
        return self.call(self.make)


def _without_device(device: str) -> AbstractContextManager[Any]:
    return nullcontext() if device == "cpu" else FakeTensorMode()


def _dtypes(output: Any) -> list[torch.dtype]:
    return [leaf.dtype for leaf in pytree.tree_leaves(output) if isinstance(leaf, (torch.Tensor, Tensor))]


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("device", LOWER)
@pytest.mark.parametrize("name", CALLS)
def test_results_have_the_dtypes_that_torch_gives_them(name: str, device: str) -> None:
    for dtype in (torch.float32, LOWER[device]):
        make, region = Make(device, dtype), Region(device, LOWER[device])
        try:
            with _without_device(device), torch.no_grad(), inside(region):
                expected = _dtypes(CALLS[name](make))
        except RuntimeError:
            expected = []
        analysis = convsym.analyze(_Calling(CALLS[name], make).eval(), "1", autocast=str(region))
        assert ([] if analysis.findings else _dtypes(analysis.outputs)) == expected


@pytest.mark.parametrize("device", LOWER)
def test_every_operation_that_torch_casts_has_a_policy(device: str) -> None:
    for name in sorted(_listed(f"Autocast{device.upper()}") - INTERNAL):
        short = name.removeprefix("linalg_").removeprefix("fft_")
        found = [f for space in NAMESPACES for f in (getattr(space, name, None), getattr(space, short, None)) if f]
        functions = rules().functions
        names = {functions[f][0].name if f in functions else f.__name__ for f in found}
        assert not found or names & set(POLICIES[device]), name


def _listed(key: str) -> set[str]:
    names = torch._C._dispatch_get_all_op_names()
    listed = (n for n in names if torch._C._dispatch_has_kernel_for_dispatch_key(n, key))
    plain = {name.partition("::")[2].partition(".")[0] for name in listed if name.startswith("aten::")}
    return {name for name in plain if not name.startswith("_") and not name.startswith("mkldnn")}
