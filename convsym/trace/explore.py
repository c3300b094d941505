"""Traces a forward along every way that its shape-dependent branches can go."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.utils import _pytree as pytree

from convsym.graph.call import Call, LayerCall
from convsym.graph.joint import Joint
from convsym.graph.place import Place
from convsym.graph.tensor import Tensor
from convsym.ops.catalogue import Catalogue
from convsym.sizes.condition import all_of, eq
from convsym.sizes.domain import Domain
from convsym.trace.autocast import Region, inside
from convsym.trace.building import definition_of
from convsym.trace.caches import forget
from convsym.trace.cascades import independent
from convsym.trace.errors import EndlessQuestions, Unsupported, said_by
from convsym.trace.frames import place_of, raised_by_convsym
from convsym.trace.numbers import SymbolicFloat, SymbolicInt
from convsym.trace.open_arguments import Recipe
from convsym.trace.outside import routed
from convsym.trace.patches import patched
from convsym.trace.paths import Answers, Finding, Path, Pin, common_sizes, usual_sizes
from convsym.trace.restore import restored
from convsym.trace.shadows import modules_of, shadowed
from convsym.trace.tensors import SymbolicTensor
from convsym.trace.tracer import Tracer

MOST_WAYS = 64
MOST_SECONDS = 10.0  # of processor time, so that a busy machine gives the same answers
MOST_TRIED = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """An exception that a forward raised: for the sizes of its way, the model does not run.

    One that is `of_symbols` was raised because sizes were symbolic, and says nothing of them as numbers.
    """

    error: str
    message: str
    place: Place | None
    path: str
    supported: bool
    of_symbols: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A real tensor that a forward read, such as a parameter, and what stood for it."""

    value: torch.Tensor
    spec: Tensor


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a forward, and what was recorded on it."""

    domain: Domain
    calls: tuple[Call, ...]
    layers: tuple[LayerCall, ...]
    output: Any
    inputs: tuple[Tensor, ...]
    findings: tuple[Finding, ...]
    refusal: Refusal | None
    pins: tuple[Pin, ...]
    unexplored: tuple[Domain, ...]
    unknowns: tuple[tuple[Any, Place | None], ...]
    held: tuple[Held, ...] = ()
    rewritten: tuple[Held, ...] = ()
    complete: bool = True
    joined: bool = False
    joints: tuple[Joint, ...] = ()
    model: nn.Module | None = None
    freed: Mapping[Tensor, int] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether the model runs for the sizes of this way."""
        return self.complete and self.refusal is None and not self.findings


