"""Which operations torch.autocast runs in lower precision, which in float32, and which in the widest dtype they are given.

The lists are those of torch's dispatcher, one for each type of device, by the names of convsym's operations; forms that
write in place or into `out=` are in none of them. What is not listed runs in the dtypes that it is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import torch


class Cast(Enum):
    """What becomes of the floating-point operands of an operation, float64 left out."""

    #: They are cast to the dtype of the region.
    LOWER = "lower"
    #: They are cast to float32.
    FLOAT32 = "float32"
    #: They are cast to float32 if one of them has it, else to the dtype of the region.
    WIDEST = "widest"
    #: They stay as they are, and the result is in float32 where the call asks for no other dtype.
    RESULT = "result"
    #: They stay as they are, and the operation ends in a product, whose result is in the dtype of the region.
    LAST = "last"
    #: Torch composes the operation in Python, and casts for each of its steps.
    STEPS = "steps"
    #: Torch refuses the operation.
    REFUSED = "refused"


#: How a call was written: the torch function (None for a layer) and its arguments.
Written = tuple[Any, tuple[Any, ...], Mapping[str, Any]]
Choice = Callable[[Written], Cast | None]


def policy(device_type: str, op: str, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Cast | None:
    """What autocast does to a call on a device of this type; None where it leaves the operands alone.

    >>> policy("cpu", "conv2d", torch.conv2d, (), {}), policy("cuda", "exp", torch.exp, (), {})
    (<Cast.LOWER: 'lower'>, <Cast.FLOAT32: 'float32'>)
    """
    found = POLICIES[device_type].get(op)
    return found if found is None or isinstance(found, Cast) else found((func, args, kwargs))


def _argument(written: Written, position: int, name: str, default: Any) -> Any:
    _, args, kwargs = written
    return kwargs[name] if name in kwargs else args[position] if len(args) > position else default


def _unless_area(cast: Cast) -> Choice:
    # Resizing by area is adaptive pooling.
    return lambda written: None if _argument(written, 3, "mode", "nearest") == "area" else cast


def _by_area_in_3d(written: Written) -> Cast | None:
    by_area = _argument(written, 3, "mode", "nearest") == "area"
    return Cast.FLOAT32 if by_area and _argument(written, 0, "input", None).dim() == 5 else None


def _by_mode_of_padding(written: Written) -> Cast | None:
    mode, axes = _argument(written, 2, "mode", "constant"), len(_argument(written, 1, "pad", ())) // 2
    is_listed = mode == "replicate" or (mode == "reflect" and axes < 3)
    return Cast.FLOAT32 if is_listed else None


def _without_indices(written: Written) -> Cast | None:
    func = written[0]
    with_indices = getattr(func, "__name__", "").endswith("_with_indices") or _argument(
        written, 6, "return_indices", False
    )
    return None if with_indices else Cast.FLOAT32


def _pinverse(written: Written) -> Cast | None:
    return Cast.FLOAT32 if written[0] in (torch.pinverse, torch.Tensor.pinverse) else Cast.LAST


def _as_reciprocal(written: Written) -> Cast | None:
    return Cast.STEPS if written[0] in (torch.Tensor.__rtruediv__, torch.Tensor.__rdiv__) else None


def _where_axes_are_contracted(written: Written) -> Cast | None:
    """Axes that two operands share and the result has not make a matrix product; else elements are multiplied."""
    equation = written[1][0]
    if not isinstance(equation, str):
        return Cast.LOWER
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    labels = Counter(label for each in inputs.split(",") for label in set(each) if label.isalpha())
    kept = output if arrow else {label for label in labels if inputs.count(label) == 1}
    return Cast.LOWER if any(times > 1 and label not in kept for label, times in labels.items()) else None


def _where_input_is_lower(written: Written) -> Cast | None:
    """Steps of a cell are cast one by one: with a state in float32 the results stay in float32."""
    return None if _argument(written, 0, "input", None).dtype == torch.float32 else Cast.LOWER


def _all(cast: Cast, names: str) -> dict[str, Cast | Choice]:
    return dict.fromkeys(names.split(), cast)


_PRODUCTS = """
    linear matmul mm bmm addmm addbmm baddbmm vecdot chain_matmul multi_dot matrix_power cov corrcoef affine_grid conv1d
    conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d prelu scaled_dot_product_attention rnn
    rnn_cell lstm
