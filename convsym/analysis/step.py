"""What a step of training costs, and the memory of a forward in inference, as formulas of an analysis."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from convsym.analysis.optimizers import Optimizer, state_bytes
from convsym.sizes.arithmetic import Size, add
from convsym.sizes.condition import Condition

if TYPE_CHECKING:
    from convsym.analysis.result import Case


class TrainingStep:
    """The costs of an analysis beyond those of its forward pass.

    Gradients are computed for the parameters that require one, and none for the inputs.
    """

    if TYPE_CHECKING:

        @property
        def cases(self) -> tuple[Case, ...]: ...

        def _over_cases(self, quantity: Callable[[Case], Size]) -> Size: ...

        def _largest_over_cases(self, quantity: Callable[[Case], Size]) -> Size: ...

    @cached_property
    def backward_flops(self) -> Size:
        """Floating-point operations of one backward pass, counted as `flops` are."""
        return self._over_cases(lambda c: c.overall.training.flops)

    @cached_property
    def uncounted_backward(self) -> tuple[str, ...]:
        """Operations with gradients whose FLOPs are not known; with any, `backward_flops` is a lower bound."""
        return tuple(sorted({op for case in self.cases for op in case.training.uncounted}))

    @cached_property
    def saved_bytes(self) -> Size:
        """Bytes that autograd keeps for the backward pass, in the mode (train or eval) that the model is in.

        The distinct memory that torch.autograd.graph.saved_tensors_hooks sees on the CPU, parameters and buffers left
        out; attention keeps what its fused kernel keeps where torch takes that one. The formula takes axes to have
        more than one element where that decides between a view and a copy; `at(...)` knows where they have not.
        """
        return self._over_cases(lambda c: c.overall.training.saved_bytes)

    @cached_property
    def unsaved(self) -> tuple[str, ...]:
        """Operations of which is not known what autograd keeps; with any, `saved_bytes` is a lower bound."""
        return tuple(sorted({op for case in self.cases for op in case.training.unknown}))

    @cached_property
    def uneven(self) -> tuple[str, ...]:
        """Modules that go several ways, after which no one formula says what memory is kept.

        They are followed as one, and each way is counted; but where a result lies in memory otherwise on one of them
        (padded and cut again, say, so that a later view is a copy), `saved_bytes` and the peaks after it are formulas of
        the general way. With any, they may be off a little; `at(...)` follows the way of its size, and is not.
        """
        return tuple(sorted({path for case in self.cases for path in case.overall.training.uneven}))

    @cached_property
    def memory_exceptions(self) -> tuple[Condition, ...]:
        """Sizes at which `saved_bytes` and the peaks, as formulas, may be off; `at(...)` is exact there as elsewhere.

        Along an axis of one element a view may do for what is a copy at other sizes, and convolutions of a single small
        image make no copies.

        >>> import convsym, torch
        >>> convsym.analyze(torch.nn.Conv2d(3, 16, 3, padding=1), "N 3 H W").memory_exceptions
        (N == 1 and H*N*W <= 6826,)
        """
        return tuple(dict.fromkeys(condition for case in self.cases for condition in case.memory_exceptions))

    @cached_property
    def gradient_bytes(self) -> Size:
        """Bytes of the gradients of the parameters, of those that the forward reads and a backward pass reaches."""
        return self._over_cases(lambda c: c.overall.training.gradient_bytes)

    def optimizer_bytes(self, optimizer: str | Optimizer, master_weights: bool = False) -> Size:
        """Bytes that an optimiser of torch.optim keeps between two steps: its state, as `optimizer.state` holds it.

        With `master_weights`, parameters in half precision have float32 copies, which the optimiser works on; these
        are counted too. Raises ValueError, with the names there are, when `optimizer` is none of them.

        >>> import convsym, torch
        >>> convsym.analyze(torch.nn.Linear(16, 4), "N 16").optimizer_bytes("adam")
        552
        """
        return self._over_cases(
            lambda c: c.overall.training.sum_over_graded(
                lambda tensors: state_bytes(optimizer, tensors, master_weights)
            )
        )

    @cached_property
    def peak_bytes(self) -> Size:
        """The most memory alive at once in inference: parameters, buffers, inputs, and what has been computed.

        A result lives as long as a variable of the model's code holds it, as it does in eager torch. The formula takes
        oneDNN to compute every convolution whose sizes are open; torch computes a single image of at most 20480 elements
        itself, and `at(...)` knows that.
        """
        return self._largest_over_cases(lambda c: c.overall.peak)

    @cached_property
    def training_peak_bytes(self) -> Size:
        """The most memory alive at once in a step of training: both passes, gradients, no state of an optimiser."""
        return self._largest_over_cases(lambda c: c.overall.training_peak)

    def training_bytes(self, optimizer: str | Optimizer, master_weights: bool = False) -> Size:
        """The most memory alive at once in a step of training with an optimiser: `training_peak_bytes` and its state.

        The optimiser's own step, which comes when activations are gone, makes at most three copies of the largest
        parameter in torch's plain form, that of the CPU, and at most two of all of them, and of a part of a third, where it
        takes all at once (`foreach`, what torch chooses on a GPU; none where `fused`). So it can take more than is
        stated only where activations take less than these copies.
        """
        return add(self.training_peak_bytes, self.optimizer_bytes(optimizer, master_weights))