@dataclass(frozen=True)
class Subject:
    """A model, or how it is made from sizes, and what is known of it before any run.

    `autocast` is the region that its forward runs in.
    """

    model: nn.Module | Recipe
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    names: Mapping[int, str]
    definitions: Mapping[int, Place]
    device: torch.device
    catalogue: Catalogue
    autocast: Region | None = None

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that the forward is called with."""
        return tuple(t for t in pytree.tree_leaves((self.args, dict(self.kwargs))) if isinstance(t, Tensor))


def explore(subject: Subject, domain: Domain, most_ways: int = MOST_WAYS) -> tuple[list[Way], list[Domain]]:
    """Every way through the forward for the sizes of a domain, and what was left unexplored at the limit."""
    pending: list[Answers] = [()]
    ways: list[Way] = []
    left: list[Domain] = []
    deadline = time.process_time() + MOST_SECONDS
    while pending:
        path = Path(domain, pending.pop())
        way = run(subject, path)
        ways.append(way)
        left.extend(way.unexplored)
        pending.extend(path.open)
        if pending and (len(ways) >= most_ways or time.process_time() > deadline):
            # What none of the ways covers; the whole domain is a safe answer, since a found way is asked first.
            left.append(domain)
            break
    if not any(way.runs for way in ways):
        ways.extend(_first_that_runs(subject, ways, left))
    if not any(way.runs for way in ways):
        ways = _failing_at_usual_sizes(subject, domain, ways)
    return ways, left


def _failing_at_usual_sizes(subject: Subject, domain: Domain, ways: list[Way]) -> list[Way]:
    """The ways of a model that runs for no size, with what fails at usual sizes where only odd ones got further."""
    findings = [finding for way in ways for finding in way.findings]
    refused = [way for way in ways if way.refusal is not None and not way.findings]
    if not findings or refused or not all(f.is_rare for f in findings) or next(usual_sizes(domain), None) is None:
        return ways
    way = run(subject, Path(domain, keeps_usual=True))
    usual = tuple(f for f in way.findings if not f.is_rare)
    return [replace(way, findings=usual)] if usual else ways


def _first_that_runs(subject: Subject, ways: Sequence[Way], left: Sequence[Domain]) -> list[Way]:
    """What was left unexplored, at common sizes: no model is said to fail before these were tried."""
    tried = 0
    for domain in left:
        for sizes in common_sizes(domain):
            if any(way.domain.contains(**sizes) for way in ways):
                continue
            at = domain.assume(all_of(*(eq(s, sizes[str(s)]) for s in domain.all_symbols())))
            way = run(subject, Path(at))
            if way.runs:
                return [way]
            tried += 1
            if tried == MOST_TRIED:
                return []
    return []


def run(subject: Subject, path: Path) -> Way:
    """Trace the forward once, along one path; where the model is to be made first, its constructor as well."""
    model = subject.model
    tracer = Tracer(subject.catalogue, path, subject.names, subject.definitions, subject.device)
    if isinstance(model, Recipe):
        try:
            model = model.followed(subject.catalogue, path)
        except EndlessQuestions:
            return _way(subject, path, tracer, None, None, False, None)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return _way(subject, path, tracer, None, _refusal(tracer, error), True, None)
        tracer.modules.names, tracer.modules.definitions = names_of(model), places_of(model)
        tracer.autograd.open_leaves = trained_of_open_size(model.parameters())
    refusal: Refusal | None = None
    output: Any = None
    complete = True
    with (
        warnings.catch_warnings(),
        restored(model),
        shadowed(modules_of(model)),
        routed(subject.catalogue.outside),
        patched(tracer),
    ):
        # What a forward warns of is about a real run, which this is not.
        warnings.simplefilter("ignore")
        args, kwargs = pytree.tree_map_only(
            Tensor, lambda spec: SymbolicTensor(spec, subject.device), (subject.args, dict(subject.kwargs))
        )
        try:
            with inside(subject.autocast):
                output = model(*args, **kwargs)
            output = pytree.tree_map(lambda leaf: _plain_output(tracer, leaf), output)
        except EndlessQuestions:
            complete = False
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            refusal = _refusal(tracer, error)
    way = _way(subject, path, tracer, output, refusal, complete, model)
    forget(tracer.passage.lifetimes.alive())
    return way


def names_of(model: nn.Module) -> dict[int, str]:
    """The path of every module by its identity; the first path of a shared one."""
    return {id(module): path for path, module in reversed(list(model.named_modules()))}


def places_of(model: nn.Module) -> dict[int, Place]:
    """The line that made each module, where that is known."""
    return {id(m): place for m in model.modules() if (place := definition_of(m)) is not None}


def trained_of_open_size(parameters: Iterable[nn.Parameter]) -> tuple[Tensor, ...]:
    """Those of the parameters whose sizes the constructor left open, and which require a gradient."""
    return tuple(p.spec for p in parameters if isinstance(p, SymbolicTensor) and not p.frozen)


def _way(
    subject: Subject,
    path: Path,
    tracer: Tracer,
    output: Any,
    refusal: Refusal | None,
    complete: bool,
    model: nn.Module | None,
) -> Way:
    return Way(
        domain=path.domain,
        calls=tuple(tracer.recording.calls),
        layers=tuple(tracer.recording.layers),
        output=output,
        inputs=subject.inputs,
        findings=tuple(independent(tracer.recording.findings, tracer.recording.calls)),
        refusal=refusal,
        pins=tuple(path.pins),
        unexplored=tuple(path.unexplored),
        unknowns=tuple(tracer.recording.unknowns),
        held=tuple(Held(value, spec) for value, spec in tracer.passage.lifted.values()),
        rewritten=tuple(Held(value, spec) for value, spec in tracer.passage.rewritten),
        complete=complete,
        joined=tracer.joined,
        joints=tuple(tracer.recording.joints),
        model=model,
        freed=dict(tracer.passage.lifetimes.freed),
    )


def _plain_output(tracer: Tracer, leaf: Any) -> Any:
    if isinstance(leaf, torch.Tensor):
        return tracer.passage.lift(leaf)
    if isinstance(leaf, SymbolicInt):
        return leaf.size
    return leaf.value if isinstance(leaf, SymbolicFloat) else leaf


#: How torch and Python name the numbers that only convsym hands out.
_SYMBOLS = ("SymInt", "SymFloat", "SymBool", SymbolicInt.__name__, SymbolicFloat.__name__)


def _refusal(tracer: Tracer, error: BaseException) -> Refusal:
    message = said_by(error).strip() or "no message"
    met_symbols = any(name in message for name in _SYMBOLS)
    if met_symbols:
        # No number of a real run is symbolic, so this says nothing of the model: its sizes are tried one by one.
        tracer.path.unexplored.append(tracer.path.domain)
    return Refusal(
        error=type(error).__name__,
        message=message,
        place=place_of(error),
        path=tracer.deepest,
        supported=not (met_symbols or isinstance(error, Unsupported) or raised_by_convsym(error)),
        of_symbols=met_symbols,
    )
