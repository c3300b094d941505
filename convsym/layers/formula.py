"""A textbook's formula held against a layer."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from convsym.layers.window import Window, windows_of
from convsym.layers.written import AXES, build_layer
from convsym.query.answers import Verdict
from convsym.sizes.arithmetic import symbol
from convsym.sizes.condition import eq, negate
from convsym.sizes.domain import Domain
from convsym.sizes.evaluate import evaluate
from convsym.sizes.ratio import Real
from convsym.sizes.spelling import Reader, SpellingError, read_with
from convsym.trace.errors import BadInput

#: What formulas call the arguments of a layer.
LETTERS = {
    "kernel_size": ("k", "K", "kernel", "F", "f"),
    "stride": ("s", "S"),
    "padding": ("p", "P", "pad"),
    "dilation": ("d", "D"),
    "output_padding": ("op", "o", "out_padding"),
}
#: What they call the size of the input, besides the name of its axis.
SIZES = ("n", "i", "x", "n_in", "L_in", "H_in", "W_in", "D_in", "size", "input")


def check_formula(text: str, formula: str) -> Verdict:
    """Whether a formula gives the output size of a convolution or a pooling along its first axis; if not, where it does.

    The formula may use the names of arguments or their usual letters (k, s, p, d, op), and H, W, L, D, n or i for the
    size of the input.

    >>> print(check_formula("Conv2d(3, 8, 3, stride=2)", "(H - (k - 1)) / s"))
    no: not at H=3, where it is 0.5 and 1; it holds where H % 2 == 0 and H >= 4

    Raises BadInput when the text is neither, or the formula cannot be read.
    """
    layer = build_layer(text)
    window = windows_of(layer)[0]
    name = AXES[type(layer).__name__.removeprefix("Lazy")[-2:]].split()[0]
    try:
        claimed = read_with(_Formula(formula, window, name), lambda reader, node: reader.real(node))
    except SpellingError as error:
        raise BadInput(str(error)) from None
    size = symbol(name)
    domain = Domain.positive([name]).assume(window.runs(size))
    claim = eq(claimed, window.out(size))
    asked = f"{formula} for {text}"
    counterexample = domain.smallest(negate(claim))
    if counterexample is None:
        proved = not domain.assume(negate(claim)).residue
        return Verdict(asked, True if proved else None, note="" if proved else "not proved for every size")
    right = domain.assume(claim)
    where = None if right.is_surely_empty or right.smallest() is None else right
    left, out = _at(claimed, counterexample), _at(window.out(size), counterexample)
    return Verdict(asked, False, counterexample, left, out, where)


def _at(value: Real, sizes: Mapping[str, int]) -> int | float:
    found: int | float = value if isinstance(value, (int, float)) else evaluate(value, sizes)
    return int(found) if float(found).is_integer() else found


class _Formula(Reader):
    """Reads a formula in which letters stand for the arguments of one layer."""

    def __init__(self, spelled: str, window: Window, axis: str) -> None:
        super().__init__(re.sub(r"^\s*\w+\s*(?<![=<>])=(?!=)", "", spelled).replace("⌊", "floor(").replace("⌋", ")"))
        self._axis = axis
        self._numbers = {
            letter: int(getattr(window, name)) for name, letters in LETTERS.items() for letter in (name, *letters)
        }

    def name(self, node: ast.Name) -> Real:
        if node.id == self._axis or node.id in SIZES or (node.id in ("H", "W", "L") and node.id not in self._numbers):
            return symbol(self._axis)
        if node.id in self._numbers:
            return self._numbers[node.id]
        letters = ", ".join(f"{names[0]} or {name}" for name, names in LETTERS.items())
        raise self.error(node, f"stands for nothing; there are {self._axis}, {letters}")
