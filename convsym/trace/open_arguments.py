"""Models whose constructor arguments are left open: `lambda c: UNet(base=c)`.

The constructor runs as a forward does, under the tracer and once for each way, so that its questions about `c` split
the sizes: a layer that wants its groups to divide its channels says for which `c` it can be made. Layers keep `c` in
their attributes, and their parameters have shapes in `c`.
"""

from __future__ import annotations

import inspect
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from convsym.ops.catalogue import Catalogue
from convsym.sizes.arithmetic import symbol
from convsym.sizes.condition import TRUE, Condition
from convsym.sizes.domain import Domain
from convsym.sizes.spelling import names_in
from convsym.trace.building import recorded_definitions, without_weights
from convsym.trace.errors import BadInput, EndlessQuestions
from convsym.trace.numbers import integer
from convsym.trace.outside import routed
from convsym.trace.patches import patched
from convsym.trace.paths import Answers, Path
from convsym.trace.shadows import shadowed
from convsym.trace.tracer import Tracer

_MOST_PATHS = 64


@dataclass(frozen=True)
class Recipe:
    """How a model is made from sizes: a function, the names of its arguments, which are the sizes' names, and the
    globals of the code that it runs."""

    build: Callable[..., Any]
    names: tuple[str, ...]
    namespaces: tuple[dict[str, Any], ...]

    @staticmethod
    def of(build: Callable[..., nn.Module]) -> Recipe:
        """The recipe of a function such as `lambda c: UNet(base=c)`: arguments without a default are left open.

        Raises BadInput where it has no argument to leave open.
        """
        try:
            parameters = inspect.signature(build).parameters.values()
        except (TypeError, ValueError):
            parameters = {}.values()
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        names = tuple(p.name for p in parameters if p.kind in kinds and p.default is inspect.Parameter.empty)
        if not names or not inspect.isfunction(build):
            raise BadInput("expected an nn.Module, or a function of sizes that makes one, as in lambda c: UNet(base=c)")
        seen = inspect.getclosurevars(build)
        return Recipe(
            build, names, namespaces_of(build.__globals__, (*seen.globals.values(), *seen.nonlocals.values()))
        )

    def in_mode(self, train: bool) -> Recipe:
        """The same model in training or evaluation mode."""
        return replace(self, build=lambda **sizes: self.build(**sizes).train(train))

    def at(self, sizes: Mapping[str, int]) -> nn.Module:
        """The model of these sizes, without weights."""
        with without_weights():
            return _checked(self.build(**{name: sizes[name] for name in self.names}))

    def followed(self, catalogue: Catalogue, path: Path) -> nn.Module:
        """The model of open sizes along one path. Raises what the constructor raises."""
        tracer = _Constructing(catalogue, path, {}, {}, torch.device("cpu"))
        with (
            warnings.catch_warnings(),
            recorded_definitions(),
            shadowed(self.namespaces),
            routed(catalogue.outside),
            patched(tracer),
            _uninitialised(),
        ):
            warnings.simplefilter("ignore")
            return _checked(self.build(**{name: integer(symbol(name)) for name in self.names}))

    def example(self, catalogue: Catalogue, assumed: Condition = TRUE) -> nn.Module:
        """The model of open sizes along the first path on which it can be made, where a condition on sizes holds.

        Raises BadInput with what the constructor raised where there is none near.
        """
        pending: list[Answers] = [()]
        domain = Domain.positive((*self.names, *names_in(assumed))).assume(assumed)
        why = "its constructor asks without end"
        for _ in range(_MOST_PATHS):
            if not pending:
                break
            path = Path(domain, pending.pop())
            try:
                return self.followed(catalogue, path)
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
            except EndlessQuestions:
                pass
            pending += path.open
        raise BadInput(f"the model cannot be made for any sizes: {why}")


def _checked(model: Any) -> nn.Module:
    if not isinstance(model, nn.Module):
        raise BadInput(f"expected a function that makes an nn.Module, but it makes {type(model).__name__}")
    return model


def namespaces_of(own: dict[str, Any], values: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """Some globals, those of the packages whose code these values and all that they use come from, and those of torch
    that ask for plain ints or compute with them."""
    found = [vars(nn.init), vars(nn.modules.rnn), own]
    waiting = [*own.values(), *values]
    known: set[str] = set()
    while waiting:
        modules = {name for value in waiting for name in _modules_of(value)}
        packages = {name.partition(".")[0] for name in modules} - known
        known |= packages
        loaded = [(n, m) for n, m in list(sys.modules.items()) if m is not None and n.partition(".")[0] in packages]
        # What has never heard of torch makes no layers.
        layered = {name.partition(".")[0] for name, module in loaded if _knows_torch(vars(module))}
        reached = [vars(module) for name, module in loaded if name.partition(".")[0] in layered]
        found += reached
        waiting = [value for namespace in reached for value in list(namespace.values())]
    return tuple({id(namespace): namespace for namespace in found}.values())


_OTHERS = {"", "torch", "convsym", *sys.stdlib_module_names}


def _modules_of(value: Any) -> set[str]:
    if isinstance(value, types.ModuleType):
        names = {value.__name__}
    else:
        kinds = value.__mro__ if isinstance(value, type) else (value,)
        names = {name for kind in kinds if isinstance(name := getattr(kind, "__module__", None), str)}
    return {name for name in names if name.partition(".")[0] not in _OTHERS}


def _knows_torch(namespace: Mapping[str, Any]) -> bool:
    return any(value is torch or value is nn for value in list(namespace.values()))


@contextmanager
def _uninitialised() -> Iterator[None]:
    """Inside, torch's initialisers write nothing: some would draw until every value is inside their bounds."""
    originals = {name: value for name, value in vars(nn.init).items() if name.startswith("_no_grad_")}
    try:
        for name in originals:
            setattr(nn.init, name, lambda tensor, *args, **kwargs: tensor)
        yield
    finally:
        for name, value in originals.items():
            setattr(nn.init, name, value)


class _Constructing(Tracer):
    """Runs constructors: the values that parameters begin with do not matter."""

    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else kwargs["tensor"]
        return super().call(func, args, kwargs)
