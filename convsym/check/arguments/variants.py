"""The calls to be tried for a class or function that cannot be called without arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convsym.check.arguments.kinds import of_annotation, of_configuration
from convsym.check.arguments.meanings import CLASSES, meant
from convsym.check.arguments.written import Written, written
from convsym.check.discovery import Contents, Maker
from convsym.trace.absent import reason

#: Each takes a check of its own.
MOST = 6


@dataclass(frozen=True, slots=True)
class Variant:
    """A call that makes a model, as an expression, and those of its arguments that nobody has written so."""

    entry: str
    assumed: tuple[str, ...] = ()


def variants(maker: Maker, contents: Contents) -> tuple[Variant, ...]:
    """The calls to be tried, likeliest first; none where some argument cannot be had."""
    try:
        parameters = inspect.signature(maker.value).parameters
    except (TypeError, ValueError):
        return ()
    needs = tuple(parameters[name] for name in maker.needs)
    guesses = _guesses(needs, maker, contents)
    found: list[Variant] = []
    known = {n for n, value in contents.namespace.items() if reason(value) is None} | {"torch", "nn"}
    for call in contents.calls.get(maker.name, ()):
        arguments = written(call, tuple(parameters.values()), known)
        if arguments is not None:
            found += _completed(maker.name, needs, arguments, guesses)
    found.sort(key=lambda variant: len(variant.assumed))
    found += _completed(maker.name, needs, Written({}, {}), guesses)
    return tuple({variant.entry: variant for variant in found}.values())[:MOST]


def _guesses(needs: Sequence[inspect.Parameter], maker: Maker, contents: Contents) -> dict[str, tuple[str, ...]]:
    """What each parameter may be, where something says so."""
    blocks = [n for n, m in contents.makers.items() if m.kind == "class" and n != maker.name and CLASSES.search(n)]
    names = {p.name for p in needs}
    found = {}
    for parameter in needs:
        values = (
            of_annotation(parameter.annotation, contents.namespace)
            or of_configuration(parameter.name, contents.namespace)
            or meant(parameter.name, str(parameter.annotation), blocks, names)
        )
        if not values and (same := contents.namespace.get(parameter.name)) is not None and reason(same) is None:
            # The file has a value of that name, such as its parsed arguments.
            values = (parameter.name,)
        if values:
            found[parameter.name] = values
    return found


def _completed(
    name: str, needs: Sequence[inspect.Parameter], call: Written, guesses: Mapping[str, tuple[str, ...]]
) -> list[Variant]:
    """A written call with what it leaves open filled in; nothing where that cannot be had."""
    left = [p.name for p in needs if p.name not in call.placed and p.name not in call.named]
    if not all(n in guesses for n in left):
        return []
    placed_only = {p.name for p in needs if p.kind is p.POSITIONAL_ONLY}
    made = []
    for choice in range(max((len(guesses[n]) for n in left), default=1)):
        assumed = {n: guesses[n][choice % len(guesses[n])] for n in left}
        known = {**call.placed, **call.named, **assumed}
        texts = [v if n in placed_only else f"{n}={v}" for n, v in known.items()]
        if not left:
            texts = [*call.placed.values(), *(f"{n}={v}" for n, v in call.named.items())]
        made.append(Variant(f"{name}({', '.join(texts)})", tuple(f"{n}={v}" for n, v in assumed.items())))
    return list(dict.fromkeys(made))
