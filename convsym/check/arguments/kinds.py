"""What the annotation of a parameter says of its values, and configurations that have defaults for all they hold."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from torch import nn

from convsym.trace.absent import reason
from convsym.trace.loading import required_arguments

_CONFIGURATION = re.compile(r"(model_?|net(work)?_?)?(config(uration)?|cfg|args|opts?|options|hparams|hps?|params)")
_CONFIGURES = re.compile(r"(config(uration)?|cfg|args|arguments|options|opts?|hparams|params)$", re.IGNORECASE)


def of_annotation(annotation: Any, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """The values that an annotation allows, as source; none where it leaves too many.

    >>> of_annotation(bool, {})
    ('False', 'True')
    >>> of_annotation(typing.Literal["max", "avg"], {})
    ("'max'", "'avg'")
    """
    resolved = _resolved(annotation, namespace)
    if resolved is bool:
        return "False", "True"
    origin, arguments = typing.get_origin(resolved), typing.get_args(resolved)
    if origin is typing.Literal:
        return tuple(map(repr, arguments[:3]))
    if origin in (typing.Union, types.UnionType) and type(None) in arguments:
        return ("None",)
    if isinstance(resolved, type) and _is_configuration(resolved):
        name = next((n for n, value in namespace.items() if value is resolved), None)
        return (f"{name}()",) if name is not None else ()
    return ()


def of_configuration(parameter: str, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """The one configuration class of a file that has defaults for all it holds, for a parameter of such a name."""
    if not _CONFIGURATION.fullmatch(parameter.lower()):
        return ()
    own = namespace.get("__name__")
    found = [
        name
        for name, value in namespace.items()
        if _CONFIGURES.search(name) and reason(value) is None and isinstance(value, type)
        if value.__module__ == own and _is_configuration(value)
    ]
    return (f"{found[0]}()",) if len(found) == 1 else ()


def _is_configuration(value: type) -> bool:
    """Whether a class holds settings, all of which have defaults."""
    if issubclass(value, nn.Module) or value.__module__ == "builtins":
        return False
    if not (dataclasses.is_dataclass(value) or _CONFIGURES.search(value.__name__)):
        return False
    return not inspect.isabstract(value) and not required_arguments(value)


def _resolved(annotation: Any, namespace: Mapping[str, Any]) -> Any:
    """What an annotation stands for where it is written as a string."""
    if not isinstance(annotation, str):
        return annotation
    try:
        value = eval(annotation, {**typing.__dict__, **namespace})
    except Exception:
        return None
    return None if reason(value) is not None else value
