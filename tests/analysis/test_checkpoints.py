"""Checkpointing against torch: what autograd keeps, and what the backward pass computes again."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential, create_selective_checkpoint_contexts

import convsym
from tests.analysis.peaks import training_peak
from tests.analysis.training import flops_of_both_passes, saved_bytes


class _Checkpointed(nn.Module):
    def __init__(self, *tail: nn.Module, **options: Any) -> None:
        super().__init__()
        self.before = nn.Conv2d(3, 4, 3, padding=1)
        self.inside = nn.Sequential(
            nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.SiLU(), nn.Conv2d(8, 4, 1), *tail
        )
        self.after = nn.Conv2d(4, 2, 1)
        self.options = options

    def forward(self, x: torch.Tensor) -> Any:
        x = self.before(x)
        y = checkpoint(self.inside, x, **self.options)
        # The tensors themselves are returned too, so that their memory is not given out again.
        return x, y, self.after(y)


_TAILS: dict[str, tuple[nn.Module, ...]] = {
    "what needs its operand alone": (),
    "what needs its result": (nn.Sigmoid(),),
    "what needs nothing": (nn.AvgPool2d(1), nn.Flatten(), nn.Unflatten(1, (4, 8, 9))),
}


@pytest.mark.parametrize("is_reentrant", [True, False])
@pytest.mark.parametrize("tail", _TAILS)
def test_a_checkpoint_that_ends_in(tail: str, is_reentrant: bool) -> None:
    model = _Checkpointed(*_TAILS[tail], use_reentrant=is_reentrant)
    at, x = convsym.analyze(model, "N 3 8 9").at(N=2), torch.rand(2, 3, 8, 9)
    assert at.saved_bytes == saved_bytes(model, x)
    assert (at.flops, at.backward_flops) == flops_of_both_passes(model, x)
    assert at.gradient_bytes == sum(4 * p.numel() for p in model.parameters())


def test_without_early_stop_all_is_computed_again() -> None:
    model = _Checkpointed(use_reentrant=False, early_stop=False)
    at, x = convsym.analyze(model, "N 3 8 9").at(N=2), torch.rand(2, 3, 8, 9)
    assert at.backward_flops == flops_of_both_passes(model, x)[1]


class _FromTheInput(nn.Module):
    def __init__(self, is_reentrant: bool) -> None:
        super().__init__()
        self.inside, self.after, self.is_reentrant = nn.Linear(4, 4), nn.Linear(4, 4), is_reentrant

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(checkpoint(self.inside, x, use_reentrant=self.is_reentrant))  # type: ignore[no-any-return]


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("is_reentrant", [True, False])
def test_a_reentrant_checkpoint_of_the_input_alone_has_no_gradients(is_reentrant: bool) -> None:
    model = _FromTheInput(is_reentrant)
    at, x = convsym.analyze(model, "N 4").at(N=3), torch.rand(3, 4)
    assert at.backward_flops == flops_of_both_passes(model, x)[1]
    assert at.gradient_bytes == sum(4 * p.numel() for p in model.parameters() if p.grad is not None)


class _Nested(nn.Module):
    """Two checkpoints inside of one, with layers before them and, if asked for, one after."""

    def __init__(self, outer: bool, inner: bool, ends_in_layer: bool, stops_early: bool) -> None:
        super().__init__()
        self.before = nn.Conv2d(3, 4, 3, padding=1)
        self.first = nn.Conv2d(4, 8, 3, padding=1)
        self.block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.SiLU(), nn.Conv2d(8, 8, 1))
        self.last = nn.Conv2d(8, 4, 1) if ends_in_layer else nn.Identity()
        self.options: list[dict[str, Any]] = [
            {"use_reentrant": True} if is_reentrant else {"use_reentrant": False, "early_stop": stops_early}
            for is_reentrant in (outer, inner)
        ]

    def inside(self, x: torch.Tensor) -> Any:
        x = self.first(x).sigmoid()
        for _ in range(2):
            x = checkpoint(self.block, x, **self.options[1])
        return self.last(x)

    def forward(self, x: torch.Tensor) -> Any:
        x = self.before(x)
        # The tensor itself is returned too, so that its memory is not given out again.
        return x, checkpoint(self.inside, x, **self.options[0])


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("stops_early", [True, False])
@pytest.mark.parametrize("ends_in_layer", [True, False])
@pytest.mark.parametrize("inner", [True, False])
@pytest.mark.parametrize("outer", [True, False])
def test_what_is_inside_of_two_checkpoints_is_computed_three_times(
    outer: bool, inner: bool, ends_in_layer: bool, stops_early: bool
) -> None:
    model = _Nested(outer, inner, ends_in_layer, stops_early)
    at, x = convsym.analyze(model, "N 3 8 9").at(N=2), torch.rand(2, 3, 8, 9)
    assert at.saved_bytes == saved_bytes(model, x)
    assert (at.flops, at.backward_flops) == flops_of_both_passes(model, x)
    assert at.gradient_bytes == sum(4 * p.numel() for p in model.parameters())


def _keeping_products() -> Any:
    return create_selective_checkpoint_contexts([torch.ops.aten.convolution.default])


def test_a_checkpoint_that_chooses_what_it_keeps_is_said_not_to_be_followed() -> None:
    model = _Checkpointed(use_reentrant=False, context_fn=_keeping_products)
    a, x = convsym.analyze(model, "N 3 8 9"), torch.rand(2, 3, 8, 9)
    assert a.unsaved == a.uncounted_backward == ("checkpoint with context_fn",)
    assert a.at(N=2).saved_bytes <= saved_bytes(model, x)
    assert a.at(N=2).backward_flops <= flops_of_both_passes(model, x)[1]


class _Segments(nn.Module):
    def __init__(self, is_reentrant: bool = False) -> None:
        super().__init__()
        self.stem, self.is_reentrant = nn.Conv2d(3, 16, 3, padding=1), is_reentrant
        blocks = [nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()) for _ in range(6)]
        self.body = nn.Sequential(*blocks)

    def forward(self, x: torch.Tensor) -> Any:
        return checkpoint_sequential(self.body, 3, self.stem(x), use_reentrant=self.is_reentrant)


def test_segments_of_a_sequence_take_the_memory_of_one_at_a_time() -> None:
    model = _Segments()
    at, x = convsym.analyze(model, "N 3 H W").at(N=2, H=40, W=48), torch.rand(2, 3, 40, 48)
    assert at.backward_flops == flops_of_both_passes(model, x)[1]
    assert at.training_peak_bytes == pytest.approx(training_peak(model, x), rel=0.05)


@pytest.mark.parametrize("is_reentrant", [True, False])
def test_segments_of_a_sequence_keep_their_inputs(is_reentrant: bool) -> None:
    model = _Segments(is_reentrant)
    at, x = convsym.analyze(model, "N 3 H W").at(N=2, H=8, W=9), torch.rand(2, 3, 8, 9)
    assert at.saved_bytes == saved_bytes(model, x)
    assert at.backward_flops == flops_of_both_passes(model, x)[1]


class _Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Linear(16, 64), nn.Linear(64, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.narrow(self.wide(x).relu())


class _Levels(nn.Module):
    """Four blocks, each in a checkpoint, and two of these together, or all of them, in one more if asked for."""

    def __init__(self, together: int, is_reentrant: bool) -> None:
        super().__init__()
        self.first, self.last, self.is_reentrant = nn.Linear(16, 16), nn.Linear(16, 16), is_reentrant
        self.blocks = nn.ModuleList(_Residual() for _ in range(4))
        self.together = together

    def some(self, x: torch.Tensor, first: int) -> torch.Tensor:
        for block in self.blocks[first : first + self.together]:
            x = checkpoint(block, x, use_reentrant=self.is_reentrant)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for first in range(0, len(self.blocks), self.together):
            if self.together == 1:
                x = self.some(x, first)
            else:
                x = checkpoint(self.some, x, first, use_reentrant=self.is_reentrant)
        return self.last(x)  # type: ignore[no-any-return]


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("is_reentrant", [True, False])
@pytest.mark.parametrize("together", [1, 2, 4])
def test_a_reentrant_checkpoint_holds_its_results_while_gradients_go_through_it(
    together: int, is_reentrant: bool
) -> None:
    model, x = _Levels(together, is_reentrant), torch.rand(4096, 16)
    at = convsym.analyze(model, "N 16").at(N=4096)
    # What is left is the state of the random numbers, which each checkpoint keeps.
    assert at.training_peak_bytes == pytest.approx(training_peak(model, x), rel=0.01)
