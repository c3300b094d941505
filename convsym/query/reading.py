"""Expressions of a question as sizes, shapes and conditions of one case."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeVar

from convsym.graph.tensor import Tensor
from convsym.query.question import QuestionError
from convsym.query.scope import Module, Scope
from convsym.sizes.condition import FALSE, TRUE, Condition, all_of, eq, negate
from convsym.sizes.ratio import Real
from convsym.sizes.spelling import COMPARISONS, Reader, SpellingError, read_with


class Reading(Reader):
    """Reads an expression whose names are those of a scope."""

    def __init__(self, spelled: str, scope: Scope) -> None:
        super().__init__(spelled)
        self._scope = scope

    def condition(self, node: ast.expr) -> Condition:
        """The condition that an expression is; several with commas between them hold together."""
        if isinstance(node, ast.Tuple):
            if all(isinstance(entry, ast.Constant) for entry in node.elts):
                return self._of_input(node)
            return all_of(*map(self.condition, node.elts))
        return super().condition(node)

    def _of_input(self, node: ast.Tuple) -> Condition:
        """``224x224``: the last sizes of the input."""
        same = _same_shape(self._scope.named("input"), self.thing(node))
        if same is None:
            raise self.error(node, "is no condition: there are several inputs, so name one, as in input[0] = 224x224,")
        return same

    def comparison(self, left: ast.expr, relation: ast.cmpop, right: ast.expr) -> Condition:
        """The condition that one comparison is; shapes are equal where they are in every axis."""
        if isinstance(relation, (ast.Eq, ast.NotEq)):
            sides = [self.thing(side) for side in (left, right)]
            if any(isinstance(side, (tuple, list, Tensor)) for side in sides):
                same = _same_shape(*sides)
                if same is None:
                    raise self.error(left, "is a shape, and is compared with what is none,")
                return same if isinstance(relation, ast.Eq) else negate(same)
        return super().comparison(left, relation, right)

    def thing(self, node: ast.expr) -> Any:
        """What an expression stands for: a number, a shape, a tensor, a module, or several of them."""
        if isinstance(node, ast.Name):
            return self._scope.named(node.id)
        if isinstance(node, ast.Attribute):
            return self._scope.part(self.thing(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            return self._scope.item(self.thing(node.value), self._index(node.slice))
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(map(self.real, node.elts))
        return self.real(node)

    def name(self, node: ast.Name) -> Real:
        return self._number(node)

    def other(self, node: ast.expr) -> Real:
        if not isinstance(node, (ast.Attribute, ast.Subscript)):
            return super().other(node)
        return self._number(node)

    def _number(self, node: ast.expr) -> Real:
        found = self.thing(node)
        if isinstance(found, (Tensor, Module, tuple, list, dict)):
            kind = "tensor" if isinstance(found, Tensor) else "module" if isinstance(found, Module) else "shape"
            hint = {"tensor": ".shape or .H", "module": ".output.shape or .flops", "shape": "[2]"}[kind]
            raise self.error(node, f"is a {kind}, where a number is needed (try {ast.unparse(node)}{hint.split()[0]})")
        return found

    def _index(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            ends = (node.lower, node.upper, node.step)
            return slice(*(None if end is None else self._index(end) for end in ends))
        try:
            found = ast.literal_eval(node)
        except ValueError:
            found = None
        if not isinstance(found, (int, str)):
            raise self.error(node, "is no index")
        return found


def _same_shape(left: Any, right: Any) -> Condition | None:
    """Where two shapes are equal; a tensor with a shorter tuple of sizes is compared along its last axes."""
    loose = isinstance(left, Tensor) != isinstance(right, Tensor)
    shapes = [side.shape if isinstance(side, Tensor) else side for side in (left, right)]
    if not all(isinstance(shape, (tuple, list)) for shape in shapes):
        return None
    if loose and len(shapes[0]) != len(shapes[1]):
        shortest = min(map(len, shapes))
        if shortest == len(shapes[isinstance(left, Tensor)]):
            shapes = [shape[len(shape) - shortest :] for shape in shapes]
    if len(shapes[0]) != len(shapes[1]):
        return FALSE
    return all_of(*(eq(a, b) for a, b in zip(*shapes, strict=True)))


def condition_in(scope: Scope, spelled: str) -> Condition:
    """The condition that is written, TRUE for nothing.

    Raises QuestionError when it is none, or speaks of what is not there.
    """
    if not spelled:
        return TRUE
    return _reading(spelled, scope, lambda reading, node: reading.condition(node))


def value_in(scope: Scope, spelled: str) -> Any:
    """The number or shape that is written, or the condition where it is a claim.

    Raises QuestionError when it is neither, or speaks of what is not there.
    """

    def read(reading: Reading, node: ast.expr) -> Any:
        if is_claim(node):
            return reading.condition(node)
        found = reading.thing(node)
        if isinstance(found, Tensor):
            return found.shape
        if isinstance(found, Module):
            raise QuestionError(f"{spelled!r} is a module; ask for {spelled}.output.shape, {spelled}.flops or the like")
        return found

    return _reading(spelled, scope, read)


def sides_in(scope: Scope, spelled: str) -> tuple[Any, Any] | None:
    """The two sides of a claim that is one comparison; None for any other."""

    def read(reading: Reading, node: ast.expr) -> tuple[Any, Any] | None:
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS):
            return None
        left, right = (reading.thing(side) for side in (node.left, node.comparators[0]))
        return _plain(left), _plain(right)

    return _reading(spelled, scope, read)


def _plain(side: Any) -> Any:
    return side.shape if isinstance(side, Tensor) else side


def is_claim(node: ast.expr) -> bool:
    """Whether an expression is true or false, and no number."""
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negated or isinstance(node, (ast.Compare, ast.BoolOp))


HINT = (
    'ask for a value ("flops at N=1, H=W=224"), for sizes ("largest N with H=W=512 and memory at most 16 GiB", '
    '"all H where output.H = 7"), whether it "runs at H=W=100", or make a claim ("output.H == input.H")'
)

_Found = TypeVar("_Found")


def _reading(spelled: str, scope: Scope, read: Callable[[Reading, ast.expr], _Found]) -> _Found:
    try:
        return read_with(Reading(spelled, scope), read)
    except QuestionError:
        raise
    except SpellingError as error:
        hint = f"; {HINT}" if "does not read" in str(error) else ""
        raise QuestionError(f"{error}{hint}") from None
