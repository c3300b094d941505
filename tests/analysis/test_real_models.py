"""Training of real models against torch: FLOPs of both passes and what autograd keeps, at two sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import convsym
from tests.analysis.training import flops_of_both_passes, saved_bytes
from tests.torchvision_on_cpu import models

_TORCHVISION = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "googlenet",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "swin_t",
    "swin_v2_t",
    "vgg11_bn",
]
_TIMM = [
    "caformer_s18",
    "convit_tiny",
    "convmixer_768_32",
    "convnextv2_atto",
    "cspdarknet53",
    "davit_tiny",
    "dla34",
    "edgenext_xx_small",
    "efficientformer_l1",
    "efficientformerv2_s0",
    "efficientvit_b0",
    "fasternet_t0",
    "fastvit_t8",
    "focalnet_tiny_srf",
    "gcvit_xxtiny",
    "ghostnet_050",
    "ghostnetv2_100",
    "gmixer_24_224",
    "hardcorenas_a",
    "hgnetv2_b0",
    "hiera_tiny_224",
    "hrnet_w18_small",
    "inception_next_atto",
    "lcnet_050",
    "levit_128s",
    "mambaout_femto",
    "mobilenetv4_conv_small",
    "mobileone_s0",
    "mobilevit_xxs",
    "nest_tiny",
    "nextvit_small",
    "poolformer_s12",
    "pvt_v2_b0",
    "repghostnet_050",
    "repvgg_a0",
    "repvit_m0_9",
    "res2net50_14w_8s",
    "resnest14d",
    "skresnet18",
    "starnet_s050",
    "swiftformer_xs",
    "tinynet_e",
    "tnt_s_patch16_224",
    "xcit_nano_12_p8_224",
]
#: Not all of them: many CPUs have no convolutions in lower precision, and take long over them.
_IN_AUTOCAST = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "edgenext_xx_small",
    "efficientvit_b0",
    "gmixer_24_224",
    "googlenet",
    "lcnet_050",
    "levit_128s",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenetv4_conv_small",
    "poolformer_s12",
    "regnet_y_400mf",
    "resnet18",
    "resnet50",
    "shufflenet_v2_x0_5",
    "swin_t",
    "swin_v2_t",
    "tinynet_e",
]
_SIZES = (
    {"N": 2, "H": 64, "W": 96},
    {"N": 3, "H": 96, "W": 96},
    {"N": 2, "H": 224, "W": 224},
    {"N": 3, "H": 224, "W": 224},
)


def _assert_trained_as_torch_does(model: nn.Module) -> None:
    model.train()
    analysis = convsym.analyze(model, "N 3 H W")
    assert analysis.unsaved == analysis.uncounted_backward == ()
    fitting = [sizes for sizes in _SIZES if analysis.domain.contains(**sizes)][:2]
    assert len(fitting) == 2
    for sizes in fitting:
        at, x = analysis.at(**sizes), torch.rand(sizes["N"], 3, sizes["H"], sizes["W"])
        assert at.saved_bytes == saved_bytes(model, x)
        assert (at.flops, at.backward_flops) == flops_of_both_passes(model, x)
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        assert at.gradient_bytes == sum(g.numel() * g.element_size() for g in gradients)


def _assert_saved_in_autocast(model: nn.Module) -> None:
    model.train()
    analysis = convsym.analyze(model, "N 3 H W", autocast=torch.bfloat16)
    assert analysis.unsaved == ()
    sizes = next(sizes for sizes in _SIZES if analysis.domain.contains(**sizes))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected = saved_bytes(model, torch.rand(sizes["N"], 3, sizes["H"], sizes["W"]))
    assert analysis.at(**sizes).saved_bytes == expected


def test_a_small_model_keeps_in_autocast_what_torch_keeps() -> None:
    _assert_saved_in_autocast(models.squeezenet1_1())


@pytest.mark.sweep
@pytest.mark.parametrize("name", _IN_AUTOCAST)
def test_a_model_keeps_in_autocast_what_torch_keeps(name: str) -> None:
    if name in _TORCHVISION:
        _assert_saved_in_autocast(getattr(models, name)())
        return
    import timm

    _assert_saved_in_autocast(timm.create_model(name))


@pytest.mark.sweep
@pytest.mark.parametrize("name", _TORCHVISION)
def test_a_model_of_torchvision(name: str) -> None:
    _assert_trained_as_torch_does(getattr(models, name)())


@pytest.mark.sweep
def test_a_model_that_computes_again_what_needs_a_gradient() -> None:
    _assert_trained_as_torch_does(models.densenet121(memory_efficient=True))


@pytest.mark.sweep
@pytest.mark.parametrize("name", _TIMM)
def test_a_model_of_timm(name: str) -> None:
    # timm imports torchvision, whose operators are declared by now.
    import timm

    _assert_trained_as_torch_does(timm.create_model(name))
