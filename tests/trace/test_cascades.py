import pytest
import torch
from torch import nn

import convsym


class Chain(nn.Module):
    def __init__(self, *layers, inputs="N 3 32 32"):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Heads(nn.Module):
    def __init__(self, *features):
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(f, 2) for f in features)

    def forward(self, x):
        return [head(x) for head in self.heads]


class Residual(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, stride, 1)

    def forward(self, x):
        return x + self.conv(x)


class Skip(nn.Module):
    def __init__(self, made):
        super().__init__()
        self.outer = nn.Conv2d(3, made, 1)
        self.inner = nn.Conv2d(8, 16, 1)
        self.last = nn.Conv2d(24, 2, 1)

    def forward(self, x):
        x = self.outer(x)
        return self.last(torch.cat([x, self.inner(x)], 1))


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.squeeze = nn.Linear(8, 8)

    def forward(self, x):
        return x * self.squeeze(x.mean((2, 3)))[:, :, None, None]


class InPlace(nn.Module):
    def forward(self, x):
        y, z = x.clone(), x[..., 1:]
        y -= z
        return y.round() + z


@pytest.mark.parametrize(
    ("model", "paths"),
    [
        # Two mistakes that have nothing to do with each other.
        (Chain(nn.Conv2d(4, 8, 3), nn.Conv2d(16, 8, 3)), ["layers.0", "layers.1"]),
        (Chain(nn.Conv2d(4, 8, 3), nn.BatchNorm2d(9), nn.Conv2d(8, 8, 99)), ["layers.0", "layers.1", "layers.2"]),
        (Chain(Residual(2), Residual(1), Residual(2)), ["layers.0", "layers.2"]),
        (Heads(31, 33), ["heads.0", "heads.1"]),
        # One mistake: both heads are given the wrong tensor, both layers stand in the wrong order, the layer between is
        # of the wrong width.
        (Heads(31, 31), ["heads.0"]),
        (Chain(nn.Conv2d(3, 8, 1), nn.Conv2d(4, 2, 1), nn.Conv2d(8, 4, 1)), ["layers.1"]),
        (Chain(nn.Conv2d(1, 1, 1), nn.Conv2d(3, 8, 1)), ["layers.0"]),
        (InPlace(), [""]),
        # One mistake: the first layer makes the wrong number, which shows in all that reads it or what it is joined to.
        (Chain(nn.Conv2d(3, 9, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1)), ["layers.1"]),
        (Skip(9), ["inner"]),
        (Gate(), ["squeeze"]),
        # Two: the norm and the layer after it lack another number each.
        (Chain(nn.Conv2d(3, 9, 1), nn.BatchNorm2d(8), nn.Conv2d(7, 4, 1)), ["layers.1", "layers.2"]),
    ],
)
def test_one_mistake_is_reported_once_and_two_are_reported_both(model, paths):
    assert [f.path for f in convsym.analyze(model, "N 3 32 32").findings] == paths


def test_what_is_joined_after_a_mismatch_is_judged_by_itself():
    class Twice(nn.Module):
        def forward(self, x):
            first = torch.cat([x, x[..., 1:]], 1)
            second = torch.cat([first, x, first[..., 2:]], 1)
            return second, torch.cat([x, x[:, :, 3:]], 1)

    assert len(convsym.analyze(Twice(), "N 3 32 32").findings) == 3


def test_what_comes_of_a_wrong_product_is_not_judged():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            n, c, h, w = x.shape
            flat = x.flatten(2)
            return self.last((flat.transpose(1, 2) @ flat @ flat.transpose(1, 2)[:, :2]).view(n, c, h, w))

    assert [f.requirement.kind for f in convsym.analyze(Attention(), "N 3 32 32").findings] == ["matmul-mismatch"]


def test_a_product_of_what_was_reshaped_wrongly_is_not_judged():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            n, _, h, w = x.shape
            return self.query(x).reshape(n, 4, h * w).transpose(1, 2) @ x.flatten(2)[:, :2]

    assert [f.requirement.kind for f in convsym.analyze(Attention(), "N 3 32 32").findings] == ["reshape"]


def test_after_an_output_size_out_of_reach_the_rest_goes_on_with_what_was_asked_for():
    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.up = nn.ConvTranspose2d(3, 4, 4, stride=2)

        def forward(self, x):
            up = self.up(x[..., ::2, ::2], output_size=x.shape[-2:])
            return torch.cat([up, x], 1)

    a = convsym.analyze(Decoder(), "N 3 32 32")
    assert [f.requirement.kind for f in a.findings] == ["output-size"]


def test_after_joining_along_the_wrong_axis_nothing_is_known_of_it():
    class Joined(nn.Module):
        def forward(self, x):
            wrong = torch.cat([x[:, :2], x], 2)
            return torch.cat([wrong, x], 1)

    assert len(convsym.analyze(Joined(), "N 3 32 32").findings) == 1


def test_a_size_of_an_axis_that_is_not_there_is_a_mistake():
    class Sized(nn.Module):
        def forward(self, x):
            return x.reshape(x.size(0), x.size(4))

    (found,) = convsym.analyze(Sized(), "N 3 H W").findings
    assert found.requirement.kind == "axis-out-of-range"


def squeezed(x):
    """Channel attention whose layer makes another number than there are channels."""
    return x * nn.Linear(4, 4)(x.mean((2, 3)))[:, :, None, None].expand_as(x)


def of_a_missing_axis(x):
    index = x.flatten(1).argmax(1).unsqueeze(2)
    return torch.zeros(x.size(0), 4).scatter(1, index, 1.0)


def undone(x):
    n, c, h, w = x.shape
    y = x.view(n, c, h, w + 1)
    return nn.Conv2d(3, 3, 1)(y).reshape(n, c, h, w)


def unpooled(x):
    pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
    y, indices = pool(nn.BatchNorm2d(4)(x[..., :32, :32]))
    return unpool(nn.Conv2d(3, 4, 1)(y), indices)


def not_flattened(x):
    return nn.Linear(32, 8)(nn.LayerNorm(3)(x).transpose(1, 2))


def joined_as_it_was(x):
    return torch.cat([x, nn.Conv2d(6, 6, 1)(x)], 2)


def stretched_to_fewer_axes(x):
    gate = x.mean((2, 3), keepdim=True)[..., None].expand_as(x)
    return nn.Conv2d(3, 4, 1)(x * gate)


@pytest.mark.parametrize(
    "forward",
    [squeezed, of_a_missing_axis, undone, unpooled, not_flattened, joined_as_it_was, stretched_to_fewer_axes],
)
def test_what_follows_from_a_mistake_is_not_another(forward):
    class Model(nn.Module):
        def forward(self, x):
            return forward(x)

    with pytest.raises((RuntimeError, IndexError)):
        Model()(torch.rand(2, 3, 32, 40))
    assert len(convsym.analyze(Model(), "N 3 H 40").findings) == 1


def test_a_view_that_leaves_a_rest_in_every_batch_is_impossible():
    class Boxes(nn.Module):
        def forward(self, x):
            return x.mean((2, 3)).view(x.size(0), -1, 2)

    [finding] = convsym.analyze(Boxes(), "N 3 H W").findings
    assert finding.requirement.kind == "reshape-rest"
