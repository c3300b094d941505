import copy
import dataclasses
import threading
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from convsym.trace.building import definition_of, definitions_of, recorded_definitions, without_weights


def build(make):
    with without_weights():
        return make()


def test_parameters_take_no_memory_and_keep_shape_dtype_and_requires_grad():
    def make():
        module = nn.Module()
        module.weight = nn.Parameter(torch.empty(1 << 20, 1 << 15, dtype=torch.float16), requires_grad=False)
        return module

    weight = build(make).weight
    assert type(weight) is nn.Parameter
    assert weight.is_meta
    assert not weight.requires_grad
    assert (weight.shape, weight.dtype) == ((1 << 20, 1 << 15), torch.float16)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.LSTM(8, 16, 2, bidirectional=True),
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32), 3),
        lambda: nn.utils.weight_norm(nn.Conv2d(3, 8, 3)),
        lambda: nn.utils.spectral_norm(nn.Conv2d(3, 8, 3)),
        lambda: parametrizations.weight_norm(nn.Conv2d(3, 8, 3)),
        lambda: parametrizations.spectral_norm(nn.Conv2d(3, 8, 3)),
        lambda: parametrizations.orthogonal(nn.Linear(8, 8)),
        lambda: nn.Embedding(1000, 64, padding_idx=0),
        lambda: nn.EmbeddingBag(1000, 64, padding_idx=3),
        lambda: nn.utils.skip_init(nn.Linear, 3, 4),
        lambda: nn.Bilinear(3, 4, 5),
        lambda: nn.MultiheadAttention(16, 4, kdim=8, vdim=8),
    ],
)
def test_layers_of_torch_have_the_parameters_that_they_have_with_weights(make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain, lean = make(), build(make)
    assert {k: (p.shape, p.dtype) for k, p in lean.named_parameters()} == {
        k: (p.shape, p.dtype) for k, p in plain.named_parameters()
    }
    assert {k: b.shape for k, b in lean.named_buffers()} == {k: b.shape for k, b in plain.named_buffers()}
    assert all(p.is_meta for p in lean.parameters())


@pytest.mark.parametrize(
    "initialise",
    [
        lambda w: nn.init.kaiming_uniform_(w, a=0.1),
        lambda w: nn.init.kaiming_normal_(w, mode="fan_out"),
        nn.init.xavier_uniform_,
        nn.init.orthogonal_,
        nn.init.trunc_normal_,
        lambda w: nn.init.sparse_(w, 0.5),
        nn.init.eye_,
        lambda w: w.data.normal_(0, 0.02).clamp_(-2, 2),
        lambda w: w.data.uniform_(-1, 1),
        lambda w: w.data.copy_(torch.ones(64, 32)),
        lambda w: w.data.__setitem__(0, torch.ones(32)),
        lambda w: w.data.mul_(torch.ones(64, 32)),
    ],
)
def test_initialising_a_parameter_leaves_it_without_weights(initialise):
    def make():
        layer = nn.Linear(32, 64)
        with torch.no_grad():
            initialise(layer.weight)
        return layer

    assert build(make).weight.is_meta


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: nn.init.kaiming_uniform_(nn.Linear(3, 4).bias),
        lambda: nn.init.xavier_normal_(nn.Linear(3, 4).bias),
        lambda: nn.init.normal_(nn.Linear(3, 4).weight, std=-1.0),
        lambda: nn.Linear(3, 4).weight.data.uniform_(2, 1),
        lambda: nn.Linear(3, 4).weight.data.copy_(torch.ones(7, 7)),
        lambda: nn.Linear(3, 4).weight.view(5, 5),
        lambda: nn.Linear(3, -4),
    ],
)
def test_what_torch_refuses_is_refused_alike(wrong):
    with pytest.raises((RuntimeError, ValueError)) as plain:
        wrong()
    with pytest.raises(type(plain.value)):
        build(wrong)


def test_numbers_that_constructors_compute_with_are_real():
    def make():
        rates = [x.item() for x in torch.linspace(0, 0.3, 4)]
        order = torch.randn(5000).argsort().tolist()
        widths = (np.arange(4) * 8).tolist()
        grid = torch.stack(torch.meshgrid(torch.arange(3), torch.arange(3), indexing="ij")).flatten(1)
        return rates, order, widths, (grid[:, :, None] - grid[:, None, :]).sum(0).tolist()

    rates, order, widths, index = build(make)
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3])
    assert sorted(order) == list(range(5000))
    assert widths == [0, 8, 16, 24]
    assert index[0] == [0, -1, -2, -1, -2, -3, -2, -3, -4]


def test_buffers_stay_real_and_filled():
    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3)
            self.register_buffer("large", torch.ones(64, 64))
            self.register_buffer("like", torch.ones_like(self.conv.weight.data))
            self.like[:, :, 1, 1] = 0
            self.register_buffer("index", torch.arange(9).view(3, 3).tril())
            self.scores = torch.full((100, 100), 7.0)

    holder = build(Holder)
    assert holder.large.sum() == 64 * 64
    assert holder.like.sum() == 8 * 3 * 8
    assert holder.scores.sum() == 70_000
    assert holder.index.tolist() == [[0, 0, 0], [3, 4, 0], [6, 7, 8]]


