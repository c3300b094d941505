"""Runs one of torch's meta kernels with symbols for the sizes that are not known, and reads what it says."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy
import torch
from torch._dispatch.python import enable_python_dispatcher
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)
from torch.fx.experimental.symbolic_shapes import DimDynamic, GuardOnDataDependentSymNode, ShapeEnv
from torch.utils._sympy.value_ranges import ValueRanges
from torch.utils.flop_counter import FlopCounterMode

from convsym.graph.tensor import Tensor
from convsym.ops.strides import normal
from convsym.sizes.arithmetic import Size
from convsym.sizes.condition import Condition, all_of, free_symbols, ge
from convsym.sizes.evaluate import evaluate
from convsym.sizes.ratio import Real, is_real
from convsym.trace.errors import Unsupported
from convsym.trace.translation import Translation, Untranslatable

_MOST_KNOWN_ELEMENTS = 1 << 10
_UNDECIDED = (DataDependentOutputException, DynamicOutputShapeException, GuardOnDataDependentSymNode)
_WITHOUT_KERNEL = (UnsupportedOperatorException, UnsupportedFakeTensorException, NotImplementedError)
# A custom operator without one raises a plain RuntimeError that says so.
_WITHOUT_FAKE = "no fake impl registered"


@dataclass(frozen=True)
class Question:
    """A call of a torch function: sizes are symbolic, tensors are graph tensors."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def name(self) -> str:
        """How the function is called in messages."""
        packet = getattr(self.func, "overloadpacket", self.func)
        shown = str(packet) if isinstance(packet, torch._ops.OpOverloadPacket) else getattr(packet, "__name__", None)
        return shown or str(packet)

    @cached_property
    def symbols(self) -> frozenset[sympy.Symbol]:
        """The symbols in all sizes of the call."""
        return frozenset(_symbols((self.args, self.kwargs)))


@dataclass(frozen=True)
class Answer:
    """What a meta kernel says, for all sizes that meet `condition`.

    `output` has graph tensors and sizes in the structure that torch returned, or `refusal` is what it raised.
    `pinned` are the sizes that the kernel could only take as numbers; `drawn` says whether the output has sizes that
    depend on the data.
    """

    condition: Condition
    output: Any = None
    flops: Size = 0
    fresh: bool = True
    refusal: Exception | None = None
    pinned: tuple[Size, ...] = ()
    drawn: bool = False


def ask(
    question: Question,
    sample: dict[str, int],
    least: Callable[[Size], int | None],
    draw: Callable[[int], Size],
) -> Answer:
    """Run the kernel along the way that it takes at a sample of sizes.

    `least` gives the least value of a size, and `draw` makes a size that depends on the data, of at least so much.
    Raises Unsupported where torch cannot tell without running the operation.
    """
    with _alone():
        run = _Run(sample, least)
        arguments = run.given((question.args, question.kwargs))
        start = len(run.env.guards)
        counter = FlopCounterMode(display=False)
        output: Any = None
        refusal: Exception | None = None
        try:
            with torch.no_grad(), enable_python_dispatcher(), run.mode, counter:
                output = question.func(*arguments[0], **arguments[1])
        except _UNDECIDED as error:
            raise Unsupported(f"the result of {question.name} has a shape that depends on the data") from error
        except Exception as error:
            if isinstance(error, _WITHOUT_KERNEL) or _WITHOUT_FAKE in str(error):
                raise Unsupported(
                    f"{question.name} has no meta kernel, so the shape of its output is not known; "
                    "torch.library.register_fake gives one to an operator of your own"
                ) from error
            refusal = error
        try:
            condition = run.condition(start)
            if refusal is None:
                return run.answer(condition, output, counter.get_total_flops(), draw)
        except Untranslatable as error:
            raise Unsupported(f"what torch says of {question.name} is no relation of sizes: {error}") from error
        if not _refuses(question, sample):
            raise Unsupported(f"torch's meta kernel of {question.name} does not take symbolic sizes") from refusal
        return Answer(condition, refusal=refusal)