"""
_LOSSES = """
    binary_cross_entropy_with_logits cosine_embedding_loss cross_entropy hinge_embedding_loss huber_loss kl_div l1_loss
    margin_ranking_loss mse_loss multi_margin_loss multilabel_margin_loss nll_loss nll_loss2d poisson_nll_loss
    smooth_l1_loss soft_margin_loss triplet_margin_loss
"""

_CPU: dict[str, Cast | Choice] = {
    **_all(Cast.LOWER, _PRODUCTS + "inner tensordot"),
    **_all(
        Cast.FLOAT32,
        _LOSSES
        + """
        adaptive_avg_pool3d adaptive_max_pool3d avg_pool3d binary_cross_entropy cdist cholesky cholesky_ex
        cholesky_inverse cholesky_solve ctc_loss eig eigh eigvals eigvalsh fft fft2 fftn fractional_max_pool2d
        fractional_max_pool3d geqrf grid_sample grid_sampler grid_sampler_2d grid_sampler_3d hfft ifft ifft2 ifftn ihfft
        inv inv_ex irfft irfft2 irfftn linalg_cond linalg_householder_product linalg_lstsq linalg_tensorinv
        linalg_tensorsolve lu_solve matrix_rank max_unpool1d max_unpool2d max_unpool3d nanquantile orgqr ormqr polar prod
        qr quantile rfft rfft2 rfftn solve stft svd svdvals trace triangular_solve view_as_complex
        """,
    ),
    **_all(Cast.WIDEST, "cat column_stack dstack hstack index_copy stack vstack"),
    "local_response_norm": Cast.STEPS,
    "einsum": _where_axes_are_contracted,
    "interpolate": _by_area_in_3d,
    "pad": _by_mode_of_padding,
    "pinv": _pinverse,
    "max_pool3d": _without_indices,
    **dict.fromkeys(("gru", "gru_cell", "lstm_cell"), _where_input_is_lower),
}

_CUDA: dict[str, Cast | Choice] = {
    **_all(Cast.LOWER, _PRODUCTS + "einsum mv addmv addr gru gru_cell lstm_cell"),
    **_all(
        Cast.FLOAT32,
        _LOSSES
        + """
        acos arccos arcsin asin cdist cosh cosine_similarity dist erfinv exp expm1 group_norm layer_norm log log10 log1p
        log2 logsumexp native_layer_norm nuclear_norm pairwise_distance pdist pow reciprocal renorm rms_norm rsqrt sinh
        softplus square tan
        """,
    ),
    **_all(
        Cast.WIDEST,
        "addcdiv addcmul arctan2 atan2 bilinear cross dot grid_sample index_put inner scatter_add tensordot",
    ),
    **_all(Cast.RESULT, "cumprod cumsum frobenius_norm log_softmax norm prod softmax softmax2d sum"),
    **_all(Cast.STEPS, "gumbel_softmax local_response_norm softmin"),
    "binary_cross_entropy": Cast.REFUSED,
    "div": _as_reciprocal,
    "interpolate": _unless_area(Cast.FLOAT32),
    "pinv": Cast.LAST,
}

POLICIES: Mapping[str, Mapping[str, Cast | Choice]] = {"cpu": _CPU, "cuda": _CUDA}

#: Torch composes these of steps that are cast one by one, or runs them in a kernel of their own.
KEEPING_UNKNOWN = frozenset({"rnn", "rnn_cell", "lstm", "lstm_cell", "gru", "gru_cell"})