def test_reading_a_parameter_draws_its_value():
    def make():
        weight = nn.Parameter(torch.empty(100, 100))
        nn.init.constant_(weight, 3.0)
        ramp = nn.Parameter(torch.linspace(0, 1, 11))
        scale = nn.Parameter(torch.ones(1) * 5)
        scale.data.add_(1)
        moved = nn.Parameter(torch.zeros(2000))
        moved.data = torch.full((3,), 9.0)
        stored = nn.Linear(2, 2)
        stored.load_state_dict({"weight": torch.eye(2), "bias": torch.tensor([4.0, 5.0])})
        return [
            weight.sum().item(),
            float(weight.max()),
            bool((weight == 3).all()),
            weight[0, :2].tolist(),
            ramp.detach().numpy()[5],
            float(scale),
            moved.tolist(),
            stored.bias.tolist(),
            round(nn.Parameter(torch.randn(10_000)).std().item(), 1),
        ]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = build(make)
    assert got == [30_000.0, 3.0, True, [3.0, 3.0], 0.5, 6.0, [9.0] * 3, [4.0, 5.0], 1.0]


def test_a_value_is_drawn_once():
    def make():
        weight = nn.Parameter(torch.randn(5000))
        return weight.tolist() == weight.detach().tolist() == weight.data.tolist()

    assert build(make)


def test_accelerators_are_the_cpu():
    def make():
        model = (
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).cuda().to("cuda:1").to(device="cuda", dtype=torch.half)
        )
        return model, torch.zeros(3, device="cuda"), model[0].weight.device, torch.ones(2).to("cuda", torch.float64)

    model, zeros, device, ones = build(make)
    assert model[0].weight.dtype == torch.half
    assert model[0].weight.is_meta
    assert not zeros.is_meta
    assert device == torch.device("cpu")
    assert ones.dtype == torch.float64


def test_subclasses_of_parameter_and_lazy_layers_work():
    class Tagged(nn.Parameter):
        pass

    def make():
        module = nn.Module()
        module.tagged = Tagged(torch.ones(3))
        module.lazy = nn.LazyConv2d(8, 3)
        module.empty = nn.Parameter()
        return module

    module = build(make)
    assert type(module.tagged) is Tagged
    assert isinstance(module.tagged, nn.Parameter)
    assert module.tagged.is_meta
    assert isinstance(module.lazy.weight, nn.UninitializedParameter)
    assert module.empty.shape == (0,)
    module.lazy(torch.ones(1, 5, 4, 4))
    assert module.lazy.weight.shape == (8, 5, 3, 3)


def test_copies_and_shared_parameters_stay_what_they_are():
    def make():
        first = nn.Linear(40, 40)
        second = nn.Linear(40, 40)
        second.weight = first.weight
        return nn.ModuleList([first, second, copy.deepcopy(first)])

    first, second, third = build(make)
    assert first.weight is second.weight
    assert first.weight is not third.weight
    assert third.weight.is_meta


def test_a_model_that_runs_in_its_constructor_is_built():
    class Strided(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(True), nn.Conv2d(8, 8, 3, 2, 1)
            )
            out = self.body(torch.zeros(1, 3, 64, 64))
            self.stride = 64 // out.shape[-1]
            self.mean = out.mean().item()
            self.head = nn.Linear(out.flatten(1).shape[1], 10)

    model = build(Strided)
    assert model.stride == 4
    assert model.head.in_features == 8 * 16 * 16
    assert np.isfinite(model.mean)
    assert not model.body[1].running_mean.is_meta


def test_everything_is_put_back_whatever_happens():
    before = (
        nn.Module.__init__,
        nn.Module.register_buffer,
        nn.Parameter.__dict__["__new__"],
        nn.init._no_grad_trunc_normal_,
    )
    with pytest.raises(KeyError), without_weights(), without_weights():
        raise KeyError
    after = (
        nn.Module.__init__,
        nn.Module.register_buffer,
        nn.Parameter.__dict__["__new__"],
        nn.init._no_grad_trunc_normal_,
    )
    assert before == after
    assert not nn.Linear(2, 2).weight.is_meta
    assert torch.overrides._get_current_function_mode_stack() == []


def test_an_inner_block_does_not_end_the_outer_one():
    with without_weights():
        with without_weights():
            pass
        assert torch.empty(1).is_meta is False
        layer = nn.Linear(3, 4)
    assert layer.weight.is_meta


def test_other_threads_do_not_notice():
    made = []
    with without_weights():
        thread = threading.Thread(target=lambda: made.append(nn.Linear(3, 4)))
        thread.start()
        thread.join()
    assert not made[0].weight.is_meta
    assert definition_of(made[0]) is None


def block(width):
    return nn.Sequential(
        nn.Conv2d(3, width, 3),
        nn.ReLU(),
    )


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = block(8)
        self.again = copy.deepcopy(self.stem)


def test_modules_remember_the_line_that_made_them_and_the_lines_around_it():
    net = build(Net)
    texts = [p.text for p in definitions_of(net.stem[0])]
    assert texts[:2] == ["nn.Conv2d(3, width, 3),", "self.stem = block(8)"]
    assert definition_of(net.stem[1]).text == "nn.ReLU(),"
    assert definition_of(net.again[0]) == definition_of(net.stem[0])
    assert definition_of(net).text == "return make()"


def test_modules_without_a_hash_remember_too():
    @dataclasses.dataclass(eq=True)
    class Configured(nn.Module):
        width: int = 4

        def __post_init__(self):
            super().__init__()

    with recorded_definitions():
        module = Configured()
    assert definition_of(module).text == "module = Configured()"


def test_a_module_built_elsewhere_has_no_definition():
    assert definition_of(nn.Linear(2, 2)) is None