class _Run:
    """One run: the symbols that stand for sizes, and how to read them back."""

    def __init__(self, sample: dict[str, int], least: Callable[[Size], int | None]) -> None:
        self.env = ShapeEnv(
            specialize_zero_one=False,
            duck_shape=False,
            allow_scalar_outputs=True,
            allow_dynamic_output_shape_ops=True,
        )
        self.mode = FakeTensorMode(shape_env=self.env)
        self.sample = sample
        self.least = least
        self.numbers: dict[Real, Any] = {}
        self.symbols: dict[sympy.Symbol, Real] = {}
        self.ranges: list[Condition] = []
        self.inputs: list[torch.Tensor] = []

    def given(self, value: Any) -> Any:
        """An argument as the kernel takes it."""
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, (tuple, list)):
            items = [self.given(v) for v in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, dict):
            return {k: self.given(v) for k, v in value.items()}
        if isinstance(value, slice):
            return slice(*map(self.given, (value.start, value.stop, value.step)))
        if isinstance(value, sympy.Basic):
            return self._number(value)
        return value

    def _number(self, size: Any) -> Any:
        if isinstance(size, int):
            return size
        known = self.numbers.get(size)
        if known is not None:
            return known
        hint: Any = evaluate(size, self.sample)
        source = ConstantSource(f"size{len(self.numbers)}")
        if is_real(size):
            made = self.env.create_unspecified_symbol(float(hint), source, DimDynamic.DYNAMIC)
            number: Any = self.env.create_symfloatnode(made, hint=float(hint), source=source)
        else:
            least = self.least(size)
            positive = True if least is not None and least > 0 else None
            made = self.env.create_symbol(
                hint, source, DimDynamic.DYNAMIC, None, positive=positive, do_not_specialize_zero_one=True
            )
            if least is not None:
                self.ranges.append(ge(size, least))
                known_range = self.env.var_to_range[made]
                self.env.var_to_range[made] = ValueRanges(sympy.Integer(least), known_range.upper)
            number = self.env.create_symintnode(made, hint=hint, source=source)
        self.symbols[made] = size
        self.numbers[size] = number
        return number

    def _tensor(self, tensor: Tensor) -> torch.Tensor:
        shape = [self._number(s) for s in tensor.shape]
        data = tensor.data
        with self.mode:
            if isinstance(data, torch.Tensor) and data.numel() <= _MOST_KNOWN_ELEMENTS:
                made = torch.tensor(_elements(data), dtype=tensor.dtype).reshape(shape)
            elif tensor.strides is None:
                made = torch.empty(shape, dtype=tensor.dtype)
            else:
                made = torch.empty_strided(shape, [self._number(s) for s in tensor.strides], dtype=tensor.dtype)
        self.inputs.append(made)
        return made

    def condition(self, start: int) -> Condition:
        """Where the kernel goes the way that it went."""
        read = Translation(self.symbols)
        return all_of(*self.ranges, *(read.condition(guard.expr) for guard in self.env.guards[start:]))

    def answer(self, condition: Condition, output: Any, flops: Any, draw: Callable[[int], Size]) -> Answer:
        symbols = dict(self.symbols)
        drawn = False

        def size(value: Any) -> Any:
            nonlocal drawn
            if not isinstance(value, (torch.SymInt, torch.SymFloat)):
                return value
            expr = value.node.expr
            for symbol in sorted(expr.free_symbols - symbols.keys(), key=str):
                bound = self.env.var_to_range[symbol].lower
                symbols[symbol] = draw(int(bound) if bound.is_Integer and bound > 0 else 0)
                drawn = True
            read = Translation(symbols)
            return read.size(expr) if isinstance(value, torch.SymInt) else read.real(expr)

        def leaf(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                shape = tuple(map(size, value.shape))
                return Tensor(shape, value.dtype, normal(shape, tuple(map(size, value.stride()))))
            if isinstance(value, (tuple, list)) and not isinstance(value, torch.Size):
                parts = [leaf(v) for v in value]
                return parts if type(value) is list else tuple(parts) if type(value) is tuple else type(value)(parts)
            if isinstance(value, torch.SymBool):
                raise Untranslatable("its result is a truth value that depends on sizes")
            return tuple(map(size, value)) if isinstance(value, torch.Size) else size(value)

        said = leaf(output)
        stay = {t.untyped_storage()._cdata for t in self.inputs}
        fresh = not any(t.untyped_storage()._cdata in stay for t in _tensors(output))
        replaced = self.env.replacements
        pinned = tuple(s for n, s in self.symbols.items() if n in replaced and replaced[n].is_number)
        return Answer(condition, said, size(flops), fresh, None, pinned, drawn)


def _symbols(value: Any) -> Iterator[sympy.Symbol]:
    if isinstance(value, sympy.Basic):
        yield from free_symbols(value)
    elif isinstance(value, Tensor):
        yield from _symbols((value.shape, value.strides))
    elif isinstance(value, dict):
        yield from _symbols(tuple(value.values()))
    elif isinstance(value, slice):
        yield from _symbols((value.start, value.stop, value.step))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _symbols(part)


def _elements(data: torch.Tensor) -> Any:
    with torch._C.DisableTorchFunction():
        return data.tolist()


def _tensors(output: Any) -> Iterator[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        yield output
    elif isinstance(output, (tuple, list)):
        for part in output:
            yield from _tensors(part)


def _refuses(question: Question, sample: dict[str, int]) -> bool:
    """Whether the kernel refuses the plain numbers too, so that the refusal is none of symbols."""
    mode = FakeTensorMode()

    def given(value: Any) -> Any:
        if isinstance(value, Tensor):
            shape = [evaluate(s, sample) for s in value.shape]
            with mode:
                if value.strides is None:
                    return torch.empty(shape, dtype=value.dtype)
                return torch.empty_strided(shape, [evaluate(s, sample) for s in value.strides], dtype=value.dtype)
        if isinstance(value, (tuple, list)):
            items = [given(v) for v in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, slice):
            return slice(*map(given, (value.start, value.stop, value.step)))
        if isinstance(value, dict):
            return {k: given(v) for k, v in value.items()}
        return evaluate(value, sample) if isinstance(value, sympy.Expr) else value

    try:
        args, kwargs = given((question.args, question.kwargs))
        with torch.no_grad(), enable_python_dispatcher(), mode:
            question.func(*args, **kwargs)
    except Exception:
        return True
    return False


@contextmanager
def _alone() -> Iterator[None]:
    """No function mode sees what the kernel calls, and torch does not log what the kernel raises."""
    modes = []
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    silent = logger.disabled
    while torch._C._len_torch_function_stack():
        modes.append(torch._C._pop_torch_function_stack())
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = silent
        for mode in reversed(modes):
            torch._C._push_on_torch_function_stack(mode)
