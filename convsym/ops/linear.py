"""Fully connected layers: nn.Linear, LazyLinear, Bilinear, Identity, F.linear and F.bilinear."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from convsym.graph.backward import Backward, Saved, of_product, passes_on
from convsym.graph.call import Cost
from convsym.graph.tensor import Tensor
from convsym.ops.broadcast import broadcast
from convsym.ops.catalogue import OpRule, Outcome, Site, spellings
from convsym.ops.dtypes import require_one_dtype
from convsym.ops.lazy import initialised
from convsym.ops.strides import as_rows
from convsym.sizes.arithmetic import Size, equal, multiply, product
from convsym.sizes.condition import FALSE, TRUE, all_of, any_of, eq


def linear(site: Site, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Outcome:
    """`input` (..., in_features) times the transpose of `weight` (out_features, in_features), plus `bias`.

    FLOPs are two per output element and input feature, as for addmm and mm; the bias is element-wise work.
    """
    if not site.require(
        "input-rank",
        TRUE if input.rank and weight.rank in (1, 2) and (bias is None or weight.rank == 2) else FALSE,
        "Linear takes input of at least one axis and a matrix as weight, but gets shapes {} and {}",
        input.shape,
        weight.shape,
        help="give it (..., in_features)",
    ):
        return Outcome(input.with_shape(*input.shape[:-1], *weight.shape[:1]))
    out_features, in_features = weight.shape[:-1], weight.shape[-1]
    parameters: dict[str, Any] = {"in_features": in_features, "out_features": out_features[0] if out_features else 1}
    require_one_dtype(site, "Linear", input, weight, bias)
    fits = eq(input.shape[-1], in_features)
    flat = fits is not TRUE and _is_flat(input, in_features)
    site.require(
        "linear-features",
        fits,
        "Linear expects {} features on the last axis, but gets {} (input of shape {})",
        in_features,
        input.shape[-1],
        input.shape,
        help="flatten the input first: its trailing axes hold {0} elements together"
        if flat
        else "make in_features={1}, or reshape the input so that its last axis has {0}",
        # A feature map is meant to be flattened or pooled first; no number of features is the right one.
        mend={"in_features": input.shape[-1]} if input.rank <= 3 and not flat else {},
    )
    output = input.with_shape(*input.shape[:-1], *out_features)
    numel = output.numel
    # A product with a single vector runs as mv or dot, which torch's counter leaves out.
    cost = Cost(flops=multiply(2, multiply(numel, in_features))) if out_features else Cost(elementwise=input.numel)
    if bias is not None:
        output = _with_bias(site, output, bias)
        cost += Cost(elementwise=output.numel)
    return Outcome(output, cost, parameters, of_product(as_rows(input), weight, cost.flops, input))


def _is_flat(input: Tensor, in_features: Size) -> bool:
    """Whether trailing axes of the input, taken together, have as many elements as there are features."""
    return any(equal(product(input.shape[axis:]), in_features) for axis in range(input.rank - 1))


def _with_bias(site: Site, output: Tensor, bias: Tensor) -> Tensor:
    features = output.shape[-1]
    if bias.rank <= 1:
        fits = any_of(eq(bias.shape[0], features), eq(bias.shape[0], 1)) if bias.rank else TRUE
    elif output.rank > 2:
        return output.with_shape(*broadcast(site, output.shape, bias.shape, op="the bias of Linear"))
    else:
        pairs = zip(reversed(bias.shape), reversed(output.shape), strict=False)
        enough = TRUE if bias.rank <= output.rank else FALSE
        fits = all_of(enough, *(any_of(eq(b, o), eq(b, 1)) for b, o in pairs))
    site.require(
        "bias-features",
        fits,
        "the bias of Linear has shape {}, but there are {} output features",
        bias.shape,
        features,
        help="make the bias one element for each output feature",
    )
    return output


def _lazy(site: Site, input: Tensor, module: Any) -> Outcome:
    in_features: Size = input.shape[-1] if input.rank else 1
    weight = initialised(site, module.weight, module.out_features, in_features, dtype=input.dtype)
    assert weight is not None
    bias = initialised(site, module.bias, module.out_features, dtype=input.dtype)
    return linear(site, input, weight, bias)


def bilinear(site: Site, input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Outcome:
    """`input1` (..., in1) and `input2` (..., in2) through `weight` (out, in1, in2): (..., out).

    torch's counter does not count it; one element-wise operation per product of two features.
    """
    fits = site.require(
        "input-rank",
        TRUE if input1.rank == input2.rank > 0 and weight.rank == 3 else FALSE,
        "Bilinear takes two inputs of as many axes each and a weight of three, but gets shapes {}, {} and {}",
        input1.shape,
        input2.shape,
        weight.shape,
        help="give both inputs the same leading axes",
    )
    out_features = weight.shape[0] if weight.rank else 1
    output = input1.with_shape(*input1.shape[:-1], out_features)
    if not fits:
        return Outcome(output)
    require_one_dtype(site, "Bilinear", input1, input2, weight)
    site.require(
        "broadcast-mismatch",
        all_of(*(eq(a, b) for a, b in zip(input1.shape[:-1], input2.shape[:-1], strict=True))),
        "Bilinear gets inputs of shapes {} and {}, whose leading axes must be equal",
        input1.shape,
        input2.shape,
        help="give both inputs the same leading axes",
    )
    for name, input, features in (("first", input1, weight.shape[1]), ("second", input2, weight.shape[2])):
        site.require(
            "linear-features",
            eq(input.shape[-1], features),
            "Bilinear expects {} features on the last axis of its {} input, but gets {}",
            features,
            name,
            input.shape[-1],
            help="make the layer's in{1}_features agree with the input",
        )
    if bias is not None:
        site.require(
            "bias-features",
            all_of(TRUE if bias.rank == 1 else FALSE, eq(bias.shape[0] if bias.rank else 1, out_features)),
            "the bias of Bilinear has shape {}, but there are {} output features",
            bias.shape,
            out_features,
            help="make the bias one element for each output feature",
        )
    work = multiply(product(output.shape), multiply(weight.shape[1], weight.shape[2]))
    parameters = {"in1_features": weight.shape[1], "in2_features": weight.shape[2], "out_features": out_features}
    backward = Backward(tuple(map(Saved, (input1, input2, weight))))
    return Outcome(output, Cost(elementwise=work), parameters, backward)


def identity(site: Site, input: Any) -> Outcome:
    """The input itself."""
    return Outcome(input)


def _linear_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module.weight, module.bias), {}


def _lazy_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input, module), {}


def _bilinear_module(module: Any, input1: Any, input2: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input1, input2, module.weight, module.bias), {}


def _identity_module(module: Any, input: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return (input,), {}


RULES = (
    OpRule(
        "linear",
        linear,
        spellings("linear"),
        {nn.Linear: _linear_module, nn.modules.linear.NonDynamicallyQuantizableLinear: _linear_module},
    ),
    OpRule("linear", _lazy, (), {nn.LazyLinear: _lazy_module}),
    OpRule("bilinear", bilinear, (torch.bilinear,), {nn.Bilinear: _bilinear_module}),
    OpRule("identity", identity, (), {nn.Identity: _identity_module}, passes_on),
)
